"""What may be said by hand: each key has its form, each fault its field."""

from datetime import date

import pytest

from data_access.codes import Level
from data_access.levels.asked import (
    FORMS,
    REFUSALS,
    InputRefused,
    Said,
    checked,
    keys_for,
    read,
)

DAY, TODAY = date(2021, 10, 15), date(2021, 10, 22)


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"value": "maybe"}, "value", "yes_no"),
        ({"key": "capacity", "value": "great"}, "value", "grade"),
        ({"key": "level_in_force", "value": "5"}, "value", "level"),
        ({"key": "level_in_force", "value": "2.5"}, "value", "level"),
        ({"key": "full_high_risk", "value": "90"}, "value", "share"),
        ({"key": "oxygen", "value": "-1"}, "value", "number"),
        ({"key": "oxygen", "value": "nan"}, "value", "number"),
        ({"key": "oxygen", "value": "1e999"}, "value", "number"),
        ({"key": "incidence", "value": "3"}, "key", "platform"),
        ({"key": "old_full", "value": "0.9"}, "key", "platform"),
        ({"key": "nothing", "value": "3"}, "key", "unknown_key"),
        ({"source": "  "}, "source", "required"),
        ({"source": "a\x00b"}, "source", "required"),
        ({"source": "x" * 301}, "source", "too_long"),
        ({"since": date(2021, 10, 23)}, "since", "future"),
        ({"until": date(2021, 10, 14)}, "until", "before_since"),
    ],
)
def test_what_cannot_be_is_refused_by_field(
    fields: dict[str, object], field: str, code: str
) -> None:
    given = {"area": "79", "key": "plans_ready", "value": "yes", "since": DAY, "source": "CV 12"}
    with pytest.raises(InputRefused) as refused:
        checked(Said(**{**given, **fields}), level=Level.PROVINCE, today=TODAY)  # type: ignore[arg-type]
    assert (refused.value.field, refused.value.code) == (field, code)
    assert code in REFUSALS


def test_a_platforms_figures_are_asked_for_of_communes_alone() -> None:
    told = {"incidence", "coverage_1", "old_full"}
    assert told <= set(keys_for(Level.WARD))
    assert not told & set(keys_for(Level.PROVINCE))
    assert not told & set(keys_for(Level.DISTRICT))


def test_an_empty_value_is_not_known_whatever_the_key() -> None:
    assert {read(key, "") for key in FORMS} == {None}


def test_values_are_read_as_the_rules_take_them() -> None:
    assert (read("plans_ready", "yes"), read("plans_ready", "no")) == (True, False)
    assert read("capacity", "medium") == "medium"
    assert read("level_in_force", "3") == 3
    assert read("full_high_risk", "0.85") == pytest.approx(0.85)
