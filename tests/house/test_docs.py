"""Documents stay true: generated pages are fresh, the map matches the tree, links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.screens_page import FURTHER, LANGUAGES, SCREENS, picture_of
from scripts.write_docs import pages

ROOT = Path(__file__).parents[2]
MAP_ROW = re.compile(r"^\| `([\w/-]+)`", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
ARCHITECTURE_LINES_MAX = 250
DECISION_LINES_MAX = 45
MAKE_TARGETS_MAX = 10


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_generated_page_is_fresh(page: Path) -> None:
    """Tables, frames, events and refusals in docs/ are those of the code (`make docs`)."""
    assert page.read_text("utf-8") == pages()[page]


def test_the_map_names_every_room() -> None:
    """ARCHITECTURE.md names each folder of code, and each folder it names exists."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    assert len(text.splitlines()) <= ARCHITECTURE_LINES_MAX
    named = {name.rstrip("/") for name in MAP_ROW.findall(text)}
    rooms = {
        "server",
        *(f"server/{p.parent.name}" for p in (ROOT / "server").glob("*/__init__.py")),
    }
    pages_of_screens = {
        f"clients/{p.name}"
        for p in (ROOT / "clients").iterdir()
        if p.is_dir() and any(p.glob("*.js"))
    }
    furniture = {"bench", "scripts", "tests", "docs"}
    assert named == rooms | pages_of_screens | furniture


@pytest.mark.parametrize(
    "page", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]), ids=lambda page: page.name
)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link in a document names a file that exists."""
    broken = [
        link for link in LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()
    ]
    assert broken == []


def test_decisions_are_short_and_numbered_once() -> None:
    """A decision is a page, and no two have one number."""
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [path.name[:4] for path in decisions]
    assert len(numbers) == len(set(numbers))
    long = {
        path.name: lines
        for path in decisions
        if (lines := len(path.read_text("utf-8").splitlines())) > DECISION_LINES_MAX
    }
    assert long == {}


def test_make_help_lists_at_most_ten_targets() -> None:
    """A newcomer reads the list in one glance."""
    targets = re.findall(r"^(\w+): ## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert 1 <= len(targets) <= MAKE_TARGETS_MAX


def test_both_readmes_show_the_same_pictures_and_commands() -> None:
    """The Chinese page tells a stranger the same as the English one."""
    english = (ROOT / "README.md").read_text("utf-8")
    chinese = (ROOT / "README.zh-CN.md").read_text("utf-8")
    pattern = re.compile(r"docs/pictures/[\w-]+\.png|make \w+|chuancai [a-z-]+|docs/[\w-]+\.md")
    assert set(pattern.findall(english)) == set(pattern.findall(chinese))


def test_every_screen_is_shown_in_both_languages() -> None:
    """docs/screens.md leaves out no picture, and each stands there in Chinese and English."""
    taken = {path.name for path in (ROOT / "docs" / "pictures").glob("*.png")}
    names = [*(one.name for one in SCREENS), *(row[0] for row in FURTHER)]
    shown = {picture_of(name, language) for name in names for language in LANGUAGES}
    assert taken == shown
