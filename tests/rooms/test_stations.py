"""Stations opened and renamed by two processes at once: none is lost."""

from __future__ import annotations

import asyncio

from tests.support.kitchen import Kitchen, open_kitchen


def _named(word: str) -> dict[str, str]:
    return {"zh": word, "en": word}


async def test_stations_opened_at_once_by_two_processes_are_all_there(database_url: str) -> None:
    """R-004-6: two managers on two processes open stations in one moment; each gets one of its own."""
    async with open_kitchen(database_url) as one:
        two = Kitchen(one.pool, one.clock)
        names = [f"{who}{number}" for number in range(5) for who in "ab"]
        made = await asyncio.gather(
            *(
                desk.ask("manager", "PutStation", name=_named(name))
                for name, desk in zip(names, [one, two] * 5, strict=True)
            )
        )
        ids = [told["station_id"] for told in made]
        assert len(set(ids)) == len(ids)
        known = {station.id: station.name.zh for station in (await one.view("cashier")).stations}
        assert [known[station_id] for station_id in ids] == names
        await two.ask("manager", "PutStation", station_id=ids[0], name=_named("c"))
        again = await one.ask("manager", "PutStation", station_id=ids[0], name=_named("c"))
        assert again["changed"] is False
