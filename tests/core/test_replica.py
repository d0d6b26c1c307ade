"""The reducer in both languages: what a screen knows after events is what the server knows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.async_api import Page

from server.api import types_for_screens
from server.events import catalogue as c
from server.events.view import View, apply, canonical, state_hash
from tests.core.replica import cast, record
from tests.support.browser import chromium
from tests.support.scripted_gateway import CLIENTS, ScriptedGateway

FILES = sorted((Path(__file__).parent / "replica").glob("*.json"))
BY_NAME = [file.stem for file in FILES]


def _reduced(recorded: dict[str, Any]) -> View:
    view = msgspec.convert(recorded["view"], View)
    for event in recorded["events"]:
        apply(view, msgspec.convert(event, c.Event))
    return view


@pytest.mark.parametrize("file", FILES, ids=BY_NAME)
def test_the_servers_reducer_ends_where_recorded(file: Path) -> None:
    """Events applied by `view.apply` give the recorded orders, calls and hash."""
    recorded = json.loads(file.read_bytes())
    view = _reduced(recorded)
    after = recorded["after"]
    assert msgspec.to_builtins(view.orders) == after["orders"]
    assert msgspec.to_builtins(view.calls) == after["calls"]
    assert msgspec.to_builtins(view.device) == after["device"]
    assert msgspec.to_builtins(view.announced) == after["announced"]
    assert msgspec.to_builtins(view.heard) == after["heard"]
    assert msgspec.to_builtins(view.cards) == after["cards"]
    assert msgspec.to_builtins(view.unseen) == after["unseen"]
    assert msgspec.to_builtins(view.places) == after["places"]
    assert state_hash(view) == recorded["hash"]


def test_every_kind_of_event_is_recorded() -> None:
    """A new event cannot be forgotten: each kind occurs in some sequence, and files match scenes."""
    kinds = {e["kind"] for file in FILES for e in json.loads(file.read_bytes())["events"]}
    assert kinds == {kind.__name__ for kind in c.Event.__args__}
    assert set(BY_NAME) == set(record.scenes())


@pytest.fixture
async def link_page() -> AsyncIterator[Page]:
    """A page that can import the screens' modules."""
    view = cast.view()
    async with ScriptedGateway(view) as gateway, chromium() as browser:
        page = await browser.new_page()
        await page.goto(f"{gateway.origin}/link/tokens.css")
        yield page


REDUCE = """
async ({view, events}) => {
  const {apply, canonical, stateHash} = await import('/link/replica.js');
  const freeze = (x) => (x && typeof x === 'object' ? (Object.values(x).forEach(freeze), Object.freeze(x)) : x);
  let now = freeze(view);
  for (const event of events) now = freeze(apply(now, freeze(event)));
  const {orders, calls, device, announced, heard, cards, unseen, places} = now;
  return {after: {orders, calls, device, announced, heard, cards, unseen, places},
          canonical: canonical(now), hash: stateHash(now)};
}
"""


async def test_the_screens_reducer_ends_at_the_same_place(link_page: Page) -> None:
    """replica.js gives the same orders, calls, canonical text and hash, and never changes an old view."""
    for file in FILES:
        recorded = json.loads(file.read_bytes())
        got = await link_page.evaluate(REDUCE, {k: recorded[k] for k in ("view", "events")})
        assert got["after"] == recorded["after"], file.stem
        assert got["canonical"].encode() == canonical(_reduced(recorded)), file.stem
        assert got["hash"] == recorded["hash"], file.stem


async def test_our_sha256_is_sha256(link_page: Page) -> None:
    """Plain http hides the browser's hash; ours agrees at every length around a block's edge."""
    texts = ["", "abc", "汉字", *("x" * n for n in (54, 55, 56, 57, 63, 64, 65, 119, 120, 4000))]
    got = await link_page.evaluate(
        "async (texts) => { const {sha256} = await import('/link/sha256.js'); return texts.map(sha256); }",
        texts,
    )
    assert got == [hashlib.sha256(text.encode()).hexdigest() for text in texts]


async def test_ids_minted_on_the_device_are_uuids(link_page: Page) -> None:
    """R-004-13 needs commands that can be repeated; their ids are version 4 and differ."""
    ids = await link_page.evaluate(
        "async () => { const {uuid} = await import('/link/ids.js'); return [...Array(200)].map(uuid); }"
    )
    assert len(set(ids)) == len(ids)
    assert all(len(i) == 36 and i[14] == "4" and i[19] in "89ab" for i in ids)


def test_generated_files_are_fresh() -> None:
    """Frame types, close codes and refusals of the screens are what the server's code says."""
    for path, text in types_for_screens.texts().items():
        assert path.read_text(encoding="utf-8") == text, f"run {types_for_screens.__name__}"


def test_the_vendored_library_is_the_pinned_one() -> None:
    """What runs on screens is the file whose hash the README names."""
    vendor = CLIENTS / "link" / "vendor"
    digest = hashlib.sha256((vendor / "lit.js").read_bytes()).hexdigest()
    assert f"`{digest}`" in (vendor / "README.md").read_text(encoding="utf-8")
    assert "BSD 3-Clause" in (vendor / "lit.js").read_text(encoding="utf-8")[:400]
