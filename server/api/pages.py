"""Serves the screens and the two pages of the house (`/` and `/docs`) as the files they are.

Refuses to build or bundle: what is written is what runs. A page may load only from this house, so
a menu note that smuggles in a script finds it does not run.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePath

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Receive, Scope, Send

from server.api.requests import read_request_id, refused, send_written
from server.errors import Refusal

# ws: and wss: by name, because pads with old browsers do not count them as 'self'.
CONTENT_SECURITY_POLICY = "; ".join(  # noqa: FLY002 - one line per rule
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "connect-src 'self' ws: wss:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
VERSION_HEADER = "x-chuancai-version"
PAGE_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    # Always asked for, rarely sent: a screen that reloads gets what is installed now.
    "cache-control": "no-cache",
}

# Said here, because what a machine's own tables say differs.
MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".m4a": "audio/mp4",
    ".mjs": "text/javascript",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wav": "audio/wav",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}

CLIENTS = Path(__file__).parents[2] / "clients"
SITE = Path(__file__).parent / "site"

_FOLDERS = {
    "/kds": "kds-web",
    "/pad": "pad",
    "/cashier": "cashier",
    "/screen": "call-screen",
    "/register": "register",
    "/monitor": "monitor",
    "/login": "staff",
    "/console": "console",
    "/link": "link",
}


class Files(StaticFiles):
    """A folder of files with our headers; a directory answers with its index.html."""

    version = ""  # of all screens; a page that sees another one than its own loads itself anew

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Return a file, or 304 when the browser has it."""
        kind = MEDIA_TYPES.get(PurePath(full_path).suffix.lower())
        if kind is None:
            raise HTTPException(404)  # a folder of screens has nothing else to give away
        # The second for the page itself, which cannot read its own headers.
        headers = PAGE_HEADERS | (
            {VERSION_HEADER: self.version, "server-timing": f'screens;desc="{self.version}"'}
            if self.version
            else {}
        )
        response = FileResponse(full_path, status_code, headers, kind, stat_result=stat_result)
        if self.version:
            # A page that did not change says its version anew: what is asked again after an update
            # must not be answered with 304, which leaves the old version's word standing.
            etag = response.headers["etag"].strip('"')
            response.headers["etag"] = f'"{etag}-{self.version}"'
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; what is not there is refused like everything else."""
        try:
            await super().__call__(scope, receive, send)
        except HTTPException as error:
            code = "method_not_allowed" if error.status_code == 405 else "not_found"  # noqa: PLR2004
            await send_refusal(code, scope, send)


class Page:
    """One file at one address."""

    def __init__(self, files: Files, name: str) -> None:
        self._files = files
        self._name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the file."""
        inside = {**scope, "path": f"/{self._name}", "root_path": ""}
        await self._files(inside, receive, send)


class Shell:
    """What a screen needs to open without the house: its folder and what all screens share."""

    def __init__(self, clients: Path, version: str) -> None:
        self._version = version
        self._files = {
            path.strip("/"): [
                name for part in (path, "/link") for name in _listed(part, clients / _FOLDERS[part])
            ]
            for path in _FOLDERS
        }

    async def listed(self, request: Request) -> Response:
        """Return the version and every address of one screen."""
        files = self._files.get(request.query_params.get("app", ""))
        if files is None:
            written = refused(Refusal("not_found"), read_request_id(request.headers))
            return Response(written.body, written.status, written.headers)
        return JSONResponse({"version": self._version, "files": files}, headers=PAGE_HEADERS)


def _listed(path: str, folder: Path) -> list[str]:
    """Return the addresses of what a browser loads from a folder; its index by the folder's own."""
    found = sorted(
        f"{path}/{file.relative_to(folder).as_posix()}"
        for file in folder.rglob("*")
        if file.suffix in MEDIA_TYPES and file.name != "shell-worker.js"
    )
    return [f"{path}/" if name == f"{path}/index.html" else name for name in found]


class Missing:
    """Answers for every address that is not ours."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse."""
        del receive
        await send_refusal("not_found", scope, send)


async def send_refusal(code: str, scope: Scope, send: Send) -> None:
    """Answer a request with problem+json."""
    request_id = read_request_id(Headers(scope=scope))
    written = refused(Refusal(code), request_id)
    await send_written(send, written, request_id, bare=scope["method"] == "HEAD")


def page_routes(clients: Path = CLIENTS) -> list[BaseRoute]:
    """Return the routes of all pages, and last of all what answers for the rest."""
    site = Files(directory=SITE)
    routes: list[BaseRoute] = [
        Route("/", Page(site, "index.html")),
        Route("/docs", Page(site, "docs.html")),
        Mount("/site", site),
    ]
    version = screens_version(clients)
    for path, folder in _FOLDERS.items():
        files = Files(directory=clients / folder, html=True)
        files.version = version
        routes.append(Route(path, _with_slash(path)))
        routes.append(Mount(path, files))
    link = Files(directory=clients / "link")
    return [
        *routes,
        Route("/shell.js", Page(link, "shell-worker.js")),
        Route("/shell.json", Shell(clients, version).listed),
        Route("/{rest:path}", Missing()),
    ]


def screens_version(clients: Path) -> str:
    """Return a word that changes when any file of the screens does."""
    digest = hashlib.sha256()
    for file in sorted(path for path in clients.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(clients)} {file.stat().st_size}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _with_slash(path: str) -> RedirectResponse:
    return RedirectResponse(f"{path}/", 308, PAGE_HEADERS)
