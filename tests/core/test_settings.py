"""Settings are read from the environment as the documents say."""

from __future__ import annotations

import pytest

from server.settings import read_settings


@pytest.mark.parametrize(
    "name", ["trusted_proxies", "webhook_networks", "printer_networks", "metrics_networks"]
)
def test_networks_are_lists_with_commas(name: str) -> None:
    """R-000-16: who may come, and where the house may go, can be said in the environment."""
    settings = read_settings({f"CHUANCAI_{name.upper()}": "10.1.0.0/16,127.0.0.0/8"})
    assert getattr(settings, name) == ("10.1.0.0/16", "127.0.0.0/8")
