"""Streamlit's document as the browser gets it: our sheet last, its scripts asked for at once."""

import asyncio
import gzip
import re

import pytest

from dashboard import assets
from dashboard.dress import ELEMENTS, Dressed, dressed, scripts_of
from dashboard.web import FRONT

PAGE = (FRONT / "index.html").read_bytes()


def text(language: str = "vi") -> str:
    return dressed(PAGE, language=language).decode()


def test_the_sheet_stands_behind_everything_that_streamlit_brings() -> None:
    sheets = re.findall(r'<link rel="stylesheet"[^>]*href="([^"]+)"', text())
    assert sheets[-1] == assets.ui_url("dashboard.css")
    assert text().index(sheets[-1]) > text().index('<div id="root">')
    found = assets.ui_file(*sheets[-1].split("/")[2:])
    assert found is not None
    assert b"--td-ink" in found.body


def test_the_icon_is_a_file_of_ours_that_no_session_can_drop() -> None:
    icons = re.findall(r'<link rel="shortcut icon" href="([^"]+)"', text())
    assert icons == [assets.ui_url("icon.png")]
    found = assets.ui_file(*icons[0].split("/")[2:])
    assert found is not None
    assert found.media_type == "image/png"
    assert found.body.startswith(b"\x89PNG")


@pytest.mark.parametrize(("language", "name"), [("vi", "Tuyến Đầu"), ("en", "Tuyến Đầu")])
def test_the_document_is_in_its_reader_s_language(language: str, name: str) -> None:
    assert f'<html lang="{language}"' in text(language)
    assert f"<title>{name}</title>" in text(language)


def test_every_script_of_the_elements_is_asked_for_once() -> None:
    asked = re.findall(r'(?:modulepreload" crossorigin|src=).*?js/([\w.-]+\.js)"', text())
    assert len(asked) == len(set(asked))
    assert set(scripts_of(ELEMENTS)) <= set(asked)
    assert all((FRONT / "static" / "js" / name).is_file() for name in asked)
    for element in ELEMENTS:
        assert any(name.startswith(f"{element}.") for name in asked), element
    assert not any(name.startswith("PlotlyChart") for name in asked)


def test_another_document_is_left_alone() -> None:
    assert dressed(b"<html><body>login</body></html>", language="vi") == (
        b"<html><body>login</body></html>"
    )


def answer(accept: str, *, packed: bool, kind: str = "text/html; charset=utf-8") -> list[dict]:
    async def app(scope, _receive, send) -> None:
        assert packed is False or b"accept-encoding" not in dict(scope["headers"]) or (
            "html" not in accept
        )  # fmt: skip
        headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(PAGE))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": PAGE[:99], "more_body": True})
        await send({"type": "http.response.body", "body": PAGE[99:]})

    sent: list[dict] = []

    async def send(message) -> None:
        sent.append(message)

    headers = [(b"accept", accept.encode())] + ([(b"accept-encoding", b"gzip")] * packed)
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"lang=en&lang=vi",
             "headers": headers}  # fmt: skip
    asyncio.run(Dressed(app)(scope, lambda: None, send))  # type: ignore[arg-type]
    return sent


@pytest.mark.parametrize("packed", [False, True])
def test_a_document_is_answered_whole_and_packed_for_who_can_unpack(packed: bool) -> None:
    start, body = answer("text/html", packed=packed)
    headers = dict(start["headers"])
    raw = gzip.decompress(body["body"]) if packed else body["body"]
    assert (b"content-encoding" in headers) == packed
    assert int(headers[b"content-length"]) == len(body["body"])
    assert raw == dressed(PAGE, language="en")


def test_what_is_no_document_passes_through() -> None:
    assert [message.get("body") for message in answer("*/*", packed=True)] == [
        None, PAGE[:99], PAGE[99:]
    ]  # fmt: skip
    sent = answer("text/html", packed=False, kind="application/json")
    assert [message.get("body") for message in sent] == [None, PAGE[:99], PAGE[99:]]
