"""What is asked of a page by whoever cannot see it well, has no mouse, or pays for its bytes.

axe-core's rules in both themes, every control reached by Tab with a frame around it, what the page complains
about, what it weighs. Refuses to know pages: tests say which.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.support.patience import PATIENCE_MS

TABS_MAX = 400
AA = {"resultTypes": ["violations", "incomplete"]}
CONTRAST = AA | {"runOnly": ["color-contrast"]}
# What axe-core does not decide, because something lies over or behind it: a text against the ground it is painted
# on by its own ancestors. Text in a drawing is left to the eye: its ground is no ancestor.
FAINT = """selector => {
  const e = document.querySelector(selector);
  if (!e || e instanceof SVGElement) return "";
  const read = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = (rgb) => rgb.map((c) => linear(c / 255))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  let ground = [255, 255, 255], clear = 1;
  for (let up = e; up; up = up.parentElement) clear *= Number(getComputedStyle(up).opacity);
  for (let up = e; up; up = up.parentElement) {
    const [r, g, b, alpha = 1] = read(getComputedStyle(up).backgroundColor);
    if (alpha === 1) { ground = [r, g, b]; break; }
  }
  const { color, fontSize, fontWeight } = getComputedStyle(e);
  const ink = read(color).slice(0, 3).map((c, at) => c * clear + ground[at] * (1 - clear));
  const [dim, bright] = [light(ink), light(ground)].sort((a, b) => a - b);
  const ratio = (bright + 0.05) / (dim + 0.05);
  const px = parseFloat(fontSize);
  const large = px >= 24 || (px >= 18.66 && Number(fontWeight) >= 700);
  return ratio < (large ? 3 : 4.5) ? `${ratio.toFixed(2)} on ${ground}` : "";
}"""

SET_THEME = """theme => {
  document.documentElement.dataset.theme = theme;
  return Promise.all(document.getAnimations().filter((one) => one.effect.getTiming().iterations < 2)
    .map((one) => one.finished.catch(() => 0)));
}"""
# A control one sees and may use: what browsers focus, and whatever shows a hand.
CONTROLS = """() => {
  const native = "button, a[href], input, select, textarea, summary, [tabindex], [role=button]";
  const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length;
  const dialog = document.querySelector("dialog[open]");
  const pressed = (e) => getComputedStyle(e).cursor === "pointer" && !e.closest(`${native}, label`);
  return [...(dialog ?? document.body).querySelectorAll("*")]
    .filter((e) => seen(e) && !e.disabled && (e.matches(native) || pressed(e)) && !e.hasAttribute("data-reached"))
    .filter((e) => !(e.type === "radio" && e.name && document.querySelector(`input[name="${e.name}"][data-reached]`)))
    .map((e) => e.outerHTML.slice(0, 160));
}"""
# Marks what has the focus, and says whether that shows. A date has several stops in one field.
REACH = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return "out";
  if (e.dataset.reached === "now") return "framed";
  if (e.hasAttribute("data-reached")) return "round";
  document.querySelectorAll("[data-reached]").forEach((one) => (one.dataset.reached = ""));
  e.dataset.reached = "now";
  const { boxShadow, outlineStyle } = getComputedStyle(e);
  return boxShadow === "none" && outlineStyle === "none" ? e.outerHTML.slice(0, 160) : "framed";
}"""
FORGET_REACHED = "() => document.querySelectorAll('[data-reached]').forEach((e) => e.removeAttribute('data-reached'))"
LOADED = """() => performance.getEntriesByType("resource").map(({ name }) => name)"""


class Looker:
    """One page, and what was found about it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def breaches(self, themes: tuple[str, ...] = ("dark", "light")) -> list[str]:
        """Return which of axe-core's rules are broken, and where; contrast in every theme."""
        found: list[str] = []
        for theme in themes:
            self.page.evaluate(SET_THEME, theme)
            told = Axe().run(self.page, options=CONTRAST if found or theme != themes[0] else AA)
            for rule in told.response["violations"]:
                found += [f"{theme} {rule['id']}: {_node(node)}" for node in rule["nodes"]]
            for rule in told.response["incomplete"]:
                if rule["id"] != "color-contrast":
                    continue
                for node in rule["nodes"]:
                    faint = self.page.evaluate(FAINT, node["target"][0])
                    found += [f"{theme} contrast {faint}: {_node(node)}"] if faint else []
        return found

    def unreached(self) -> list[str]:
        """Return controls that Tab does not come to, or that do not show when it did.

        Looked at once more if there are any: a page that lives may have got a row behind the focus.
        """
        return self._went_round() and self._went_round()

    def _went_round(self) -> list[str]:
        found = []
        for _ in range(TABS_MAX):
            self.page.keyboard.press("Tab")
            told = self.page.evaluate(REACH)
            if told == "round":
                break
            found += [] if told in {"framed", "out"} else [f"no frame: {told}"]
        left = [f"not reached: {one}" for one in self.page.evaluate(CONTROLS)]
        self.page.evaluate(FORGET_REACHED)
        return found + left

    def weighs_bytes(self) -> int:
        """Return what the page's own files come to, each compressed as by a proxy."""
        origin = "/".join(self.page.url.split("/")[:3])
        files = {self.page.url.partition("#")[0]} | {
            url for url in self.page.evaluate(LOADED) if url.endswith((".js", ".css", ".svg"))
        }
        ours = [url for url in files if url.startswith(origin)]
        return sum(len(gzip.compress(self.page.request.get(url).body(), 6)) for url in ours)


def _node(node: Any) -> str:
    why = [one["message"] for one in [*node["any"], *node["all"], *node["none"]]]
    return f"{node['target']} {node['html'][:120]} {why[:1]}"


@contextmanager
def looker(browser: Browser, size: tuple[int, int]) -> Iterator[Looker]:
    """Open a page of its own for the length of the block."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        yield Looker(page)
    finally:
        context.close()
