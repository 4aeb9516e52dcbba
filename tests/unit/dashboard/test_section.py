"""Which sections a nudge draws again."""

from types import SimpleNamespace
from typing import Any

import pytest

from dashboard import session
from dashboard.components import section


def test_none_is_drawn_again_alone_until_all_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    held: dict[str, Any] = {}
    monkeypatch.setattr(section, "st", SimpleNamespace(session_state=held))
    assert section.listed() == []
    section.forget()
    held[session.SECTIONS].append("first")
    assert section.listed() == []
    held[session.SECTIONS].append("second")
    section.complete()
    assert section.listed() == ["first", "second"]
    section.forget()
    assert section.listed() == []
