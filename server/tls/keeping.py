"""Keeps a machine's certificate: on disk, in the running TLS context, and in time.

A context that is renewed serves the new certificate from the next handshake on; devices that are
connected notice nothing. Several processes share the files: one renews, the others read. Keys are
readable by their owner only. Refuses to renew the authority: that is a matter for people.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from server.clock import Clock
from server.tls.authority import Pair, make_authority, make_leaf, may_sign, names_of
from server.tls.names import Names, own_names

RENEW_BEFORE = timedelta(days=30)
_KEY_BEGINS = b"-----BEGIN PRIVATE KEY-----"
LOOK_S = 60.0  # a router that gives this machine another address is noticed within this

_log = structlog.get_logger(__name__)


class AuthorityLostError(OSError):
    """The authority's certificate is there, its key is not, and a new certificate is needed."""

    def __init__(self, place: Path) -> None:
        super().__init__(
            f"{place / 'authority.key'} is missing. Put it back from where it is kept; or remove {place}"
            " to begin anew, and install every device again."
        )


class Served(NamedTuple):
    """What is shown at a handshake, in PEM: the key, never to be logged, and the chain from this machine on."""

    key: bytes
    chain: bytes

    def __repr__(self) -> str:
        return "Served(…)"


class KeptCertificate:
    """The certificate of this machine in `data_dir`/tls; `names`: further ones it is opened by."""

    def __init__(self, data_dir: Path, clock: Clock, names: tuple[str, ...] = ()) -> None:
        self._place = data_dir / "tls"
        self.authority_file = self.authority_file_in(data_dir)
        self.leaf_file = self.leaf_file_in(data_dir)
        self._clock = clock
        self._given = names
        self._loaded: bytes = b""
        self._served: Served | None = None
        self._unsigned: tuple[str, ...] = ()
        self._told_key_missing = False  # that there is no key to sign with
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])

    @staticmethod
    def authority_file_in(data_dir: Path) -> Path:
        """Return where the certificate lies that devices are to trust; it is no secret."""
        return data_dir / "tls" / "authority.pem"

    @staticmethod
    def leaf_file_in(data_dir: Path) -> Path:
        """Return where this machine's certificate lies, with its key."""
        return data_dir / "tls" / "machine.pem"

    @property
    def served(self) -> Served:
        """Return what the context serves, for a library that does not take a context; `look` first."""
        assert self._served is not None, "nobody looked yet"
        return self._served

    def look(self, *, wait: bool = True) -> bool:
        """Make, renew or read what is needed; return whether the context was given something new.

        `wait` false: another process that looks, or was stopped while it did, is an `OSError`.

        Raises `OSError` when the files cannot be written, `ValueError` when they cannot be read, and
        `AuthorityLostError` when a new certificate is needed and nobody can sign it.
        """
        names = own_names(self._given)
        with self._alone(wait=wait):
            leaf = read_certificate(self.leaf_file)
            authority = self._authority(names)
            if authority is None:
                if leaf is None or leaf.not_valid_after_utc <= self._clock.now():
                    raise AuthorityLostError(self._place)
                if not self._told_key_missing:
                    until = f"{leaf.not_valid_after_utc:%Y-%m-%d}"
                    _log.error("authority_key_missing", until=until)
                self._told_key_missing = True
            else:
                leaf = self._kept(leaf, authority, names)
            finger = leaf.fingerprint(hashes.SHA256())
            if finger == self._loaded:
                return False
            self.context.load_cert_chain(self.leaf_file)
            chain, begin, key = self.leaf_file.read_bytes().partition(_KEY_BEGINS)
            self._served = Served(begin + key, chain)
        self._loaded = finger
        return True

    def _kept(
        self, leaf: x509.Certificate | None, authority: Pair, names: Names
    ) -> x509.Certificate:
        """Return the certificate to serve, made anew when it is time."""
        wanted = may_sign(authority.certificate, names)
        self._say_unsigned(names, wanted)
        if leaf is not None and not self._is_over(leaf, wanted):
            return leaf
        made = make_leaf(authority, wanted, self._clock.now())
        chain = made.certificate_pem() + authority.certificate_pem() + made.key_pem()
        _write(self.leaf_file, chain, 0o600)
        _log.info("certificate_made", until=f"{made.certificate.not_valid_after_utc:%Y-%m-%d}")
        return made.certificate

    async def keep(self) -> None:
        """Look once a minute until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                self.look(wait=False)
            except (OSError, ValueError) as error:
                # The certificate that is served goes on; `doctor` says when it ends.
                _log.error("certificate_not_kept", error=type(error).__name__)

    def _is_over(self, leaf: x509.Certificate, wanted: Names) -> bool:
        left = leaf.not_valid_after_utc - self._clock.now()
        known = names_of(leaf)
        missing = {*wanted.hosts, *wanted.addresses} - {*known.hosts, *known.addresses}
        return left <= RENEW_BEFORE or bool(missing) or not self._is_ours(leaf)

    def _is_ours(self, leaf: x509.Certificate) -> bool:
        authority = read_certificate(self.authority_file)
        try:
            leaf.verify_directly_issued_by(authority)  # type: ignore[arg-type]
        except (InvalidSignature, TypeError, ValueError):
            return False
        return True

    def _authority(self, names: Names) -> Pair | None:
        """Return who signs, made the first time; None when its key lies elsewhere.

        Never made anew: every device that was installed would be locked out.
        """
        key_file = self._place / "authority.key"
        certificate = read_certificate(self.authority_file)
        if certificate is not None:
            if not key_file.exists():
                return None
            try:
                key = serialization.load_pem_private_key(key_file.read_bytes(), None)
            except TypeError as error:  # it has a password
                raise ValueError("authority.key is locked with a password") from error
            if not isinstance(key, ec.EllipticCurvePrivateKey):
                raise ValueError("authority.key is not a key of ours")
            return Pair(certificate, key)
        made = make_authority(names, self._clock.now())
        _write(key_file, made.key_pem(), 0o600)
        _write(self.authority_file, made.certificate_pem(), 0o644)
        _log.info("authority_made", fingerprint=fingerprint(made.certificate))
        return made

    def _say_unsigned(self, names: Names, wanted: Names) -> None:
        unsigned = tuple(
            str(one)
            for one in (*names.hosts, *names.addresses)
            if one not in {*wanted.hosts, *wanted.addresses}
        )
        if unsigned != self._unsigned:
            _log.warning("names_not_signed", names=unsigned)
        self._unsigned = unsigned

    @contextmanager
    def _alone(self, *, wait: bool) -> Iterator[None]:
        self._place.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._place / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield


def read_certificate(file: Path) -> x509.Certificate | None:
    """Return the first certificate of a file, None when there is none. Raises `ValueError`."""
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except FileNotFoundError:
        return None


def fingerprint(certificate: x509.Certificate) -> str:
    """Return SHA-256 as people compare it: pairs of hexadecimal digits with colons."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _write(file: Path, content: bytes, mode: int) -> None:
    """Write whole or not at all; a key is never readable by others, not even for a moment."""
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
