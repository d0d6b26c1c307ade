"""Takes somebody on who keeps the demo shop, and takes pictures of the login and of the console's rooms.

Refuses to change anything in the shop but the calls and papers its evening has already made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.screens_page import LANGUAGES, Language, picture_of
from server.api.keys import KeyMaker
from server.api.store import Client
from server.auth import read_networks
from server.clock import SystemClock
from server.demo import menu as demo
from server.demo.store import add_printer
from server.staff.door import StaffDoor
from server.staff.member import Grant, Member

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser, Page

    from scripts.evening_scene import Evening

LOGIN = "chen"
PASSWORD = "seven quiet cooks on monday"  # noqa: S105 - of a shop that lives for its pictures
ROOMS = (
    "devices",
    "menu",
    "printers",
    "calls",
    "broadcast",
    "report",
    "sms",
    "staff",
    "keys",
    "health",
    "audit",
)
TILED = {"report", "sms", "health"}  # have figures above their tables
PEOPLE = (
    ("zhao", "赵晓梅", (Grant("manager", 1),)),
    ("liu", "刘强", (Grant("cashier", 1),)),
    ("sun", "孙会计", (Grant("auditor", 0),)),
)
SERVICES = (
    Client(brand_id=1, id=0, name="收银系统", roles=("business", "money"), shop_ids=(1,)),
    Client(brand_id=1, id=0, name="外卖平台", ip_allow=read_networks(["203.0.113.0/24"])),
)
DESK, PAD = (1920, 1080), (1280, 800)
# What lies in front of a room: its picture's name, what opens it.
SHEETS = {
    "devices": ("device", "tbody tr:has(.came[data-as=ok]) button[name=edit]"),
    "menu": ("dish", "tbody tr:nth-child(3) button[name=edit]"),
    "printers": ("paper", ".jobs tbody tr:nth-child(1) td:nth-child(2) button"),
    "calls": ("call", "tbody tr:nth-child(1) button[name=open]"),
    "staff": ("person", "tbody tr:nth-child(3) button[name=edit]"),
    "keys": ("service", "tbody tr:nth-child(1) button[name=edit]"),
    "broadcast": ("rule", "tr[data-event=order_placed] td[data-channel=cashier] button"),
}


async def take_on(evening: Evening) -> dict[str, str]:
    """Take the shop's manager on; return the first password under the word `owner`."""
    door = StaffDoor(evening.pool, SystemClock())
    chen = Member(brand_id=1, id=0, login=LOGIN, name="陈经理", grants=(Grant("owner", 0),))
    _, first = await door.add(None, chen)
    await _people_and_services(evening, door)
    async with evening.pool.acquire() as connection:
        await add_printer(connection, demo.SHOP.id, demo.PRINTER)
    for _ in range(2):
        told = await evening.do("manager", "PrintTest", printer_id=demo.PRINTER.id)
    late = {"job_id": told["job_ids"][0], "verb": "expire", "reason": "expired", "version": 1}
    await evening.do("system", "EndPaper", **late)
    await evening.do("system", "NotePrinter", printer_id=demo.PRINTER.id, condition="ready")
    return {"owner": first}


async def _people_and_services(evening: Evening, door: StaffDoor) -> None:
    """Take on who works with the manager, and let in what calls the house."""
    for login, name, grants in PEOPLE:
        await door.add(None, Member(brand_id=1, id=0, login=login, name=name, grants=grants))
    keys = KeyMaker(evening.pool, SystemClock(), evening.sealing)
    for service in SERVICES:
        await keys.make_client(service)
    await keys.client_key(SERVICES[0])


async def shoot(browser: Browser, base: str, first: str, to: Path) -> None:
    """Take the login's picture, then each room's in both languages and on a pad."""
    page = await (await browser.new_context()).new_page()
    await page.set_viewport_size({"width": PAD[0], "height": PAD[1]})
    for language in LANGUAGES:
        await page.goto(f"{base}/login/?lang={language}")
        await page.wait_for_selector("input[name=password]")
        await page.screenshot(path=to / picture_of("login", language))
    await _log_in(page, first)
    sizes: dict[Language, tuple[int, int]] = {"zh": DESK, "en": PAD}
    for language, size in sizes.items():
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        for room in ROOMS:
            await _shoot_room(page, f"{base}/console/?lang={language}#{room}@1", room, to, language)
        await _shoot_sentence(page, f"{base}/console/?lang={language}#broadcast@1", to, language)
        await _shoot_texts(page, f"{base}/console/?lang={language}#sms", to, language)


async def _shoot_room(page: Page, url: str, room: str, to: Path, language: Language) -> None:
    await page.goto("about:blank")
    await page.goto(url)
    await page.wait_for_selector("tbody tr")
    await page.wait_for_selector(".head .link")
    if room in TILED:
        await page.wait_for_selector(".tile")
    await page.screenshot(path=to / picture_of(f"console-{room}", language))
    if room in SHEETS:
        name, opener = SHEETS[room]
        await page.locator(opener).first.click()
        await page.wait_for_selector("dialog.sheet")
        if room == "broadcast":
            await page.wait_for_selector(".said .shown")
        for picture in await page.locator("dialog.sheet img:visible").all():
            await picture.evaluate("image => image.decode()")
        await page.screenshot(path=to / picture_of(f"console-{name}", language))


async def _shoot_sentence(page: Page, url: str, to: Path, language: Language) -> None:
    """Take the brand's sentences, and one that is being written and is not right yet."""
    await page.goto("about:blank")
    await page.goto(url)
    await page.click("button[role=tab][name=templates]")
    await page.wait_for_selector("tbody tr")
    await page.screenshot(path=to / picture_of("console-sentences", language))
    await page.locator("tr", has_text="请技师").locator("button[name=edit]").click()
    await page.wait_for_selector(".said .shown")
    await page.fill("textarea[name=en]", "{technicianName}, please come to {place")
    await page.wait_for_selector("dialog [role=alert]")
    await page.screenshot(path=to / picture_of("console-sentence", language))


async def _shoot_texts(page: Page, url: str, to: Path, language: Language) -> None:
    """Take the account of the brand's texts, and what became of one message at its telephones."""
    await page.goto("about:blank")
    await page.goto(url)
    for tab in ("statement", "messages"):
        await page.click(f"button[role=tab][name={tab}]")
        await page.wait_for_selector("tbody tr")
        if tab == "statement":
            await page.screenshot(path=to / picture_of("console-statement", language))
    await page.locator("tr[data-message]", has_text="240").locator("button[name=open]").click()
    await page.wait_for_selector("dialog.sheet")
    await page.screenshot(path=to / picture_of("console-message", language))


async def _log_in(page: Page, first: str) -> None:
    """Log in with the first password and choose one's own."""
    await page.fill("input[name=login]", LOGIN)
    await page.fill("input[name=password]", first)
    await page.keyboard.press("Enter")
    for name, words in (("old", first), ("fresh", PASSWORD), ("again", PASSWORD)):
        await page.fill(f"input[name={name}]", words)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("h1:has-text('陈经理')")
