"""What every command may be told, before its name or after it: where the data is, how much is logged.

Refuses to know the commands.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from server.settings import Settings, read_settings

_DATA_DIR = ("--data-dir",)
_LOG_LEVEL = ("--log-level",)
_LEVELS = click.Choice(["debug", "info", "warning", "error"])


class Anywhere(click.Group):
    """A group whose own options may also stand after the command, where people write them."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Take a command in, with all commands of its own."""
        super().add_command(cmd, name)
        for leaf in _leaves(cmd):
            leaf.params += [
                click.Option(
                    _DATA_DIR, type=click.Path(path_type=Path), expose_value=False,
                    callback=_told, help="Where the engines keep data.",
                ),
                click.Option(
                    _LOG_LEVEL, type=_LEVELS, expose_value=False, callback=_told, hidden=True
                ),
            ]  # fmt: skip


def settled(data_dir: Path | None, log_level: str | None) -> Settings:
    """Return the settings. Raises what a person can read when they cannot be."""
    try:
        return read_settings(data_dir=data_dir, log_level=log_level)
    except msgspec.ValidationError as error:
        raise click.ClickException(f"A setting cannot be read: {error}") from error


def _leaves(command: click.Command) -> list[click.Command]:
    if isinstance(command, click.Group):
        return [leaf for one in command.commands.values() for leaf in _leaves(one)]
    return [command]


def _told(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value is None or parameter.name is None:
        return
    given = context.find_root().params
    given[parameter.name] = value
    context.obj = settled(given["data_dir"], given["log_level"])
