"""Makes the authority of a house and what it signs.

Whoever trusts this authority trusts it for private addresses, `.local`, `.lan` and the names of this
machine only: that stands in the certificate itself (name constraints), so a stolen key opens no bank.
Refuses to store anything.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from server.tls.names import Names

AUTHORITY_KEPT = timedelta(days=3_650)  # devices are given it by hand: once must be enough
LEAF_KEPT = timedelta(days=90)
BEFORE = timedelta(days=2)  # a pad whose clock is a day slow opens the page, too
SIGNED_HOSTS = ("localhost", "local", "lan", "home.arpa", "internal")
SIGNED_NETWORKS = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8",
    "::1/128", "fc00::/7", "fe80::/10",
)  # fmt: skip


class Pair(NamedTuple):
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def __repr__(self) -> str:
        return f"Pair({self.certificate.serial_number:x})"

    def key_pem(self) -> bytes:
        """Return the key; never log it."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def certificate_pem(self) -> bytes:
        """Return the certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def make_authority(names: Names, now: datetime) -> Pair:
    """Make an authority that may sign private addresses and these names, and nothing below it."""
    key = ec.generate_private_key(ec.SECP256R1())
    host = next((one for one in names.hosts if one != "localhost"), "localhost")
    name = x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Chuancai"),
        x509.NameAttribute(NameOID.COMMON_NAME, f"Chuancai {host} {now:%Y-%m-%d}"[:64]),
    ])  # fmt: skip
    outside = [x509.DNSName(one) for one in names.hosts if not _within(one, SIGNED_HOSTS)]
    networks = [ipaddress.ip_network(one) for one in SIGNED_NETWORKS]
    networks += [
        ipaddress.ip_network(one)
        for one in names.addresses
        if not any(one in network for network in networks)
    ]
    permitted: list[x509.GeneralName] = [
        *(x509.DNSName(one) for one in SIGNED_HOSTS), *outside,
        *(x509.IPAddress(network) for network in networks),
    ]  # fmt: skip
    certificate = (
        _begun(name, name, key, now, AUTHORITY_KEPT)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Pair(certificate, key)


def may_sign(authority: x509.Certificate, names: Names) -> Names:
    """Return those of the names that this authority may sign."""
    said = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    permitted = said.permitted_subtrees or []
    hosts = [one.value for one in permitted if isinstance(one, x509.DNSName)]
    networks = [
        ipaddress.ip_network(one.value) for one in permitted if isinstance(one, x509.IPAddress)
    ]
    return Names(
        tuple(one for one in names.hosts if _within(one, hosts)),
        tuple(one for one in names.addresses if any(one in network for network in networks)),
    )


def make_leaf(authority: Pair, names: Names, now: datetime) -> Pair:
    """Make this machine's certificate for `LEAF_KEPT`; `names` are those `may_sign` returned."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Chuancai")])
    alternatives: list[x509.GeneralName] = [
        *(x509.DNSName(one) for one in names.hosts),
        *(x509.IPAddress(one) for one in names.addresses),
    ]
    issuer_key = authority.key.public_key()
    certificate = (
        _begun(name, authority.certificate.subject, key, now, LEAF_KEPT)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False
        )
        .sign(authority.key, hashes.SHA256())
    )
    return Pair(certificate, key)


def names_of(leaf: x509.Certificate) -> Names:
    """Return for whom a certificate is."""
    said = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    hosts = said.get_values_for_type(x509.DNSName)
    listed = said.get_values_for_type(x509.IPAddress)
    single = (ipaddress.IPv4Address, ipaddress.IPv6Address)
    return Names(tuple(hosts), tuple(one for one in listed if isinstance(one, single)))


def _begun(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime,
    kept: timedelta,
) -> x509.CertificateBuilder:  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEFORE)
        .not_valid_after(now + kept)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates,
        crl_sign=signs_certificates, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _within(host: str, domains: tuple[str, ...] | list[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
