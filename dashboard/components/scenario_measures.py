"""Rows of distancing: a level, in some places, from a day to a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import streamlit as st

from dashboard import loaders, scenario_words
from dashboard.context import Context
from dashboard.scenarios import Measure

UNCHANGED = "unchanged"
LEVELS = (UNCHANGED, "none", "directive_19", "directive_15", "directive_16", "directive_16_plus")
ROWS = 4
REGIONS = ("south_east", "mekong", "highlands", "central", "bac_giang_ninh", "red_river", "north")
"""Groups of several provinces; one of a single province is offered as that province."""
VINTAGE = "63"


class Refused(ValueError):
    """A row says nothing that can be done.

    Attributes:
        row: its number, from 1.
        reason: `bad_days`, or `bad_level` for places or days without a level.
    """

    def __init__(self, reason: str, *, row: int) -> None:
        """Say which row and why."""
        super().__init__(f"row {row}: {reason}")
        self.reason, self.row = reason, row


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is chosen in a row.

    Attributes:
        level: one of LEVELS.
        places: codes of provinces and names of groups; empty for the whole country.
        since: first day; None: the scenario's first.
        until: last day; None: its end.
    """

    level: str = UNCHANGED
    places: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None


def measures(rows: Sequence[Row]) -> tuple[Measure, ...]:
    """Return the measures of rows, those without any choice left out.

    Raises:
        Refused: naming the row whose days are in the wrong order, or that has no level.
    """
    found = []
    for number, row in enumerate(rows, start=1):
        if row.level == UNCHANGED:
            if row != Row():
                raise Refused("bad_level", row=number)
            continue
        if row.since and row.until and row.until < row.since:
            raise Refused("bad_days", row=number)
        found.append(Measure(level=row.level, places=row.places, since=row.since, until=row.until))
    return tuple(found)


def rows(first: date, *, days: int, seen: Context) -> list[Row]:
    """Offer the rows inside a form and return what is chosen in them."""
    st.caption(seen.t("scenarios.distancing_help"))
    names = loaders.names(VINTAGE, language=seen.language)
    provinces = loaders.province_codes(VINTAGE)
    words = {
        code: scenario_words.place(code, t=seen.t, language=seen.language, names=names)
        for code in (*REGIONS, *provinces)
    }
    last = first + timedelta(days=days - 1)
    return [_row(number, words, (first, last), seen) for number in range(1, ROWS + 1)]


def _row(number: int, words: dict[str, str], span: tuple[date, date], seen: Context) -> Row:
    t = seen.t
    level_, places_, since_, until_ = st.columns([2, 3, 1.3, 1.3])
    level = level_.selectbox(t("scenarios.row_level", row=number), LEVELS,
                             format_func=lambda one: t(f"scenario_level.{one}"),
                             key=f"scenario_level_{number}")  # fmt: skip
    places = places_.multiselect(t("scenarios.row_places", row=number), list(words),
                                 format_func=words.__getitem__, key=f"scenario_places_{number}",
                                 placeholder=t("lever.everywhere"))  # fmt: skip
    days = [
        column.date_input(t(name, row=number), None, *span, format="DD/MM/YYYY",
                          key=f"{name}_{number}")
        for column, name in ((since_, "scenarios.row_since"), (until_, "scenarios.row_until"))
    ]  # fmt: skip
    return Row(level=level, places=tuple(places), since=days[0], until=days[1])
