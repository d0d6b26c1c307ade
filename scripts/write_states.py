"""The page of state machines, made from the tables in the code (`make docs`).

Refuses to hold any fact of its own: change the table, not the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from server.billing import hold
from server.broadcast import call
from server.cards import card, trade
from server.events import cards, catalogue
from server.gateway import session
from server.kds import item
from server.printing import job
from server.sms import message


def states() -> list[str]:
    """Return the machines as diagrams and tables."""
    return [
        "# State machines",
        "",
        "## A dish (`server/kds/item.py`)",
        "",
        "Solid: a step. The names with ↩ take a step back: a mistake is undone.",
        "",
        *diagram("queued", dish_arrows()),
        "",
        "What a verb does in a state; `=` was done before (success, nothing new), the rest is a",
        "refusal:",
        "",
        *table(
            ["", *item.VERBS], ([f"**{s}**", *map(dish_cell(s), item.VERBS)] for s in item.STATES)
        ),
        "",
        "## A call (`server/broadcast/call.py`)",
        "",
        *diagram("ringing", ((a, verb, b) for (a, verb), b in call.STEPS.items())),
        "",
        "## A card (`server/cards/card.py`)",
        "",
        "What a verb does in a state; the rest is a refusal. A frozen holder does not spend either.",
        "",
        *diagram("open", grouped({(a, str(verb)): b for (a, verb), b in card.STEPS.items()})),
        "",
        *table(
            ["", *card.VERBS],
            ([f"**{s}**", *(card_cell(s, verb) for verb in card.VERBS)] for s in card.STATES),
        ),
        "",
        "## A trade on a card (`server/cards/trade.py`)",
        "",
        "`new` exists only inside the commit that makes the trade and moves its money.",
        "",
        *diagram("new", ((a, verb, b) for (a, verb), b in trade.STEPS.items())),
        "",
        "## A paper (`server/printing/job.py`)",
        "",
        "`take_back` only while no byte was taken; what is uncertain, failed or expired waits for a person.",
        "",
        *diagram("queued", ((a, verb, b) for (a, verb), b in job.STEPS.items())),
        "",
        *message_states(),
        "## A connection (`server/gateway/session.py`)",
        "",
        *diagram("waiting", session_arrows()),
        "",
        "What follows from each frame or happening; an empty cell means nothing happens:",
        "",
        session.table_text(),
    ]


def message_states() -> list[str]:
    """Return a message's machines, and that of what is frozen for it."""
    return [
        "## A hold: what is frozen (`server/billing/hold.py`)",
        "",
        "Paying takes a part or the rest; what is not paid stays frozen until it is released, by whoever froze",
        "it or when its time is over.",
        "",
        *diagram("held", ((a, verb, b) for (a, verb), b in hold.STEPS.items())),
        "",
        "## A message (`server/sms/message.py`)",
        "",
        "What goes to a carrier in one piece. It is paid with its first `take`; `refuse` and `expire` give back",
        "what was paid or frozen.",
        "",
        *diagram("queued", grouped({(a, str(v)): b for (a, v), b in message.TRANSITIONS.items()})),
        "",
        *table(
            ["", *message.VERBS],
            (
                [f"**{s}**", *(message_cell(s, verb) for verb in message.VERBS)]
                for s in message.STATES
            ),
        ),
        "",
        "## A telephone's copy of it, by receipts (`server/sms/message.py`)",
        "",
        "Every receipt not drawn changes nothing: the last word stays, whatever comes late or twice. After 72",
        "hours nobody waits any more, and what is `waiting` is shown as unknown.",
        "",
        *diagram("waiting", ((a, came, b) for (a, came), b in message.DELIVERED.items())),
        "",
    ]


def dish_arrows() -> Iterable[tuple[str, str, str]]:
    """Give a dish's steps, then its ways back."""
    for (before, verb), after in item.STEPS.items():
        yield before, verb, after
    for seen, back in item.UNDONE.items():
        yield seen, "↩", back


def dish_cell(state: catalogue.ItemState) -> Callable[[item.Verb], str]:
    """Return what fills a row of the dish's table."""

    def cell(verb: item.Verb) -> str:
        if (state, verb) in item.STEPS:
            return f"→ {item.STEPS[state, verb]}"
        return "=" if (state, verb) in item.REPEATS else f"`{item.REFUSED[state, verb]}`"

    return cell


def card_cell(state: cards.CardState, verb: card.CardVerb) -> str:
    """Return a cell of the card's table."""
    after = card.STEPS.get((state, verb))
    if after is None:
        return f"`{card.REFUSED[state]}`"
    return "yes" if after == state else f"→ {after}"


def message_cell(state: message.State, verb: message.Verb) -> str:
    """Return a cell of the message's table; empty: it changes nothing and costs nothing."""
    after = message.TRANSITIONS.get((state, verb))
    return f"→ {after}" if after else ""


def session_arrows() -> Iterable[tuple[str, str, str]]:
    """Give a connection's steps that lead elsewhere."""
    return grouped({key: step.next for key, step in session.TABLE.items()})


def grouped(steps: Mapping[tuple[str, str], str]) -> Iterable[tuple[str, str, str]]:
    """Give the steps that lead elsewhere, those between the same two states as one."""
    verbs: dict[tuple[str, str], list[str]] = {}
    for (state, verb), after in steps.items():
        if after != state:
            verbs.setdefault((state, after), []).append(verb)
    for (before, after), names in verbs.items():
        yield before, ", ".join(names), after


def diagram(first: str, arrows: Iterable[tuple[str, str, str]]) -> list[str]:
    """Return a Mermaid state diagram."""
    rows = [f"    {before} --> {after}: {verb}" for before, verb, after in arrows]
    return ["```mermaid", "stateDiagram-v2", f"    [*] --> {first}", *rows, "```"]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a Markdown table; a bar inside a cell would break it, so none may be there."""
    lines = [head, ["---"] * len(head), *rows]
    assert not any("|" in cell for line in lines for cell in line)
    return ["| " + " | ".join(line) + " |" for line in lines]
