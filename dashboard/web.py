"""What stands between the network and Streamlit: security headers, packing of scripts.

Must not hold state about viewers. Wraps pages and websocket alike.
"""

import base64
import gzip
import hashlib
import re
from collections.abc import MutableMapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

FRONT = Path(streamlit.__file__).parent / "static"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_PACKED = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_SMALLEST = 1024
_FOR_EVER = "public, max-age=31536000, immutable"
# Streamlit's second interface, for programs, knows nothing of our roles; no page takes a file; its
# own numbers name what the process holds.
_CLOSED = ("/_stcore/agent", "/_stcore/upload_file", "/_stcore/metrics")
_STATIC = ("/static/", "/static-pack/", "/ui/", "/app/static/", "/component/")
# Files that pages hand over, pictures with figures in them: whatever Streamlit says of them.
_PRIVATE = ("/media/",)
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9a-fA-F:]{2,45}\](:[0-9]{1,5})?")
_ONE_YEAR = "max-age=31536000"


@lru_cache(maxsize=16)
def content_policy(host: str = "") -> str:
    """Return the Content-Security-Policy: this server only.

    `blob:` is how Streamlit starts component scripts of ours; inline styles are how it styles.

    Args:
        host: the name the browser knows this server by; its websockets are named, since not every
            browser counts them as `'self'`.
    """
    page = (FRONT / "index.html").read_text(encoding="utf-8")
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in _INLINE.findall(page)
    )
    sockets = f" ws://{host} wss://{host}" if host else ""
    parts = (
        "default-src 'self'",
        f"script-src 'self' blob: {hashes}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        f"connect-src 'self'{sockets}",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
    return "; ".join(parts)


def security_headers(scope: Scope) -> dict[str, str]:
    """Return the headers that the answer to a request carries."""
    given = Headers(scope=scope).get("host", "")
    # Whoever writes a host of their own must not fill the cache, nor the policy.
    policy = content_policy(given) if _HOST.fullmatch(given) else content_policy()
    secure = {"Strict-Transport-Security": _ONE_YEAR} if scope.get("scheme") == "https" else {}
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "SAMEORIGIN",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        **secure,
    }


def complete(scope: Scope, headers: MutableHeaders) -> None:
    """Add what every answer carries: safety, and that nobody keeps a copy of what is not static."""
    for name, value in security_headers(scope).items():
        headers[name] = value
    path = str(scope["path"])
    is_kept = headers.get("cache-control", "no-cache") != "no-cache"
    if not path.startswith(_STATIC) and (path.startswith(_PRIVATE) or not is_kept):
        headers["Cache-Control"] = "no-store"
    if scope.get("scheme") == "https":
        cookies = headers.getlist("set-cookie")
        del headers["set-cookie"]
        for cookie in cookies:
            ends = cookie if "secure" in cookie.lower().split("; ") else f"{cookie}; Secure"
            headers.append("set-cookie", ends)


class Guard:
    """Adds the security headers and refuses what is closed, and sockets of other sites."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or websocket."""
        if scope["type"] == "websocket" and not _is_own(Headers(scope=scope)):
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"].startswith(_CLOSED):
            await _answer(send, status=404, body=b"", headers=security_headers(scope))
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                complete(scope, MutableHeaders(scope=message))
            await send(message)

        await self.app(scope, receive, with_headers)


def _is_own(headers: Headers) -> bool:
    """Return whether a socket is opened by a page of this server; a program says no origin.

    Not asked of Streamlit: for a strange origin it looks for the machine's external address on the
    internet, in the event loop, each time: one socket would hold everybody up.
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
        name = parts.hostname
    except ValueError:
        return False
    if parts.netloc and parts.netloc == headers.get("host", ""):
        return True
    # A proxy that asks under another name: the one that browsers know is set by whoever runs it.
    is_named = config.is_manually_set("browser.serverAddress")
    return is_named and name == config.get_option("browser.serverAddress")


class PackedScripts:
    """Serves Streamlit's scripts packed; each is packed once and kept."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a packed script, or hand the request on."""
        packed = _packed_script(scope) if scope["type"] == "http" else None
        if packed is None:
            await self.app(scope, receive, send)
            return
        body, media_type = packed
        headers = {
            "Content-Type": media_type,
            "Content-Encoding": "gzip",
            "Vary": "Accept-Encoding",
            "Cache-Control": _FOR_EVER,
            **security_headers(scope),
        }
        await _answer(send, status=200, body=body, headers=headers)


def _packed_script(scope: MutableMapping[str, Any]) -> tuple[bytes, str] | None:
    path = str(scope["path"])
    if scope["method"] != "GET" or not path.startswith("/static/"):
        return None
    if "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
        return None
    return packed_file(path.removeprefix("/static/"))


@cache
def packed_file(name: str) -> tuple[bytes, str] | None:
    """Return one of Streamlit's scripts or styles, packed, and its type; None for anything else."""
    folder = (FRONT / "static").resolve()
    path = (folder / name).resolve()
    media_type = _PACKED.get(path.suffix)
    if media_type is None or not path.is_relative_to(folder) or not path.is_file():
        return None
    body = path.read_bytes()
    if len(body) < _SMALLEST:
        return None
    return gzip.compress(body, compresslevel=6, mtime=0), media_type


async def _answer(send: Send, *, status: int, body: bytes, headers: dict[str, str]) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
