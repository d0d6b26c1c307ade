"""One frozen struct of settings, read once from the environment.

Refuses to be changed at run time: what a shop may change lives in the database.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

WEB = "web"  # what a process that serves is called, when nobody names it


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How one process is set up; every bound carries its unit in its name."""

    host: str = "127.0.0.1"
    port: int = 8080
    grpc_port: int = 0  # 0: no gRPC
    grpc_tls_port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 0  # 0: no gRPC over TLS
    tls_port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 0  # 0: no HTTPS
    tls_names: tuple[str, ...] = ()  # further names and addresses this machine is opened by
    data_dir: Path = Path(".chuancai")
    database_url: str = ""  # empty: the embedded engine's
    reports_database_url: str = ""  # a replica for reports and statements; empty: the same database
    redis_url: str = ""  # empty: the embedded engine's
    # Opens identity and telephone numbers; None: seal.key in the data directory. One for all processes.
    seal_key_file: Path | None = None
    pool_connections_max: int = 8  # more only hurts on few cores
    lanes: Annotated[int, msgspec.Meta(ge=1, le=16)] = 2  # batches the desk has under way at once
    batch_commands_max: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 64
    waiting_commands_max: int = 10_000
    decide_attempts_max: int = 12
    log_level: str = "info"
    trusted_proxies: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()  # pages from elsewhere that may open the socket
    # Private networks in which webhooks may be, by plain http too; loopback is this machine.
    webhook_networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    # Where network printers may be; the default is what is private, and this machine.
    printer_networks: tuple[str, ...] = (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8",
        "fc00::/7", "fe80::/10", "::1/128",
    )  # fmt: skip
    clips_dir: Path | None = None  # recorded words: zh/水饺.wav; a sentence they cover is theirs
    voice_command: tuple[str, ...] = ()  # a voice of one's own; empty: espeak-ng when installed
    sms_key_file: Path | None = None  # telephone numbers at rest; None: made in the data directory
    sms_carriers: str = ""  # a TOML file (docs/carriers.md) or "paper"; empty: nothing is sent
    sms_routes: Path | None = None  # which kind of which brand by which; None: all by the first
    sms_lease_s: Annotated[float, msgspec.Meta(ge=1, le=600)] = 60.0  # half of it for the answer
    # From when they were accepted: a brand's word about its payments is taken for thirty days, so the
    # rows stay for longer; a carrier's for three.
    sms_numbers_kept_days: Annotated[int, msgspec.Meta(ge=4, le=3650)] = 30  # and texts
    sms_rows_kept_days: Annotated[int, msgspec.Meta(ge=35, le=3650)] = 180
    # A worker that died lets go of its printers after this; a paper may take so long to come out.
    press_lease_s: Annotated[float, msgspec.Meta(ge=1, le=600)] = 15.0
    press_done_s: Annotated[float, msgspec.Meta(ge=1, le=300)] = 20.0
    node_id: str = ""  # empty: minted at start
    process: str = ""  # what /metrics calls it; empty: web, or worker and its number
    # Who may read /metrics: this machine and private networks.
    metrics_networks: tuple[str, ...] = (
        "127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7",
    )  # fmt: skip

    @property
    def seal_key(self) -> Path:
        """Return where the key of sealed numbers lies (`server/sealed.py`)."""
        return self.seal_key_file or self.data_dir / "seal.key"


_PREFIX = "CHUANCAI_"
_PLAIN_NAMES = {"DATABASE_URL", "REPORTS_DATABASE_URL", "REDIS_URL"}
_LISTS = {
    "TLS_NAMES",
    "TRUSTED_PROXIES",
    "ORIGINS",
    "WEBHOOK_NETWORKS",
    "PRINTER_NETWORKS",
    "METRICS_NETWORKS",
    "VOICE_COMMAND",
}


def read_settings(environment: Mapping[str, str] | None = None, **given: object) -> Settings:
    """Return settings from `CHUANCAI_…` variables, `DATABASE_URL`, `REDIS_URL`; `given` wins.

    Raises `msgspec.ValidationError` with the field's name when a value has the wrong type.
    """
    env = os.environ if environment is None else environment
    raw: dict[str, object] = {}
    for field in msgspec.structs.fields(Settings):
        name = field.name.upper()
        value = env.get(_PREFIX + name) or (env.get(name) if name in _PLAIN_NAMES else None)
        if value is not None:
            raw[field.name] = value.split(",") if name in _LISTS else value
    raw |= {name: value for name, value in given.items() if value is not None}
    return msgspec.convert(raw, Settings, strict=False, dec_hook=lambda kind, value: kind(value))
