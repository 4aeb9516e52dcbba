"""What stands between the network and Streamlit: security headers, packing of scripts.

Must not hold state about viewers. Wraps pages and websocket alike.
"""

import base64
import gzip
import hashlib
import re
from collections.abc import MutableMapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FRONT = Path(streamlit.__file__).parent / "static"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_PACKED = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_SMALLEST = 1024
_FOR_EVER = "public, max-age=31536000, immutable"
# Streamlit's second interface, for programs, knows nothing of our roles.
_CLOSED = ("/_stcore/agent",)


@cache
def content_policy() -> str:
    """Return the Content-Security-Policy: this server only.

    `blob:` is how Streamlit starts component scripts of ours; inline styles are how it styles.
    """
    page = (FRONT / "index.html").read_text(encoding="utf-8")
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in _INLINE.findall(page)
    )
    parts = (
        "default-src 'self'",
        f"script-src 'self' blob: {hashes}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
    return "; ".join(parts)


def security_headers() -> dict[str, str]:
    """Return the headers that every answer carries."""
    return {
        "Content-Security-Policy": content_policy(),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "SAMEORIGIN",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


class Guard:
    """Adds the security headers and refuses what is closed."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or websocket."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"].startswith(_CLOSED):
            await _answer(send, status=404, body=b"", headers=security_headers())
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in security_headers().items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, with_headers)


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
            **security_headers(),
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
