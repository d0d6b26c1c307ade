"""`/install/`: how a device learns to trust this house, and where it finds its screen; by kind of device.

Served on plain http too, because a device cannot ask by HTTPS for what makes it trust HTTPS: people
compare the fingerprint. Refuses to give away anything but the authority's certificate.
"""

from __future__ import annotations

import html
import plistlib
import uuid
from pathlib import Path
from string import Template

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from server.api.pages import PAGE_HEADERS, Missing
from server.api.reached import code_drawn, host_and_port
from server.settings import Settings
from server.tls.keeping import KeptCertificate, fingerprint, read_certificate

PAGE = Template((Path(__file__).parent / "install_page.html").read_text("utf-8"))
CERTIFICATE, PROFILE = "/install/chuancai.crt", "/install/chuancai.mobileconfig"


class Install:
    """The pages for whoever sets devices up."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def routes(self) -> list[BaseRoute]:
        """Return the routes; without HTTPS there is nothing to install."""
        if not self._settings.tls_port:
            return [Route("/install/", Missing())]
        return [
            Route("/install", RedirectResponse("/install/", 308, PAGE_HEADERS)),
            Route("/install/", self.page),
            Route(CERTIFICATE, self.certificate),
            Route(PROFILE, self.profile),
        ]

    async def page(self, request: Request) -> Response:
        """Return the page, with links and codes that open on the device that scans them."""
        authority = self._authority()
        host, _ = host_and_port(request.headers.get("host", ""), self._settings)
        plain = f"http://{host}:{self._settings.port}"
        secure = f"https://{host}:{self._settings.tls_port}/"
        words = {
            "trust_url": plain + CERTIFICATE,
            "profile_url": plain + PROFILE,
            "open_url": secure,
            "fingerprint": fingerprint(authority),
            "until": f"{authority.not_valid_after_utc:%Y-%m-%d}",
        }
        escaped = {name: html.escape(word) for name, word in words.items()}
        codes = {"trust_qr": _qr(words["trust_url"]), "open_qr": _qr(secure)}
        page = PAGE.substitute(escaped | codes)
        return Response(page, headers=PAGE_HEADERS, media_type="text/html; charset=utf-8")

    async def certificate(self, _: Request) -> Response:
        """Return the authority's certificate, as Android and Windows take it."""
        content = self._authority().public_bytes(Encoding.DER)
        headers = {**PAGE_HEADERS, "content-disposition": 'attachment; filename="chuancai.crt"'}
        return Response(content, headers=headers, media_type="application/x-x509-ca-cert")

    async def profile(self, _: Request) -> Response:
        """Return the certificate as a profile, as iPads take it."""
        authority = self._authority()
        content = authority.public_bytes(Encoding.DER)
        name = uuid.uuid5(uuid.NAMESPACE_OID, fingerprint(authority))
        inside = {
            "PayloadType": "com.apple.security.root",
            "PayloadVersion": 1,
            "PayloadIdentifier": f"chuancai.authority.{name}",
            "PayloadUUID": str(uuid.uuid5(name, "certificate")).upper(),
            "PayloadDisplayName": "传菜 Chuancai",
            "PayloadContent": content,
        }
        profile = {
            "PayloadType": "Configuration",
            "PayloadVersion": 1,
            "PayloadIdentifier": f"chuancai.{name}",
            "PayloadUUID": str(name).upper(),
            "PayloadDisplayName": "传菜 Chuancai",
            "PayloadDescription": "信任本店的屏幕 · Trust the screens of this house",
            "PayloadContent": [inside],
        }
        kind = "application/x-apple-aspen-config"
        return Response(plistlib.dumps(profile), headers=PAGE_HEADERS, media_type=kind)

    def _authority(self) -> x509.Certificate:
        file = KeptCertificate.authority_file_in(self._settings.data_dir)
        authority = read_certificate(file)
        assert authority is not None, "it was made before anybody listened"
        return authority


def _qr(text: str) -> str:
    return code_drawn(text).svg_inline(border=4, light="#fff", omitsize=True)
