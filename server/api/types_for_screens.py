"""Writes the words of the wire for the screens: types, close codes and refusals, in JavaScript.

`python -m server.api.types_for_screens` writes frames.d.ts, closings.js and refusals.js into
`clients/link`; a test compares them with what this file would write.
Refuses to hold any word of its own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, get_args

from msgspec import inspect

from server import errors
from server.events import cards, catalogue, view
from server.gateway import frames

FOLDER = Path(__file__).parents[2] / "clients" / "link"
_BY = "made by `python -m server.api.types_for_screens`; do not edit."

# Python alias → the name screens use for the same closed set of words
_ALIASES: dict[str, Any] = {
    "PlaceKind": catalogue.PlaceKind,
    "OrderSource": catalogue.OrderSource,
    "ItemState": catalogue.ItemState,
    "CallState": catalogue.CallState,
    "CallEnd": catalogue.CallEnd,
    "CallEvent": catalogue.CallEvent,
    "Channel": catalogue.Channel,
    "HeardStage": catalogue.HeardStage,
    "DeviceKind": view.DeviceKind,
    "CardState": cards.CardState,
    "TradeKind": cards.TradeKind,
    "TradeState": cards.TradeState,
}

_PLAIN: dict[type[inspect.Type], str] = {
    inspect.IntType: "number",
    inspect.FloatType: "number",
    inspect.StrType: "string",
    inspect.BoolType: "boolean",
    inspect.NoneType: "null",
    inspect.AnyType: "any",
    inspect.RawType: "any",
}


def _words(values: tuple[Any, ...]) -> str:
    return " | ".join(json.dumps(value, ensure_ascii=False) for value in values)


# a set of words, whatever their order, → the alias that names it
_NAMED = {frozenset(get_args(alias)): name for name, alias in _ALIASES.items()}


def typescript_of(kind: inspect.Type) -> str:
    """Return the TypeScript spelling of a msgspec type; unknown kinds are a `TypeError`."""
    match kind:
        case inspect.StructType(cls=cls):
            spelling = cls.__name__
        case inspect.LiteralType(values=values):
            spelling = _NAMED.get(frozenset(values)) or _words(values)
        case inspect.UnionType(types=types):
            spelling = " | ".join(typescript_of(part) for part in types)
        case inspect.ListType(item_type=item):
            inner = typescript_of(item)
            spelling = f"({inner})[]" if "|" in inner else f"{inner}[]"
        case inspect.DictType(value_type=value):
            spelling = f"Record<string, {typescript_of(value)}>"
        case _ if type(kind) in _PLAIN:
            spelling = _PLAIN[type(kind)]
        case _:
            message = f"no TypeScript spelling for {kind!r}"
            raise TypeError(message)
    return spelling


def _structs_in(kind: inspect.Type, found: dict[str, inspect.StructType]) -> None:
    """Collect every struct reachable from `kind`, users before what they use."""
    if isinstance(kind, inspect.StructType):
        if kind.cls.__name__ in found:
            return
        found[kind.cls.__name__] = kind
        for field in kind.fields:
            _structs_in(field.type, found)
    elif isinstance(kind, inspect.UnionType):
        for part in kind.types:
            _structs_in(part, found)
    elif isinstance(kind, inspect.ListType):
        _structs_in(kind.item_type, found)


def _interface(struct: inspect.StructType, *, sent_by_device: bool) -> str:
    """Return one interface; a device may leave out what has a default, the server never does."""
    promise = (struct.cls.__doc__ or "").strip().splitlines()[0]
    lines = [f"/** {promise} */", f"export interface {struct.cls.__name__} {{"]
    if struct.tag is not None:
        lines.append(f"  {struct.tag_field}: {json.dumps(struct.tag)};")
    for field in struct.fields:
        mark = "?" if sent_by_device and not field.required else ""
        lines.append(f"  {field.encode_name}{mark}: {_field_type(struct, field)};")
    return "\n".join([*lines, "}"])


def _field_type(struct: inspect.StructType, field: inspect.Field) -> str:
    """Return a field's type; the raw event inside its frame is spelled out."""
    if struct.cls is frames.EventFrame and field.name == "event":
        return "Event"
    return typescript_of(field.type)


def frames_text() -> str:
    """Return `frames.d.ts`: every noun, event and frame as TypeScript."""
    from_device: dict[str, inspect.StructType] = {}
    from_server: dict[str, inspect.StructType] = {}
    _structs_in(inspect.type_info(frames.FromDevice), from_device)
    for root in (frames.ToDevice, catalogue.Event):
        _structs_in(inspect.type_info(root), from_server)
    parts = [f"/** The words of the wire: {_BY} */"]
    parts += [f"export type {n} = {_words(get_args(alias))};" for n, alias in _ALIASES.items()]
    unions = {
        "FromDevice": frames.FromDevice,
        "ToDevice": frames.ToDevice,
        "Event": catalogue.Event,
    }
    for name, union in unions.items():
        members = " | ".join(member.__name__ for member in get_args(union))
        parts.append(f"export type {name} = {members};")
    parts += [_interface(s, sent_by_device=True) for s in from_device.values()]
    parts += [_interface(s, sent_by_device=False) for s in from_server.values()]
    return "\n\n".join(parts) + "\n"


def closings_text() -> str:
    """Return `closings.js`: the table of close codes and the subprotocol."""
    rows = [
        f"  {code}: {{ reason: {json.dumps(c.reason)}, reconnect: {str(c.reconnect).lower()},"
        f" zh: {json.dumps(c.zh, ensure_ascii=False)} }},"
        for code, c in frames.CLOSE_CODES.items()
    ]
    return "\n".join(
        [
            f"// Why a link ends, and whether the device may come back: {_BY}",
            "",
            f"export const SUBPROTOCOL = {json.dumps(frames.SUBPROTOCOL_JSON)};",
            "",
            "/** @type {Record<number, {reason: string, reconnect: boolean, zh: string}>} */",
            "export const CLOSINGS = {",
            *rows,
            "};",
            "",
        ]
    )


def refusals_text() -> str:
    """Return `refusals.js`: code → what a person reads, in both languages."""
    rows = [
        f"  {code}: {json.dumps({'zh': r.zh, 'en': r.en}, ensure_ascii=False)},"
        for code, r in errors.REFUSALS.items()
    ]
    return "\n".join(
        [
            f"// Every refusal in the words of the screens: {_BY}",
            "",
            "/** @type {Record<string, {zh: string, en: string}>} */",
            "export const REFUSALS = {",
            *rows,
            "};",
            "",
        ]
    )


def texts() -> dict[Path, str]:
    """Return every generated file with the text it should have."""
    return {
        FOLDER / "frames.d.ts": frames_text(),
        FOLDER / "closings.js": closings_text(),
        FOLDER / "refusals.js": refusals_text(),
    }


def main() -> None:
    """Write the files."""
    for path, text in texts().items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
