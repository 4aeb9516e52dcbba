"""Everything that a page sends to a screen, as text: protos, maps, charts, tables, files."""

import base64
import io
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from google.protobuf.message import Message
from google.protobuf.text_format import MessageToString
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[3]
ADDRESS, LIVE = "address ", "tuyendau_live"


def nodes(app: AppTest) -> Iterator[Any]:
    """Return every node of the element tree."""
    waiting = list(app._tree.children.values())  # noqa: SLF001 -- the only way to all of them
    while waiting:
        node = waiting.pop(0)
        waiting = list(getattr(node, "children", {}).values()) + waiting
        yield node


def content(app: AppTest) -> list[str]:
    """Return what every element holds, unpacked, and the address; in order."""
    found = [text for node in nodes(app) for text in _of(node)]
    address = json.dumps(dict(app.query_params), sort_keys=True, default=str)
    return [*found, ADDRESS + address]


def _of(node: Any) -> Iterator[str]:
    proto = getattr(node, "proto", None)
    if not isinstance(proto, Message):
        return
    if getattr(proto, "component_name", "") == LIVE:
        # Its token says that something was committed, to every screen, and nothing else.
        return
    for name, raw in _bytes_of(proto):
        yield f"{name}: {_unpacked(raw)}"
    spec = getattr(proto, "spec", "")
    if isinstance(spec, str) and spec.startswith("{"):
        yield json.dumps(_plain(json.loads(spec)), ensure_ascii=False, sort_keys=True)
    yield MessageToString(_without_bytes(proto), as_utf8=True)


def _bytes_of(message: Message) -> Iterator[tuple[str, bytes]]:
    for field, value in message.ListFields():
        if field.type == field.TYPE_BYTES and isinstance(value, bytes):
            yield field.name, value
        elif isinstance(value, Message):
            yield from _bytes_of(value)


def _without_bytes(message: Message) -> Message:
    copy = type(message)()
    copy.CopyFrom(message)
    for field, value in list(copy.ListFields()):
        if (field.type == field.TYPE_BYTES and isinstance(value, bytes)) or field.name == "spec":
            copy.ClearField(field.name)
    return copy


def _unpacked(raw: bytes) -> str:
    """Return what packed bytes say: a deflated message, an Arrow table, a text."""
    try:
        return zlib.decompress(raw).decode()
    except (zlib.error, UnicodeDecodeError):
        pass
    try:
        return pl.read_ipc_stream(io.BytesIO(raw)).write_csv()
    except (pl.exceptions.PolarsError, OSError):
        return raw.decode(errors="replace")


def _plain(value: Any) -> Any:
    """Return a chart's description with its packed numbers as plain ones."""
    if isinstance(value, dict):
        if set(value) >= {"bdata", "dtype"}:
            packed = np.frombuffer(base64.b64decode(value["bdata"]), dtype=value["dtype"])
            return packed.tolist()
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


class Files:
    """Catches the files that pages offer, and makes them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.held: list[tuple[str, Callable[[], Any]]] = []
        self.given: list[tuple[str, bytes]] = []
        old = MediaFileManager.add

        def deferred(_self: Any, make: Any, *_: Any, **named: Any) -> str:
            self.held.append((str(named.get("file_name")), make))
            return f"file-{len(self.held)}"

        def added(manager: Any, data: Any, *rest: Any, **named: Any) -> str:
            if isinstance(data, bytes):
                self.given.append((str(named.get("file_name")), data))
            return old(manager, data, *rest, **named)

        patch.setattr(MediaFileManager, "add_deferred", deferred)
        patch.setattr(MediaFileManager, "add", added)

    def made(self) -> list[str]:
        """Return name and content of every file since the last time."""
        found = []
        for name, make in self.held:
            data = make()
            found.append(
                f"{name}\n{data.decode(errors='replace') if isinstance(data, bytes) else data}"
            )
        found += [f"{name}\n{data.decode(errors='replace')}" for name, data in self.given]
        self.held, self.given = [], []
        return found


class Session:
    """One browser's session: it goes from link to link."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=90)
        self.page = ""

    def open(self, page: str, **query: str) -> list[str]:
        """Return everything that a link shows, the files behind its buttons included."""
        app = self.app
        self._ask(query)
        if not self.page:
            app.run()
            self.page = "overview"
        if page != self.page or page != "overview":
            app.switch_page(str(ROOT / "pages" / f"{page}.py"))
            self._ask(query)
            self.files.held.clear()
            app.run()
            self.page = page
        assert not app.exception, (page, query)
        return [*content(app), *self.files.made()]

    def _ask(self, query: dict[str, str]) -> None:
        self.app.query_params.clear()
        for name, value in query.items():
            self.app.query_params[name] = value


def incidents(found: list[str]) -> list[str]:
    """Return the notices of faults nobody expected."""
    return [text for text in found if "Mã sự cố" in text or "Incident number" in text]
