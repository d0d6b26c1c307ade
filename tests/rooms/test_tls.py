"""HTTPS in a shop's network: who is trusted for what, files, the page for devices, renewal under load."""

from __future__ import annotations

import asyncio
import plistlib
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from grpclib.client import Channel
from websockets.asyncio.client import ClientConnection

from server.api.grpc import SecurePort, serve_grpc
from server.api.im_pb2 import SendImCallRequest
from server.clock import ManualClock, SystemClock
from server.doctor.finding import Machine
from server.doctor.windows import check_secure_context
from server.listening import with_tls
from server.settings import Settings
from server.tls.authority import make_authority, make_leaf, may_sign
from server.tls.keeping import AuthorityLostError, KeptCertificate, fingerprint, read_certificate
from server.tls.names import own_names
from tests.support.api_house import api_house
from tests.support.grpc_caller import GrpcCaller
from tests.support.secure_house import secure_house

HEARD_S_MAX = 10.0  # less than a heartbeat
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


async def answers(socket: ClientConnection) -> bool:
    """Return whether the house still speaks with this connection."""
    await (await socket.ping())
    return True


async def test_screens_and_sockets_are_served_by_https_beside_http(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """A board loads, a socket opens and is served by TLS; plain http stays (R-000-10)."""
    clock = ManualClock(SystemClock().now())
    async with secure_house(database_url, redis_url, tmp_path, clock) as house:
        async with httpx.AsyncClient(verify=house.trust) as http:
            assert (await http.get(f"{house.https}/kds/")).status_code == 200
            assert (await http.get(f"{house.http}/kds/")).status_code == 200
        async with house.waiter() as socket:
            assert await answers(socket)


async def test_a_device_by_tls_hears_everything_at_once(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """R-000-10: order by order, none waits in the house until the device says something."""
    clock = ManualClock(SystemClock().now())
    async with (
        secure_house(database_url, redis_url, tmp_path, clock) as house,
        house.waiter() as socket,
        asyncio.timeout(HEARD_S_MAX),
    ):
        for place_id in range(1, 8):
            await house.order(place_id)
            heard: dict[str, Any] = {"t": ""}
            while heard["t"] != "event":
                heard = msgspec.json.decode(await socket.recv())
            assert heard["event"]["order"]["place_id"] == place_id


async def test_a_renewal_drops_nobody(database_url: str, redis_url: str, tmp_path: Path) -> None:
    """Thirty days before its end the certificate is made anew: who is connected stays, who comes gets the new one."""
    clock = ManualClock(SystemClock().now() - timedelta(days=61))
    async with secure_house(database_url, redis_url, tmp_path, clock) as house:
        first = await house.serial()
        async with house.waiter() as socket:
            assert house.kept.look() is False
            clock.advance(seconds=61 * 86_400)
            assert house.kept.look() is True
            assert await house.serial() != first
            assert await answers(socket)
    other = KeptCertificate(tmp_path, clock)  # a second process reads what the first renewed
    assert (other.look(), other.look()) == (True, False)
    assert read_certificate(other.leaf_file) == read_certificate(house.kept.leaf_file)


async def test_the_page_installs_each_kind_of_device(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """A device on plain http finds the certificate, a profile, codes to scan and a print to compare."""
    clock = ManualClock(SystemClock().now())
    async with secure_house(database_url, redis_url, tmp_path, clock) as house:
        authority = read_certificate(house.kept.authority_file)
        assert authority is not None
        async with httpx.AsyncClient(base_url=house.http) as http:
            page = (await http.get("/install/", headers={"host": "till.local:8080"})).text
            crt = await http.get("/install/chuancai.crt")
            profile = plistlib.loads((await http.get("/install/chuancai.mobileconfig")).content)
            evil = (await http.get("/install/", headers={"host": '"><script>'})).text
        assert fingerprint(authority) in page
        assert f"https://till.local:{house.tls_port}/" in page
        assert page.count("<svg") == 2
        assert crt.headers["content-type"] == "application/x-x509-ca-cert"
        assert crt.content == authority.public_bytes(Encoding.DER)
        assert profile["PayloadContent"][0]["PayloadContent"] == crt.content
        assert "<script>" not in evil


async def test_grpc_comes_by_tls_and_a_renewal_drops_nobody(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """R-000-10, R-004-31: the house's own certificate, and the new one from the next handshake on."""
    clock = ManualClock(SystemClock().now() - timedelta(days=61))
    kept = KeptCertificate(tmp_path, clock)
    kept.look()
    trust = ssl.create_default_context(cafile=str(kept.authority_file))
    trust.set_alpn_protocols(["h2"])
    async with (
        api_house(database_url, redis_url) as house,
        serve_grpc(house.front, "127.0.0.1", 0, SecurePort(0, kept)) as bound,
    ):

        async def serial() -> int:
            _, writer = await asyncio.open_connection("127.0.0.1", bound.tls_port, ssl=trust)
            shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            writer.close()
            return x509.load_der_x509_certificate(shown).serial_number

        caller, call = await house.caller(), SendImCallRequest(shopId=1, event=1, Channels=[1])  # type: ignore[arg-type,list-item]
        first = await serial()
        async with Channel("127.0.0.1", bound.tls_port, ssl=trust) as channel:
            door = GrpcCaller(channel, bound.tls_port)
            assert (await door.send(caller, call)).code != "", (
                "it has no words: refused by the desk"
            )
            clock.advance(seconds=61 * 86_400)
            assert kept.look() is True
            assert await serial() != first
            assert await serial() == await serial()
            assert (await door.send(caller, call)).code != "", "who was connected still is"
        async with Channel("127.0.0.1", bound.port) as channel:
            assert (await GrpcCaller(channel, bound.port).send(caller, call)).code != ""
    assert "PRIVATE" not in repr(kept.served)


def test_with_tls_grpc_has_a_port_of_its_own_where_it_is_served() -> None:
    """`--tls` says it for both; a port that was set is kept, and without gRPC there is none."""
    cases = [
        ({}, False, (0, 0)),
        ({}, True, (8443, 0)),
        ({"grpc_port": 50051}, False, (0, 0)),
        ({"grpc_port": 50051}, True, (8443, 50443)),
        ({"grpc_port": 50051, "tls_port": 444}, False, (444, 50443)),
        ({"grpc_port": 50051, "grpc_tls_port": 445}, True, (8443, 445)),
    ]
    for given, wanted, ports in cases:
        found = with_tls(Settings(**given), wanted=wanted)  # type: ignore[arg-type]
        assert (found.tls_port, found.grpc_tls_port) == ports


def test_keys_are_their_owners_alone(tmp_path: Path) -> None:
    """Nobody else on the machine reads a key, and no key is in what is given away."""
    kept = KeptCertificate(tmp_path, ManualClock(NOON))
    kept.look()
    for name in ("authority.key", "machine.pem"):
        assert stat.S_IMODE((tmp_path / "tls" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700
    assert b"PRIVATE" not in kept.authority_file.read_bytes()


def test_the_authority_opens_no_bank(tmp_path: Path) -> None:
    """Who stole the key could not be taken for a site of the world: the certificate itself forbids it."""
    authority = make_authority(own_names(), NOON)
    wanted = own_names(("bank.example.com", "93.184.216.34", "till.lan", "192.168.7.7"))
    signed = may_sign(authority.certificate, wanted)
    assert "till.lan" in signed.hosts
    assert "192.168.7.7" in map(str, signed.addresses)
    assert "bank.example.com" not in signed.hosts
    assert "93.184.216.34" not in map(str, signed.addresses)
    forged = make_leaf(authority, wanted, NOON)
    store = x509.verification.Store([authority.certificate])
    builder = x509.verification.PolicyBuilder().store(store).time(NOON.replace(tzinfo=None))
    verifier = builder.build_server_verifier(x509.DNSName("bank.example.com"))
    with pytest.raises(x509.verification.VerificationError):
        verifier.verify(forged.certificate, [])
    honest = make_leaf(authority, signed, NOON)
    verifier = builder.build_server_verifier(x509.DNSName("till.lan"))
    assert verifier.verify(honest.certificate, [])


def test_a_name_that_cannot_be_one_is_refused() -> None:
    """What stands in the settings is looked at before anything is signed."""
    with pytest.raises(ValueError, match="neither a host name nor an address"):
        own_names(("all of *.them",))


def test_doctor_says_until_when_and_by_what_it_is_known(tmp_path: Path) -> None:
    """Whoever looks after the machine reads the fingerprint people compare, and hears a month ahead of an end."""
    clock = ManualClock(NOON)
    kept = KeptCertificate(tmp_path, clock)
    kept.look()
    authority = read_certificate(kept.authority_file)
    assert authority is not None
    machine = Machine(tmp_path, "0.0.0.0", 8080, clock=clock, tls_port=8443)  # noqa: S104
    (found,) = check_secure_context(machine)
    assert found.level == "ok"
    assert fingerprint(authority) in found.says.en
    clock.advance(seconds=70 * 86_400)
    assert [one.level for one in check_secure_context(machine)] == ["warn"]
    clock.advance(seconds=30 * 86_400)
    assert [one.level for one in check_secure_context(machine)] == ["fail"]


def test_an_authority_is_never_made_anew(tmp_path: Path) -> None:
    """Its key put away, the house goes on while its certificate lasts, and then says what is missing."""
    clock = ManualClock(SystemClock().now())
    KeptCertificate(tmp_path, clock).look()
    key = tmp_path / "tls" / "authority.key"
    away = key.rename(tmp_path / "away.key")
    authority = read_certificate(KeptCertificate.authority_file_in(tmp_path))
    assert KeptCertificate(tmp_path, clock).look() is True
    clock.advance(seconds=91 * 86_400)
    with pytest.raises(AuthorityLostError, match=r"authority\.key is missing"):
        KeptCertificate(tmp_path, clock).look()
    assert read_certificate(KeptCertificate.authority_file_in(tmp_path)) == authority
    away.rename(key)
    assert KeptCertificate(tmp_path, clock).look() is True
    assert read_certificate(KeptCertificate.authority_file_in(tmp_path)) == authority
