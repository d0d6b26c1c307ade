"""Every refusal the product can give: stable code, HTTP status, may it be tried again, two languages.

A refusal is an answer, not an accident: broken invariants are `assert` and crash the task instead.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class RefusalKind(NamedTuple):
    """One row of the catalogue."""

    status: int
    retryable: bool
    en: str
    zh: str


REFUSALS: dict[str, RefusalKind] = {
    # the caller's words
    "bad_request": RefusalKind(400, False, "The request could not be read.", "请求无法识别"),
    "bad_field": RefusalKind(422, False, "A field has a wrong value.", "字段有误"),
    "unknown_command": RefusalKind(404, False, "There is no such command.", "没有这个操作"),
    "too_large": RefusalKind(413, False, "The message is too large.", "内容过大"),
    "not_found": RefusalKind(404, False, "There is no such page.", "没有这个地址"),
    "method_not_allowed": RefusalKind(405, False, "This address has no such method.", "方法不支持"),
    # who may
    "not_allowed": RefusalKind(403, False, "This role may not do that.", "没有权限"),
    "bad_signature": RefusalKind(401, False, "The signature does not match.", "签名不正确"),
    "stale_request": RefusalKind(401, False, "The timestamp is too far off.", "请求时间偏差过大"),
    "nonce_reused": RefusalKind(401, False, "This nonce was used before.", "随机串已用过"),
    "address_not_allowed": RefusalKind(
        403, False, "This address is not allowed.", "来源地址不在名单"
    ),
    "bad_token": RefusalKind(401, False, "The device token is not valid.", "设备凭证无效"),
    "not_paired": RefusalKind(403, False, "This device is not paired.", "设备未配对"),
    "rate_limited": RefusalKind(429, True, "Too many requests.", "操作太频繁"),
    "origin_not_allowed": RefusalKind(
        403, False, "This came from another page.", "请求来自其他页面"
    ),
    # people
    "login_failed": RefusalKind(
        401, False, "The login name or the password is wrong.", "登录名或密码不正确"
    ),
    "login_locked": RefusalKind(
        429,
        True,
        "Too many wrong passwords: locked for a quarter of an hour.",
        "密码错误次数过多，锁定十五分钟",
    ),
    "session_ended": RefusalKind(401, False, "Please log in.", "请登录"),
    "password_weak": RefusalKind(422, False, "The password is too weak.", "密码强度不够"),
    "password_must_change": RefusalKind(
        403, False, "Choose a password of your own first.", "请先设置自己的密码"
    ),
    "login_taken": RefusalKind(409, False, "Somebody has this login name.", "登录名已被使用"),
    "staff_not_found": RefusalKind(404, False, "There is no such person.", "没有这名员工"),
    "api_client_not_found": RefusalKind(
        404, False, "There is no such business service.", "没有这个业务系统"
    ),
    "api_key_not_found": RefusalKind(404, False, "There is no such key.", "没有这把密钥"),
    "api_name_taken": RefusalKind(
        409, False, "A business service has this name.", "已有同名的业务系统"
    ),
    "api_clients_full": RefusalKind(
        409, False, "The brand has as many business services as it may.", "业务系统的数量已到上限"
    ),
    "last_owner": RefusalKind(409, False, "The brand would have no owner.", "至少保留一名店主"),
    "audit_unavailable": RefusalKind(
        503, True, "It could not be written down, so it was not done.", "无法留下记录，操作未执行"
    ),
    # paper
    "printer_not_found": RefusalKind(404, False, "There is no such printer.", "没有这台打印机"),
    "printer_name_taken": RefusalKind(
        409, False, "Another printer has this name.", "打印机名称已被使用"
    ),
    "printer_not_private": RefusalKind(
        422, False, "A printer is in a private network of the house.", "打印机须在内网"
    ),
    "printer_disabled": RefusalKind(409, False, "The printer is not in use.", "打印机已停用"),
    "picture_unreadable": RefusalKind(
        422, False, "This is no photograph that can be shown.", "无法识别这张图片"
    ),
    "pictures_too_many": RefusalKind(
        409, False, "The brand has as many photographs as it may.", "图片数量已达上限"
    ),
    "printers_too_many": RefusalKind(
        409, False, "The shop has as many printers as it may.", "打印机数量已达上限"
    ),
    "promise_not_found": RefusalKind(
        404, False, "There is no such promise that was given up.", "没有这个已放弃的任务"
    ),
    "print_job_not_found": RefusalKind(404, False, "There is no such paper.", "没有这张单据"),
    "print_job_under_way": RefusalKind(
        409, False, "The paper is still being printed.", "单据正在打印"
    ),
    "print_job_decided": RefusalKind(
        409, False, "Somebody has decided about this paper already.", "这张单据已有人处理"
    ),
    # pairing
    "pairing_code_wrong": RefusalKind(404, False, "The pairing code is wrong.", "配对码不正确"),
    "pairing_code_expired": RefusalKind(
        410, False, "The pairing code has expired.", "配对码已过期"
    ),
    "pairing_code_used": RefusalKind(409, False, "The pairing code was used.", "配对码已使用"),
    "pairing_locked": RefusalKind(
        429, True, "Five wrong codes: locked for ten minutes.", "输错五次，锁定十分钟"
    ),
    # the desk
    "command_id_reused": RefusalKind(
        409, False, "This command id was used for something else.", "操作编号已被别的内容使用"
    ),
    "busy": RefusalKind(503, True, "Too much at once; try again.", "系统繁忙，请重试"),
    "unavailable": RefusalKind(503, True, "The database is not reachable.", "系统暂时不可用"),
    "internal": RefusalKind(500, True, "Something broke on our side.", "系统出错"),
    # the shop
    "shop_not_found": RefusalKind(404, False, "There is no such shop.", "没有这个门店"),
    "place_not_found": RefusalKind(404, False, "There is no such place.", "没有这个房间或桌位"),
    "station_not_found": RefusalKind(404, False, "There is no such station.", "没有这个档口"),
    "device_not_found": RefusalKind(404, False, "There is no such device.", "没有这台设备"),
    "dish_not_found": RefusalKind(404, False, "There is no such dish.", "没有这道菜"),
    "dish_sold_out": RefusalKind(409, False, "The dish is sold out.", "已沽清"),
    "modifier_not_found": RefusalKind(422, False, "The dish has no such choice.", "没有这个做法"),
    "modifier_choice_invalid": RefusalKind(
        422, False, "Too many or too few choices of one group.", "做法选择数量不对"
    ),
    "order_empty": RefusalKind(422, False, "The order has no dish.", "还没有选菜"),
    "order_too_large": RefusalKind(422, False, "The order has too many dishes.", "一次下单太多"),
    "order_not_found": RefusalKind(404, False, "There is no such order.", "没有这个订单"),
    "order_completed": RefusalKind(409, False, "The order is completed.", "订单已完成"),
    "place_cleared": RefusalKind(
        409,
        False,
        "The place was cleared meanwhile; the order was not taken.",
        "这里刚清过，这一单没有下给厨房",
    ),
    # the kitchen
    "item_not_found": RefusalKind(404, False, "There is no such dish on an order.", "没有这道菜品"),
    "item_already_cancelled": RefusalKind(409, False, "The dish was cancelled.", "已退菜"),
    "item_already_started": RefusalKind(409, False, "Cooking has begun.", "已开始制作，不能退"),
    "item_quantity_exceeded": RefusalKind(409, False, "There are fewer portions.", "没有这么多份"),
    "item_held": RefusalKind(409, False, "The dish is on hold.", "等叫中，还没有起菜"),
    "item_not_started": RefusalKind(409, False, "Cooking has not begun.", "还没有开始制作"),
    "item_not_ready": RefusalKind(409, False, "The dish is not ready.", "还没有制作完成"),
    "item_not_picked_up": RefusalKind(409, False, "The dish was not picked up.", "还没有取餐"),
    "item_already_ready": RefusalKind(409, False, "The dish is ready already.", "已经制作完成"),
    "item_already_picked_up": RefusalKind(409, False, "The dish was picked up.", "已被取走"),
    "item_already_delivered": RefusalKind(409, False, "The dish was delivered.", "已送达"),
    "item_state_changed": RefusalKind(409, False, "Somebody changed it meanwhile.", "状态已变化"),
    "nothing_to_undo": RefusalKind(
        409, False, "There is nothing to take back.", "没有可撤销的操作"
    ),
    # calls
    "call_not_found": RefusalKind(404, False, "There is no such call.", "没有这个呼叫"),
    "call_already_claimed": RefusalKind(409, False, "Somebody else is coming.", "同事已接"),
    "call_ended": RefusalKind(409, False, "The call is over.", "呼叫已结束"),
    "call_repeated_enough": RefusalKind(
        409, False, "It was said again often enough.", "已经重播多次"
    ),
    "voice_unavailable": RefusalKind(503, True, "The voice cannot speak now.", "语音暂不可用"),
    "version_changed": RefusalKind(
        409, False, "Somebody changed it meanwhile; read it again.", "已被他人修改，请重新读取"
    ),
    "template_name_taken": RefusalKind(
        409, False, "Another template has this name.", "模板名称已被使用"
    ),
    "template_not_found": RefusalKind(404, False, "There is no such template.", "没有这个模板"),
    "template_invalid": RefusalKind(422, False, "The template cannot be read.", "模板有误"),
    "template_parameter_missing": RefusalKind(
        422, False, "A parameter of the template is missing.", "缺少模板参数"
    ),
    "template_parameter_unknown": RefusalKind(
        422, False, "The template has no such parameter.", "模板没有这个参数"
    ),
    # cards
    "card_not_found": RefusalKind(404, False, "There is no such card.", "没有这张卡"),
    "card_frozen": RefusalKind(409, False, "The card is frozen.", "卡已冻结"),
    "card_user_frozen": RefusalKind(409, False, "The card's holder is frozen.", "持卡人已冻结"),
    "card_closed": RefusalKind(409, False, "The card is closed.", "卡已注销"),
    "card_identity_taken": RefusalKind(
        409, False, "Whoever has this identity has a card already.", "该证件或手机号已开卡"
    ),
    "card_identity_invalid": RefusalKind(
        422, False, "This is no ID-card number, or no telephone number.", "证件号或手机号有误"
    ),
    "card_number_taken": RefusalKind(409, False, "Another card has this number.", "卡号已被使用"),
    "card_number_invalid": RefusalKind(422, False, "This is no card number.", "卡号有误"),
    "card_limit_reached": RefusalKind(
        409, False, "The card was used as often as it may be in a day.", "今日消费次数已达上限"
    ),
    "card_amount_invalid": RefusalKind(422, False, "The amount is not allowed.", "金额超出限制"),
    "card_balance_limit": RefusalKind(
        409, False, "The card may not hold that much.", "超过卡内余额上限"
    ),
    "card_lines_differ": RefusalKind(
        422, False, "The lines do not come to the amount.", "明细合计与金额不符"
    ),
    "card_funds_held": RefusalKind(409, False, "Money on the card is held.", "卡内有冻结资金"),
    "trade_not_found": RefusalKind(404, False, "There is no such trade.", "没有这笔交易"),
    "trade_not_refundable": RefusalKind(
        409, False, "There is nothing to give back.", "这笔交易不能退款"
    ),
    "trade_serial_reused": RefusalKind(
        409, False, "This serial number was used for another trade.", "流水号已被别的交易使用"
    ),
    # the ledger
    "balance_insufficient": RefusalKind(409, False, "The balance is too low.", "余额不足"),
    "ledger_account_not_found": RefusalKind(
        404, False, "There is no such account.", "没有这个账户"
    ),
    "ledger_account_closed": RefusalKind(409, False, "The account is closed.", "账户已注销"),
    "ledger_account_frozen": RefusalKind(409, False, "The account is frozen.", "账户已冻结"),
    "ledger_amount_invalid": RefusalKind(422, False, "The amount is not possible.", "金额有误"),
    "posting_id_reused": RefusalKind(
        409, False, "This id was used for another posting.", "流水号已被别的内容使用"
    ),
    "posting_not_found": RefusalKind(404, False, "There is no such posting.", "没有这笔流水"),
    "refund_exceeded": RefusalKind(
        409, False, "More than was paid cannot be given back.", "退款超过原金额"
    ),
    "hold_not_found": RefusalKind(404, False, "There is no such hold.", "没有这笔冻结"),
    "hold_ended": RefusalKind(409, False, "The hold has ended.", "冻结已结束"),
    "hold_exceeded": RefusalKind(409, False, "More than is held.", "超过冻结数量"),
    "lot_not_found": RefusalKind(404, False, "There is no such lot.", "没有这个批次"),
    "lot_exceeded": RefusalKind(409, False, "More than is left in the lot.", "超过批次余量"),
    # short messages
    "sms_text_invalid": RefusalKind(422, False, "The text cannot be sent.", "短信内容有误"),
    "sms_no_carrier": RefusalKind(
        409, False, "Nobody carries messages of this kind.", "没有可用的短信通道"
    ),
    "sms_message_not_found": RefusalKind(404, False, "There is no such message.", "没有这条短信"),
    "sms_word_too_late": RefusalKind(
        409, False, "Nobody waits for a word about this payment any more.", "已过回执期限"
    ),
    "receipt_refused": RefusalKind(403, False, "The status report is refused.", "状态报告被拒绝"),
    "phone_invalid": RefusalKind(422, False, "The telephone number is not valid.", "手机号有误"),
    "phone_unreadable": RefusalKind(
        500, False, "The telephone number was sealed with another key.", "手机号无法解密"
    ),
    "phone_key_unsafe": RefusalKind(
        500, False, "The key of the telephone numbers may be read by others.", "手机号密钥不安全"
    ),
    "phone_key_differs": RefusalKind(
        500, False, "The telephone numbers were sealed with another key.", "手机号密钥不一致"
    ),
    "seal_key_differs": RefusalKind(
        500,
        False,
        "Secrets were sealed with another key file than this process has.",
        "密钥文件不一致",
    ),
    "outcome_differs": RefusalKind(
        409, False, "Another outcome was reported before.", "已报告过不同的结果"
    ),
    "package_not_found": RefusalKind(404, False, "There is no such package.", "没有这个套餐包"),
    "sms_order_fixed": RefusalKind(
        409, False, "The account uses its packages in the other order.", "套餐包扣减顺序已确定"
    ),
    # points
    "points_source_reused": RefusalKind(
        409,
        False,
        "This source has earned points for something else.",
        "该来源已按别的内容计过积分",
    ),
    "exchange_not_found": RefusalKind(404, False, "There is no such exchange.", "没有这笔兑换"),
}


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A clear no with a stable code from the catalogue; `detail` is JSON for machines."""

    def __init__(self, code: str, sentence: str | None = None, **detail: Any) -> None:
        kind = REFUSALS[code]
        self.code = code
        self.status = kind.status
        self.retryable = kind.retryable
        self.sentence = sentence or kind.en
        self.detail = detail
        super().__init__(f"{code}: {self.sentence}")
