"""What curves are marked with: read from the pack, refused where it is wrong."""

from datetime import date
from pathlib import Path

import pytest

from data_access.errors import PackError
from data_access.reference.events import load_events
from data_access.reference.pack import bundled_pack

HEAD = "from,until,area,kind,vi,en,source\n"


def load(folder: Path, *rows: str) -> list[str]:
    (folder / "events.csv").write_text(HEAD + "\n".join(rows), encoding="utf-8")
    return [event.vi for event in load_events(folder, areas=["79"])]


def test_a_pack_need_not_have_any(tmp_path: Path) -> None:
    assert load_events(tmp_path, areas=[]) == ()


def test_events_come_oldest_first(tmp_path: Path) -> None:
    rows = ("2021-09-02,2021-09-03,*,holiday,B,b,law", "2021-07-19,,79,rule,A,a,order")
    assert load(tmp_path, *rows) == ["A", "B"]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("02/09/2021,,*,rule,A,a,s", "from"),
        ("2021-02-30,,*,rule,A,a,s", "from"),
        ("2021-09-02,2021-09-01,*,rule,A,a,s", "until"),
        ("2021-09-02,,80,rule,A,a,s", "area"),
        ("2021-09-02,,*,rumour,A,a,s", "kind"),
        ("2021-09-02,,*,rule,,a,s", "vi"),
    ],
)
def test_a_wrong_row_is_refused_by_its_field(tmp_path: Path, row: str, field: str) -> None:
    with pytest.raises(PackError, match=field):
        load(tmp_path, row)


def test_vietnam_marks_the_rules_of_2021_and_names_each_source() -> None:
    events = bundled_pack("vn").events
    assert {event.since for event in events} >= {date(2021, 7, 19), date(2021, 10, 12)}
    assert all(event.source for event in events)
