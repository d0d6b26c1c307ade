"""What documents tell people to type exists: commands, options, targets, doors.

That `make run` and `make test` do what the README says is proven by scripts/prove_readme.py and by
running them; here nothing is started.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest

from server.cli import main
from tests.support.api_house import api_house

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:\.venv/bin/)?(?:chuancai|make) [^`\n]+)`")
# What a block may be: typed, drawn, sent, or compiled; `text` is said to be no more than shown.
KINDS = {"sh", "mermaid", "http", "python", "text", ""}
REQUEST = re.compile(r"^(GET|POST|DELETE) (/\S+)", re.MULTILINE)


def _typed(page: Path) -> list[str]:
    """Return every command a page tells its reader to type."""
    said = page.read_text("utf-8")
    blocks = [text for kind, text in BLOCK.findall(said) if kind == "sh"]
    lines = [line for text in blocks for line in text.splitlines() if line.strip()]
    return lines + INLINE.findall(said)


def _check_typed(command: str) -> None:
    """Fail unless this can be typed: the target exists, or the product takes these words."""
    words = shlex.split(command, comments=True)
    makefile = (ROOT / "Makefile").read_text("utf-8")
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE), command
        return
    assert words[0].removeprefix(".venv/bin/") == "chuancai", command
    with click.Context(main) as context:
        sub = main.get_command(context, words[1])
        assert sub is not None, command
        if "…" not in words:
            sub.make_context(words[1], words[2:], parent=context)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_to_be_typed_can_be(page: Path) -> None:
    """Every command in a document names a target or a command with options that exist."""
    for command in _typed(page):
        _check_typed(command)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_says_what_it_is(page: Path) -> None:
    """A block is typed, drawn, sent, compiled or only shown, and says which; Python compiles."""
    for kind, text in BLOCK.findall(page.read_text("utf-8")):
        assert kind in KINDS
        if kind == "python":
            compile(text, page.name, "exec")


async def test_requests_in_documents_have_doors(database_url: str, redis_url: str) -> None:
    """What a document sends over HTTP, the product has a door for."""
    async with api_house(database_url, redis_url) as house:
        answer = await house.http.get("/openapi.json")
    doors = [
        (method.upper(), re.sub(r"{\w+}", "[^/?]+", path))
        for path, methods in answer.json()["paths"].items()
        for method in methods
    ]
    sent = {
        request
        for page in PAGES
        for kind, text in BLOCK.findall(page.read_text("utf-8"))
        if kind == "http"
        for request in REQUEST.findall(text)
    }
    assert sent
    for method, path in sent:
        assert any(method == m and re.fullmatch(p, path) for m, p in doors), (method, path)


def test_every_dependency_has_its_reason() -> None:
    """docs/decisions/0004 names each dependency, and no other."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    named = re.compile(r"^[\w-]+")
    wanted = {
        found.group().lower()
        for line in [
            *settings["project"]["dependencies"],
            *settings["project"]["optional-dependencies"]["voice"],
            *settings["dependency-groups"]["dev"],
        ]
        if (found := named.match(line))
    }
    page = (ROOT / "docs" / "decisions" / "0004-dependencies.md").read_text("utf-8")
    rows = [row.split("|")[1] for row in page.splitlines() if row.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`([\w-]+)`", row)} == wanted


def test_the_lock_holds_what_is_asked_for() -> None:
    """Every dependency is pinned by hash, and the product's pins are those of the tests."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    pin = re.compile(r"^([\w.-]+)==(\S+).* \\\n    --hash=sha256:", re.MULTILINE)
    product = dict(pin.findall((ROOT / "requirements.lock").read_text("utf-8")))
    tests = dict(pin.findall((ROOT / "requirements-dev.lock").read_text("utf-8")))
    assert product.items() <= tests.items()
    for name in settings["project"]["dependencies"]:
        assert re.split(r"[\[<>=;]", name)[0] in product
    for name in settings["dependency-groups"]["dev"]:
        assert re.split(r"[\[<>=;]", name)[0] in tests


async def test_loops_are_in_debug_mode() -> None:
    """Tests run with asyncio's debug mode, so that a coroutine nobody awaits is an error."""
    assert asyncio.get_running_loop().get_debug()
