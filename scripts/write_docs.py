"""Writes the pages of docs/ that are made from the code: `make docs`.

States, commands, events, frames and refusals are tables in the code; these pages print them, and
a test compares. Refuses to hold any fact of its own: change the table, not the page.
"""

from __future__ import annotations

import inspect as python_inspect
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, get_args

from msgspec import Raw, inspect

from scripts.screens_page import screens
from scripts.write_states import states, table
from server import errors
from server.api.types_for_screens import typescript_of
from server.commands import BOOK, PROMISES
from server.desk import Entry
from server.events import catalogue
from server.gateway import frames

DOCS = Path(__file__).parents[1] / "docs"
BY = "<!-- Made from the code by `make docs`; do not edit. -->"


def pages() -> dict[Path, str]:
    """Return every generated page with the text it should have."""
    made: dict[str, Callable[[], list[str]]] = {
        "states.md": states,
        "commands.md": commands,
        "events.md": events,
        "frames.md": wire,
        "errors.md": refusals,
        "screens.md": screens,
    }
    return {DOCS / name: "\n".join([BY, "", *make(), ""]) for name, make in made.items()}


# commands and events


def commands() -> list[str]:
    """Return the book of the desk."""
    parts = [
        "# Commands",
        "",
        "What may be asked of the desk (`server/commands.py`), by whom, with what. The id of a",
        "command is a UUID made by the sender; the same id with the same body gets the same answer.",
    ]
    for name, entry in BOOK.items():
        parts += ["", f"## {name}", "", *entry_rows(entry)]
    parts += ["", "# Promises", "", "What the house asks of itself later; nobody else may."]
    for name, entry in PROMISES.items():
        parts += ["", f"## {name}", "", *entry_rows(entry)]
    return parts


def entry_rows(entry: Entry) -> list[str]:
    """Return what one line of the book takes and who may ask."""
    who = "" if entry.roles == {"system"} else f" Asked by {', '.join(sorted(entry.roles))}."
    return [promise(entry.struct) + who, "", *fields(entry.struct)]


def events() -> list[str]:
    """Return the catalogue of facts, and the nouns they are about."""
    parts = [
        "# Events",
        "",
        "The lines of a shop's log (`server/events/catalogue.py`): each has a `seq` without gaps",
        "and `at_ms`. Times are milliseconds since 1970, money is fen.",
    ]
    kinds = get_args(catalogue.Event)
    for kind in kinds:
        parts += ["", f"## {kind.__name__}", "", promise(kind), "", *fields(kind)]
    parts += ["", "# Nouns"]
    for noun in nouns(kinds):
        parts += ["", f"## {noun.__name__}", "", promise(noun), "", *fields(noun)]
    return parts


def nouns(kinds: Sequence[type]) -> list[type]:
    """Return the structs that these structs are made of, in the order they are met."""
    found: dict[type, None] = {}

    def visit(kind: inspect.Type) -> None:
        match kind:
            case inspect.StructType(cls=cls, fields=parts):
                if cls not in kinds and cls not in found:
                    found[cls] = None
                for part in parts:
                    visit(part.type)
            case inspect.ListType(item_type=inner):
                visit(inner)
            case inspect.UnionType(types=types):
                for part_type in types:
                    visit(part_type)

    for kind in kinds:
        visit(inspect.type_info(kind))
    return list(found)


# the wire


def wire() -> list[str]:
    """Return the catalogue of frames, the limits and the close codes."""
    return [
        "# Frames",
        "",
        f"Subprotocols `{frames.SUBPROTOCOL_JSON}` (text) and `{frames.SUBPROTOCOL_MSGPACK}`",
        "(binary, the same shapes) at `/ws`. `t` names the frame (`server/gateway/frames.py`).",
        "",
        "# From the device",
        *frame_parts(get_args(frames.FromDevice)),
        "",
        "# To the device",
        *frame_parts(get_args(frames.ToDevice)),
        "",
        "# Limits",
        "",
        *table(["limit", "value"], limits()),
        "",
        "# Close codes",
        "",
        *table(
            ["code", "reason", "", "comes back by itself"],
            ([str(n), c.reason, c.zh, yes(c.reconnect)] for n, c in frames.CLOSE_CODES.items()),
        ),
    ]


def frame_parts(kinds: Sequence[type]) -> Iterable[str]:
    """Give the lines about some frames."""
    for kind in kinds:
        struct = inspect.type_info(kind)
        assert isinstance(struct, inspect.StructType)
        yield from ("", f"## {struct.tag}", "", promise(kind), "", *fields(kind))
    parts = [noun for noun in nouns(kinds) if noun.__module__ == frames.__name__]
    for noun in parts:
        yield from ("", f"## {noun.__name__} (a part)", "", promise(noun), "", *fields(noun))


def limits() -> Iterable[list[str]]:
    """Give the bounds of the wire, by name."""
    for name, value in vars(frames).items():
        if name.isupper() and isinstance(value, (int, float)) and not name.endswith("_HEADER"):
            yield [f"`{name}`", f"{value:g}" if isinstance(value, float) else f"{value:,}"]


# refusals


def refusals() -> list[str]:
    """Return the catalogue of refusals in both languages."""
    rows = (
        [f"`{code}`", str(kind.status), yes(kind.retryable), kind.en, kind.zh]
        for code, kind in errors.REFUSALS.items()
    )
    return [
        "# Refusals",
        "",
        "Codes are stable (`server/errors.py`). Over HTTP a refusal is `application/problem+json`",
        "with this status; over the socket it is a `reply` with `ok: false`.",
        "",
        *table(["code", "HTTP", "try again", "English", "中文"], rows),
    ]


# pieces


def promise(kind: type[Any]) -> str:
    """Return the one sentence a struct promises."""
    return (python_inspect.getdoc(kind) or "").splitlines()[0]


def fields(kind: type[Any]) -> list[str]:
    """Return a struct's fields as a table."""
    struct = inspect.type_info(kind)
    assert isinstance(struct, inspect.StructType)
    if not struct.fields:
        return ["No fields."]
    rows = ([f"`{f.encode_name}`", f"`{spelling(f.type)}`", default(f)] for f in struct.fields)
    return table(["field", "type", "default"], rows)


def spelling(kind: inspect.Type) -> str:
    """Return a type as the screens spell it, with its bounds."""
    bounds = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "max_length": "length ≤"}
    said = [
        f"{s} {getattr(kind, n)}" for n, s in bounds.items() if getattr(kind, n, None) is not None
    ]
    text = typescript_of(kind).replace('"', "").replace(" | ", " or ")
    return ", ".join([text, *said])


def default(field: inspect.Field) -> str:
    """Return what is taken when a field is left out, or nothing when it may not be."""
    if field.required:
        return ""
    given = field.default_factory() if callable(field.default_factory) else field.default
    if isinstance(given, Raw):
        return f"`{bytes(given).decode()}`"
    return "`null`" if given is None else f"`{given!r}`".replace("'", '"')


def yes(fact: bool) -> str:  # noqa: FBT001 - a cell of a table
    """Return a cell that says yes, or nothing."""
    return "yes" if fact else ""


def main() -> None:
    """Write the pages."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(DOCS.parent))


if __name__ == "__main__":
    main()
