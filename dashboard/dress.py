"""Streamlit's own document, with our style sheet, icon, name and the reader's language in it.

The sheet is there before the first element is drawn, is packed, and is kept by the browser: given
by the page's script it came with the elements, after they had been drawn without it. It stands
last in the document, as what a script gives does: rules of the same weight are ours.

The scripts of the elements that every page has are asked for at once, not when the first of each
kind arrives: until then a bar of one height stands in its place, and the page jumps.

An icon that the page's script gives is a file of its session: it may be gone when the browser asks.
"""

import gzip
import re
from functools import cache
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import assets
from dashboard.i18n import DEFAULT, LANGUAGES, translator
from dashboard.web import FRONT

SHEET, ICON = "dashboard.css", "icon.png"
ELEMENTS = ("Html", "BidiComponent", "Selectbox", "ButtonGroup", "Checkbox", "Button", "PageLink",
            "DownloadButton")  # fmt: skip
"""Streamlit's elements above the fold of our pages."""
_SCRIPTS = FRONT / "static" / "js"
_IMPORTED = re.compile(r"""(?:from|import)\s*["']\./(?P<name>[\w.-]+\.js)["']""")
_ROOT = b'<div id="root"></div>'
_ICON = re.compile(rb'(<link rel="shortcut icon" href=")[^"]*')
_LANGUAGE = re.compile(rb'<html lang="[a-z]+"')
_TITLE = re.compile(rb"<title>[^<]*</title>")


def dressed(page: bytes, *, language: str) -> bytes:
    """Return Streamlit's document as our pages need it; any other as it is.

    Args:
        page: an HTML document.
        language: what its reader reads.
    """
    if _ROOT not in page:
        return page
    sheet = f'{_ROOT.decode()}<link rel="stylesheet" href="{assets.ui_url(SHEET)}">'
    name = translator(language)("app.name")
    page = page.replace(_ROOT, sheet.encode(), 1)
    page = page.replace(b"</head>", _early(page).encode() + b"</head>", 1)
    page = _ICON.sub(rb"\g<1>" + assets.ui_url(ICON).encode(), page, count=1)
    page = _LANGUAGE.sub(f'<html lang="{language}"'.encode(), page, count=1)
    return _TITLE.sub(f"<title>{name}</title>".encode(), page, count=1)


def _early(page: bytes) -> str:
    asked = (name for name in scripts_of(ELEMENTS) if name.encode() not in page)
    return "".join(
        f'<link rel="modulepreload" crossorigin href="/static/js/{name}">' for name in asked
    )


@cache
def scripts_of(elements: tuple[str, ...]) -> tuple[str, ...]:
    """Return the file names of elements' scripts and of all that they import, each once."""
    found: dict[str, None] = {}
    waiting = [path.name for one in elements for path in sorted(_SCRIPTS.glob(f"{one}.*.js"))]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            text = (_SCRIPTS / name).read_text(encoding="utf-8")
            waiting += [match["name"] for match in _IMPORTED.finditer(text)]
    return tuple(found)


class Dressed:
    """Hands the browser Streamlit's document dressed."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is not a document goes through untouched."""
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self.app(scope, receive, send)
            return
        started: list[Message] = []
        body = bytearray()

        async def collected(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_document(message):
                started.append(message)
            elif not started:
                await send(message)
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    await _finish(started[0], bytes(body), scope, send)

        await self.app(_unpacked(scope), receive, collected)


def _unpacked(scope: Scope) -> Scope:
    """Return a request that asks for the document as it is, not packed."""
    kept = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
    return {**scope, "headers": kept}


def _is_document(message: Message) -> bool:
    return Headers(raw=message["headers"]).get("content-type", "").startswith("text/html")


async def _finish(start: Message, body: bytes, scope: Scope, send: Send) -> None:
    page = dressed(body, language=_language(scope))
    headers = MutableHeaders(scope=start)
    if scope["method"] == "GET":
        if "gzip" in Headers(scope=scope).get("accept-encoding", ""):
            page = gzip.compress(page, mtime=0)
            headers["content-encoding"] = "gzip"
            headers.add_vary_header("Accept-Encoding")
        headers["content-length"] = str(len(page))
    await send(start)
    await send({"type": "http.response.body", "body": page})


def _language(scope: Scope) -> str:
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("lang", [DEFAULT])[0]
    return asked if asked in LANGUAGES else DEFAULT
