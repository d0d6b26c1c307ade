"""Where webhooks may be: public over TLS, private only where the house allows it."""

from __future__ import annotations

import pytest

from server.auth import read_networks
from server.errors import Refusal
from server.webhooks.address import URL_CHARS_MAX, check_url, may_reach

LOOPBACK = read_networks(["127.0.0.0/8", "::1/128"])


@pytest.mark.parametrize(
    ("url", "fine", "fine_with_loopback"),
    [
        ("https://till.example/hooks?shop=1", True, True),
        ("https://till.example:8443/", True, True),
        ("https://8.8.8.8/", True, True),
        ("https://[2606:4700:4700::1111]/", True, True),
        ("http://till.example/", False, False),
        ("http://8.8.8.8/", False, False),
        ("http://127.0.0.1:9000/", False, True),
        ("http://[::1]:9000/", False, True),
        ("http://localhost:9000/", False, True),
        ("https://localhost/", False, True),
        ("https://10.0.0.5/", False, False),
        ("https://192.168.1.5/", False, False),
        ("https://169.254.169.254/latest/meta-data", False, False),
        ("https://[::ffff:10.0.0.5]/", False, False),
        ("https://[64:ff9b::a00:5]/", False, False),
        ("https://[2002:a00:5::]/", False, False),
        ("https://[fe80::1%25eth0]/", False, False),
        ("https://0.0.0.0/", False, False),
        ("https://user:word@till.example/", False, False),
        ("https://till.example/#part", False, False),
        ("https://till.example:0/", False, False),
        ("https://till.example:99999/", False, False),
        ("https://", False, False),
        ("https://till.example/a b", False, False),
        ("https://till.example/\r\nHost: x", False, False),
        ("https://餐厅.example/", False, False),
        ("ftp://till.example/", False, False),
        ("gopher://127.0.0.1:6379/_FLUSHALL", False, False),
        ("//till.example/", False, False),
        ("https://till.example/" + "x" * URL_CHARS_MAX, False, False),
    ],
)
def test_which_urls_a_webhook_may_have(url: str, *, fine: bool, fine_with_loopback: bool) -> None:
    """Each URL is taken or refused as `bad_field` naming `url`, with and without loopback."""
    for allowed, expected in (((), fine), (LOOPBACK, fine_with_loopback)):
        if expected:
            check_url(url, allowed)
            continue
        with pytest.raises(Refusal) as refusal:
            check_url(url, allowed)
        assert (refusal.value.code, refusal.value.detail) == ("bad_field", {"field": "url"})


def test_a_looked_up_address_is_checked_like_a_written_one() -> None:
    """What a name leads to: public with TLS, or allowed; scoped and mapped addresses too."""
    assert may_reach("8.8.8.8", (), secure=True)
    assert not may_reach("8.8.8.8", (), secure=False)
    assert may_reach("127.0.0.1", LOOPBACK, secure=False)
    for inside in ("127.0.0.1", "10.1.2.3", "fe80::1%eth0", "::ffff:127.0.0.1", "224.0.0.1", "::"):
        assert not may_reach(inside, (), secure=True), inside
