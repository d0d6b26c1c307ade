"""◆ The demo shop's menu: what can be ordered, what it costs, who makes it and how long it takes.

Plain data in the words of `events/view.py`. Refuses to know places, devices or a database.
Prices are fen, `target_s` is the time a guest would wait without complaint.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from server.events.catalogue import Text
from server.events.menu import Category, Dish, Menu, ModifierChoice, ModifierGroup

WOK, COLD, DOUGH, BAR = 1, 2, 3, 4  # stations, see `menu.py`
UNROUTED = None  # no kitchen makes it; the board's bucket for unrouted things shows it


class Row(NamedTuple):
    """One line of the table below; what most dishes lack has a default."""

    id: int
    category: str
    zh: str
    en: str
    about_zh: str
    about_en: str
    price_fen: int
    station_id: int | None
    target_s: int
    picture: str
    groups: tuple[str, ...] = ()
    allergens: tuple[str, ...] = ()  # the kitchen's own words; screens translate them
    spicy: int = 0
    sold_out: bool = False


CATEGORIES = [
    Category("signature", Text("招牌", "Signature")),
    Category("cold", Text("凉菜", "Cold dishes")),
    Category("wok", Text("热菜", "From the wok")),
    Category("soup", Text("煲与汤", "Soups, pots")),
    Category("dimsum", Text("点心主食", "Dim sum, rice")),
    Category("sweet", Text("水果甜品", "Sweets")),
    Category("drink", Text("茶与饮品", "Tea, drinks")),
    Category("room", Text("客房用品", "For the room")),
]


Sign = Literal["less", "plus", "change"]


def _choice(id_: str, sign: Sign, zh: str, en: str, fen: int = 0) -> ModifierChoice:
    return ModifierChoice(id_, Text(zh, en), sign, price_fen=fen)


_NO_PEANUTS = ModifierChoice("no-peanuts", Text("免花生", "No peanuts"), "less", allergen=True)

# Only what differs from the recipe is a choice: "as the cook makes it" would be noise on a ticket.
GROUPS = {
    "heat": ModifierGroup("heat", Text("辣度", "Heat"), 0, 1, [
        _choice("heat-none", "change", "不辣", "Not spicy"),
        _choice("heat-mild", "change", "少辣", "Mild"),
        _choice("heat-hot", "change", "加辣", "Extra hot"),
    ]),
    "leave": ModifierGroup("leave", Text("忌口", "Leave out"), 0, 4, [
        _choice("no-scallion", "less", "免葱", "No scallion"),
        _choice("no-garlic", "less", "免蒜", "No garlic"),
        _choice("no-coriander", "less", "免香菜", "No coriander"),
        _choice("less-salt", "change", "少盐", "Less salt"),
    ]),
    "nuts": ModifierGroup("nuts", Text("忌口", "Leave out"), 0, 3, [
        _NO_PEANUTS,
        _choice("no-scallion", "less", "免葱", "No scallion"),
        _choice("less-salt", "change", "少盐", "Less salt"),
    ]),
    "extra": ModifierGroup("extra", Text("加料", "Add"), 0, 3, [
        _choice("plus-sprouts", "plus", "加豆芽", "Bean sprouts", 300),
        _choice("plus-egg", "plus", "加煎蛋", "Fried egg", 400),
        _choice("plus-beef", "plus", "加牛肉", "More beef", 1200),
    ]),
    "noodle": ModifierGroup("noodle", Text("面型", "Noodle"), 1, 1, [
        _choice("noodle-thin", "change", "细面", "Thin"),
        _choice("noodle-flat", "change", "韭叶", "Flat"),
        _choice("noodle-wide", "change", "宽面", "Wide"),
    ]),
    "temperature": ModifierGroup("temperature", Text("温度", "Served"), 1, 1, [
        _choice("iced", "change", "冰", "Iced"),
        _choice("cool", "change", "常温", "Room temperature"),
        _choice("warm", "change", "热", "Hot"),
    ]),
    "sugar": ModifierGroup("sugar", Text("糖度", "Sugar"), 0, 1, [
        _choice("sugar-half", "change", "半糖", "Half sugar"),
        _choice("sugar-none", "less", "免糖", "No sugar"),
    ]),
}  # fmt: skip

# fmt: off
ROWS = [
    Row(1, "signature", "手工水饺", "Pork dumplings", "猪肉荠菜，12 只", "Handmade, 12 pieces",
        3800, DOUGH, 720, "dumplings", ("leave",), ("麸质",)),
    Row(2, "signature", "宫保鸡丁", "Kung pao chicken", "糊辣荔枝味", "Sweet, sour, toasted chilli",
        5800, WOK, 600, "kungpao", ("heat", "nuts"), ("花生", "大豆"), spicy=2),
    Row(3, "signature", "清蒸鲈鱼", "Steamed sea bass", "姜葱豉油，约 600 克",
        "Ginger, scallion, soy, 600 g", 12800, WOK, 1080, "fish", ("leave",), ("鱼类", "大豆")),
    Row(4, "signature", "西湖牛肉羹", "West Lake beef soup", "牛肉、蛋白、香菜",
        "Beef, egg white, coriander", 4800, WOK, 540, "beef-soup", ("leave",), ("鸡蛋",)),
    Row(5, "signature", "蒜蓉粉丝蒸扇贝", "Garlic scallops", "6 只", "Glass noodles, 6 pieces",
        8800, WOK, 720, "scallops", (), ("贝类",), sold_out=True),
    Row(6, "signature", "清炒时蔬", "Seasonal greens", "今日：上海青", "Today: baby bok choy",
        3200, WOK, 360, "greens", ("leave",)),
    Row(7, "cold", "拍黄瓜", "Smashed cucumber", "蒜泥、香醋", "Garlic, black vinegar",
        2200, COLD, 240, "cucumber", ("leave",), ("大豆",)),
    Row(8, "cold", "口水鸡", "Mouth-watering chicken", "红油、芝麻、花生碎",
        "Chilli oil, sesame, peanuts", 4600, COLD, 300, "chilli-chicken", ("heat", "nuts"),
        ("花生", "芝麻", "大豆"), spicy=3),
    Row(9, "cold", "皮蛋豆腐", "Tofu with century egg", "内酯豆腐、榨菜", "Silken tofu, pickles",
        2600, COLD, 240, "tofu-egg", ("leave",), ("鸡蛋", "大豆")),
    Row(10, "cold", "酱牛肉", "Spiced beef shank", "老卤，薄切冷盘", "Slow-braised, sliced thin",
        5200, COLD, 240, "beef-slices", (), ("大豆",)),
    Row(11, "cold", "凉拌木耳", "Wood ear salad", "洋葱、小米辣", "Onion, bird's eye chilli",
        2400, COLD, 240, "wood-ear", ("heat", "leave"), ("大豆",), spicy=1),
    Row(12, "wok", "糖醋里脊", "Sweet and sour pork", "现炸现烹", "Fried and glazed to order",
        5600, WOK, 600, "sweet-sour", (), ("麸质", "鸡蛋")),
    Row(13, "wok", "红烧肉", "Red-braised pork belly", "五花三层，慢火两小时",
        "Two hours over a low flame", 6800, WOK, 480, "braised-pork", (), ("大豆",)),
    Row(14, "wok", "白灼虾", "Poached prawns", "鲜活基围虾，约 400 克", "Live prawns, 400 g",
        9800, WOK, 480, "prawns", (), ("甲壳类", "大豆")),
    Row(15, "wok", "蒜蓉西兰花", "Garlic broccoli", "清炒", "Quickly fried",
        3400, WOK, 360, "broccoli", ("leave",)),
    Row(16, "wok", "麻婆豆腐", "Mapo tofu", "牛肉末、汉源花椒", "Minced beef, Sichuan pepper",
        3200, WOK, 480, "mapo", ("heat", "leave"), ("大豆",), spicy=3),
    Row(17, "wok", "黑椒牛柳", "Black pepper beef", "洋葱、彩椒", "Onion, sweet peppers",
        7800, WOK, 540, "pepper-beef", ("leave",), ("大豆",), spicy=1),
    Row(18, "wok", "番茄炒蛋", "Tomato and eggs", "家常口味", "As at home",
        2800, WOK, 360, "tomato-egg", ("leave",), ("鸡蛋",)),
    Row(19, "soup", "番茄牛腩煲", "Beef and tomato pot", "牛腩、番茄、土豆",
        "Brisket, tomato, potato", 8800, WOK, 900, "tomato-beef", ("leave",)),
    Row(20, "soup", "香菇炖鸡", "Chicken and mushroom pot", "走地鸡，炖九十分钟",
        "Free range, ninety minutes", 7200, WOK, 900, "mushroom-chicken", ("leave",)),
    Row(21, "soup", "冬瓜排骨汤", "Winter melon rib soup", "清汤", "Clear broth",
        6200, WOK, 720, "melon-ribs", ("leave",)),
    Row(22, "soup", "酸辣汤", "Hot and sour soup", "豆腐、木耳、鸡蛋", "Tofu, wood ear, egg",
        2800, WOK, 420, "hot-sour", ("heat",), ("鸡蛋", "大豆"), spicy=1),
    Row(23, "dimsum", "扬州炒饭", "Yangzhou fried rice", "虾仁、火腿、青豆", "Shrimp, ham, peas",
        3800, DOUGH, 480, "fried-rice", ("leave", "extra"), ("甲壳类", "鸡蛋")),
    Row(24, "dimsum", "米饭", "Steamed rice", "五常大米", "From Wuchang",
        400, DOUGH, 180, "rice"),
    Row(25, "dimsum", "小笼包", "Soup dumplings", "一笼 8 只", "A basket of 8",
        3600, DOUGH, 720, "basket", (), ("麸质",)),
    Row(26, "dimsum", "葱油拌面", "Scallion oil noodles", "熬葱油、酱油", "Slow scallion oil, soy",
        2600, DOUGH, 420, "scallion-noodles", ("extra",), ("麸质", "大豆")),
    Row(27, "dimsum", "牛肉面", "Beef noodle soup", "现拉面、萝卜、辣油",
        "Hand-pulled, radish, chilli oil", 3600, DOUGH, 480, "beef-noodles",
        ("noodle", "extra", "leave"), ("麸质",), spicy=1),
    Row(28, "sweet", "时令果盘", "Fruit plate", "今日：西瓜、橙、蜜瓜", "Today: melon, orange",
        4800, COLD, 360, "fruit"),
    Row(29, "sweet", "杨枝甘露", "Mango sago", "芒果、西柚、西米", "Mango, pomelo, sago",
        2800, COLD, 300, "mango-sago", (), ("牛奶",)),
    Row(30, "sweet", "桂花酒酿圆子", "Osmanthus rice balls", "热食", "Served warm, rice wine",
        2400, DOUGH, 420, "rice-balls", ("sugar",)),
    Row(31, "drink", "西湖龙井", "Longjing tea", "明前，一壶", "Spring harvest, one pot",
        4800, BAR, 240, "tea"),
    Row(32, "drink", "酸梅汤", "Sour plum drink", "自熬", "Made here",
        2200, BAR, 180, "plum", ("temperature", "sugar")),
    Row(33, "drink", "鲜榨橙汁", "Fresh orange juice", "四只橙子", "Four oranges",
        3200, BAR, 240, "juice"),
    Row(34, "drink", "拿铁咖啡", "Caffè latte", "双份浓缩", "Double shot",
        2600, BAR, 240, "latte", ("temperature", "sugar"), ("牛奶",)),
    Row(35, "drink", "青岛啤酒", "Tsingtao beer", "330 毫升", "330 ml",
        1800, BAR, 120, "beer", (), ("麸质",)),
    Row(36, "room", "矿泉水", "Mineral water", "2 瓶，免费", "2 bottles, free",
        0, UNROUTED, 600, "water"),
    Row(37, "room", "牙具套装", "Dental kit", "免费", "Free",
        0, UNROUTED, 600, "dental"),
    Row(38, "room", "加一床被子", "Extra quilt", "免费", "Free",
        0, UNROUTED, 900, "quilt"),
]
# fmt: on


def _dish(row: Row) -> Dish:
    return Dish(
        id=row.id,
        category=row.category,
        name=Text(row.zh, row.en),
        about=Text(row.about_zh, row.about_en),
        price_fen=row.price_fen,
        station_id=row.station_id,
        target_s=row.target_s,
        modifier_groups=[GROUPS[name] for name in row.groups],
        allergens=list(row.allergens),
        picture=row.picture,
        spicy=row.spicy,
        sold_out=row.sold_out,
    )


MENU = Menu(categories=CATEGORIES, dishes=[_dish(row) for row in ROWS])
