"""Rules are data: those that ship are sound, a pack's own replace, add and take away."""

from datetime import date
from pathlib import Path

import pytest

from data_access.alerts.model import Comparison, Kind
from data_access.alerts.rules import SHIPPED, read_rules, rules_of
from data_access.errors import PackError
from data_access.indicators.registry import INDICATORS

ONE = """
[[rule]]
key = "mine"
version = 2
kind = "threshold"
indicator = "cases"
level = "province"
severity = "info"
since = 2021-01-01
limit = 5.0
vi = "Của tôi"
en = "Mine"
why_vi = "x"
why_en = "x"
"""


def pack(folder: Path, text: str) -> str:
    (folder / "alerts.toml").write_text(text, encoding="utf-8")
    return str(folder)


def test_the_rules_that_ship_name_indicators_and_say_why() -> None:
    found = read_rules(SHIPPED)
    assert {one.kind for one in found.values()} == set(Kind)
    for one in found.values():
        assert one.indicator in INDICATORS
        assert one.why_vi
        assert one.why_en
        assert one.vi != one.en


def test_a_pack_replaces_adds_and_takes_away(tmp_path: Path) -> None:
    shipped = read_rules(SHIPPED)
    replaced = ONE.replace('"mine"', '"stock_low"')
    off = '[[rule]]\nkey = "cases_c2"\noff = true\n'
    found = rules_of(pack(tmp_path, ONE + replaced + off))
    assert found.keys() == (shipped.keys() | {"mine"}) - {"cases_c2"}
    assert found["stock_low"].indicator == "cases"
    assert rules_of("") == shipped


@pytest.mark.parametrize(
    ("was", "becomes", "why"),
    [
        ('"cases"', '"no_such"', "no indicator has that id"),
        ('"threshold"', '"c9"', "c9"),
        ('kind = "threshold"', 'kind = "c2"\nalpha = 0.01', ""),
        ("limit = 5.0", "", "needs its limit"),
        ('"province"', '"ward"', "level is none"),
        ("since = 2021-01-01", "since = 2021-01-01\nuntil = 2020-01-01", "until lies before"),
        ("since = 2021-01-01", "since = 2021-01-01\ndays = 0", "days is none"),
        ('kind = "threshold"\nindicator = "cases"',
         'kind = "c1"\nindicator = "test_positivity"', "only counts"),
        ("version = 2", "version = 2\nwrong = 1", "wrong"),
        ('vi = "Của tôi"', "", "vi"),
    ],
)  # fmt: skip
def test_a_fault_is_named(tmp_path: Path, was: str, becomes: str, why: str) -> None:
    assert was in ONE
    folder = pack(tmp_path, ONE.replace(was, becomes))
    if not why:
        assert "mine" in rules_of(folder)
        return
    with pytest.raises(PackError, match="alerts.toml, rule mine") as caught:
        rules_of(folder)
    assert why in str(caught.value)


def test_a_rule_is_in_force_on_its_days(tmp_path: Path) -> None:
    dated = ONE.replace("since = 2021-01-01", "since = 2021-01-01\nuntil = 2021-06-30")
    rule = rules_of(pack(tmp_path, dated))["mine"]
    held = [date(2020, 12, 31), date(2021, 1, 1), date(2021, 6, 30), date(2021, 7, 1)]
    assert [rule.is_in_force(day) for day in held] == [False, True, True, False]


@pytest.mark.parametrize(
    ("side", "holds"), [(">=", (0, 1, 1)), (">", (0, 0, 1)), ("<=", (1, 1, 0)), ("<", (1, 0, 0))]
)
def test_a_comparison_holds_on_its_side(side: str, holds: tuple[int, ...]) -> None:
    assert tuple(int(Comparison(side).holds(value, 2.0)) for value in (1.0, 2.0, 3.0)) == holds
