"""Controls: a choice that arrives late."""

from types import SimpleNamespace
from typing import Any

import pytest

from dashboard import filters, session
from dashboard.view import View


def test_a_choice_of_a_page_that_was_left_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    held: dict[str, Any] = {session.VIEW: View(span=90)}
    monkeypatch.setattr(filters, "st", SimpleNamespace(session_state=held))
    drawn: dict[str, Any] = {}

    def draw(_label: str, _options: list[int], **given: Any) -> None:
        drawn.update(given)

    filters._choice("span", label="Days", options=(30, 90), format_option=str, draw=draw)
    held["choose_span"] = 30
    drawn["on_change"]()
    assert filters.current().span == 30
    del held["choose_span"]
    drawn["on_change"]()
    assert filters.current().span == 30
