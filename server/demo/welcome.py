"""What `chuancai run` says when it stands: where to look, and how to see life in it."""

from __future__ import annotations

from server.demo import menu as demo
from server.office import open_office
from server.pairing.pairing import Wish
from server.settings import Settings
from server.tls.names import lan_addresses, own_names

# The devices whose addresses are printed: enough for the first walk through the house.
SHOWN = (1, 2, 6, 8, 11, 12)
PAGES = {
    "kitchen": "kds",
    "waiter": "pad",
    "guest": "pad",
    "cashier": "cashier",
    "call_screen": "screen",
}


def base_url(settings: Settings) -> str:
    """Return the address a browser on this machine opens."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{host}:{settings.port}"


async def greeting(settings: Settings) -> str:
    """Make a pairing code for each shown demo device and return the text to print."""
    lines = ["", "  Chuancai 传菜 is running.  Ctrl-C stops it.", ""]
    async with open_office(settings) as office:
        for device in demo.DEVICES:
            if device.id not in SHOWN:
                continue
            wish = Wish(
                name=device.name,
                kind=device.kind,
                place_id=device.place_id,
                station_id=device.station_id,
                device_id=device.id,
            )
            made = await office.pairing.make_code(office.manager(demo.SHOP.id), wish)
            url = f"{base_url(settings)}/{PAGES[device.kind]}/?as={device.id}#code={made.code}"
            lines.append(f"  {device.kind:<11} {device.name:<14} {url}")
    return "\n".join(
        [
            *lines,
            "",
            "  Each link pairs one browser, within ten minutes, once; `chuancai pair` makes more.",
            "  See life in it:  .venv/bin/chuancai demo-traffic",
            f"  Kitchen tickets on paper: {settings.data_dir / 'paper' / demo.PRINTER.address}/",
            f"  API docs: {base_url(settings)}/docs",
            *_install(settings),
            "",
        ]
    )


def _install(settings: Settings) -> list[str]:
    """Say where devices are installed for HTTPS."""
    if not settings.tls_port:
        return []
    near = next(iter(lan_addresses(own_names(settings.tls_names))), "127.0.0.1")
    here = settings.host in {"0.0.0.0", "::"}  # noqa: S104
    host = near if here else settings.host
    return [
        f"  HTTPS: https://{host}:{settings.tls_port}/ after http://{host}:{settings.port}/install/"
    ]
