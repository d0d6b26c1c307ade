"""Where and how to listen, as the command line is asked it. Refuses to listen."""

from __future__ import annotations

from collections.abc import Callable

import click
import msgspec

from server.settings import Settings

TLS_PORT = 8443
GRPC_TLS_PORT = 50443


def web_options(command: Callable[..., None]) -> Callable[..., None]:
    """Where and how to listen, for `run` and `serve`."""
    for option in (
        click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True),
        click.option(
            "--tls",
            is_flag=True,
            help="Serve HTTPS too (port 8443), and gRPC over TLS (50443) beside --grpc-port; see /install/.",
        ),
        click.option("--grpc-port", type=int, help="Serve SendImCall over gRPC as well."),
        click.option("--port", type=int),
        click.option("--host", help="Address to listen on; 0.0.0.0 for the local network."),
    ):
        command = option(command)
    return command


def with_tls(settings: Settings, *, wanted: bool) -> Settings:
    """Return settings that listen for HTTPS, when it is wanted or was set; for gRPC as well where it is served."""
    port = settings.tls_port or (TLS_PORT if wanted else 0)
    grpc_port = settings.grpc_tls_port or (GRPC_TLS_PORT if port and settings.grpc_port else 0)
    return msgspec.structs.replace(settings, tls_port=port, grpc_tls_port=grpc_port)
