"""What is sealed can be found and opened again, by whoever has the key and by nobody else."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from server.sealed import KEY_BYTES, SealError, Sealing

PHONE = "8613800138000"


def test_what_was_sealed_comes_back(tmp_path: Path) -> None:
    """Another process with the same file opens and finds it; the text stands nowhere (R-000-10)."""
    one, other = Sealing(tmp_path / "seal.key"), Sealing(tmp_path / "seal.key")
    for text in (PHONE, "", "张三", "11010519491231002X", "x" * 500):
        sealed = one.seal(text, "phone")
        assert other.opened(sealed, "phone") == text
        assert other.seal(text, "phone") == sealed
        assert other.index(text, "phone") == one.index(text, "phone")
        assert not text or text.encode() not in sealed
    assert (tmp_path / "seal.key").stat().st_mode & 0o777 == 0o600


def test_purposes_and_keys_keep_worlds_apart(tmp_path: Path) -> None:
    """A number cannot be followed from one purpose to another, nor opened with another key."""
    one, stranger = Sealing(tmp_path / "a"), Sealing(tmp_path / "b")
    sealed = one.seal(PHONE, "phone")
    assert one.index(PHONE, "phone") != one.index(PHONE, "card 1")
    assert one.index(PHONE, "phone") != stranger.index(PHONE, "phone")
    for opener, what, purpose in (
        (stranger, sealed, "phone"),
        (one, sealed, "card 1"),
        (one, sealed[:-1] + bytes([sealed[-1] ^ 1]), "phone"),
        (one, sealed[:5], "phone"),
        (one, b"", "phone"),
    ):
        with pytest.raises(SealError):
            opener.opened(what, purpose)


def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    """Numbers sealed with half a key would be lost with the other half."""
    (tmp_path / "seal.key").write_bytes(b"short")
    with pytest.raises(SealError):
        Sealing(tmp_path / "seal.key").index(PHONE, "phone")


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    """Of many who find no key one makes it, and all use that one."""
    found: list[bytes] = []
    gate = threading.Barrier(8)

    def start() -> None:
        sealing = Sealing(tmp_path / "house" / "seal.key")
        gate.wait()
        found.append(sealing.index(PHONE, "phone"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [f.stat().st_size for f in (tmp_path / "house").iterdir()] == [KEY_BYTES]
