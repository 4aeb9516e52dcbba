"""Readiness, capture and use of places against pandas and plain arithmetic."""

from datetime import date, timedelta
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.cube.query import Ask
from data_access.rollout.measured import Ground, capture, sync_ages, use_of_places
from data_access.rollout.readiness import ranked, readiness
from data_access.rollout.rules import Part, mandates, rules
from tests.unit.rollout.world import START

DAY = date(2021, 9, 1)
PARTS = rules().parts
VALUES = st.fixed_dictionaries(
    {part.key: st.none() | st.floats(-5, 300, allow_nan=False) for part in PARTS}
)


@settings(max_examples=40)
@given(VALUES)
def test_it_is_the_weighted_sum_of_its_parts_and_unknown_is_not_zero(
    values: dict[str, float | None],
) -> None:
    found = readiness(values, parts=PARTS, fewest_known=0.5)
    table = pd.DataFrame([
        (part.weight, values[part.key],
         None if values[part.key] is None
         else min(1, max(0, (values[part.key] - part.none) / (part.full - part.none))))
        for part in PARTS
    ], columns=["weight", "value", "score"]).astype(float)  # fmt: skip
    known = table.dropna()
    share = known["weight"].sum() / table["weight"].sum()
    assert found.known == pytest.approx(share)
    if share:
        mean = (known["weight"] * known["score"]).sum() / known["weight"].sum()
        assert found.score == pytest.approx(mean)
    else:
        assert found.score is None
    assert found.high - found.low == pytest.approx(1 - share)
    assert found.low == pytest.approx((table["weight"] * table["score"].fillna(0)).sum()
                                      / table["weight"].sum())  # fmt: skip
    assert found.is_ranked == (share >= 0.5)


def test_more_of_a_good_part_never_makes_it_worse_and_unranked_come_last() -> None:
    part = Part(key="a", weight=1, none=10, full=2)
    assert [part.score(value) for value in (11, 10, 6, 2, 1)] == [0, 0, 0.5, 1, 1]
    many = {
        "01": readiness({"a": 6}, parts=[part], fewest_known=0.5),
        "02": readiness({"a": 2}, parts=[part], fewest_known=0.5),
        "03": readiness({}, parts=[part], fewest_known=0.5),
    }
    assert ranked(many) == ["02", "01", "03"]


def test_the_letter_of_july_mandates_three_platforms_everywhere() -> None:
    [letter] = mandates()
    assert set(letter.platforms) == {"checkpoints", "testing", "vaccination"}
    assert letter.provinces == ("*",)
    assert letter.source
    assert letter.day == date(2021, 7, 27)


def ground() -> Ground:
    return Ground(
        day=DAY, vintage="63", platform_sources=("rec", "rec2"), report_sources=("tinh", "khac"),
        measures=frozenset({"doses"}),
    )  # fmt: skip


CELLS = st.dictionaries(
    st.tuples(st.sampled_from(["rec", "rec2", "tinh", "khac"]), st.sampled_from(["01", "79"]),
              st.integers(0, 9)),
    st.integers(0, 500), max_size=40,
)  # fmt: skip


@settings(max_examples=40)
@given(CELLS)
def test_capture_is_platform_over_report_on_days_that_were_reported(
    cells: dict[tuple[str, str, int], int],
) -> None:
    def ask(wanted: Ask) -> pl.DataFrame:
        assert wanted.start
        assert wanted.end
        return pl.DataFrame(
            [("doses", DAY - timedelta(days=back), area, float(value))
             for (source, area, back), value in cells.items()
             if source == wanted.source and wanted.start <= DAY - timedelta(days=back)],
            schema={"id": pl.String, "date": pl.Date, "area_code": pl.String, "value": pl.Float64},
            orient="row",
        )  # fmt: skip

    found = {row["area_code"]: row for row in
             capture(ask, ground(), days=7).iter_rows(named=True)}  # fmt: skip
    if not any(source.startswith("rec") and back < 7 for source, _, back in cells):
        assert found == {}
        return
    for area in ("01", "79"):
        platform = report = n = 0
        for back in range(7):
            records = [cells[s, area, back] for s in ("rec", "rec2") if (s, area, back) in cells]
            told = [cells[s, area, back] for s in ("tinh", "khac") if (s, area, back) in cells]
            if told:
                platform, report, n = platform + sum(records), report + told[0], n + 1
        if not n:
            assert area not in found
            continue
        own = found[area]
        assert (own["platform"], own["report"], own["n_days"]) == (platform, report, n)
        assert own["value"] == (pytest.approx(platform / report) if report else None)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["01", "79"]), st.sampled_from(["", "a", "b"]),
                          st.integers(0, 6), st.integers(1, 9), st.integers(0, 3)),
                max_size=30, unique_by=lambda one: one[:3]))  # fmt: skip
def test_use_of_places_equals_pandas(rows: list[Any]) -> None:
    table = pd.DataFrame(rows, columns=["area", "ward", "back", "places", "scans"])
    table["active"] = table[["places", "scans"]].min(axis=1)
    activity = pl.DataFrame(
        [(DAY - timedelta(days=row.back), row.area, row.ward, row.places, 0, row.active, row.scans)
         for row in table.itertuples()],
        schema={"date": pl.Date, "area_code": pl.String, "ward_code": pl.String,
                "n_places": pl.Int64, "n_new": pl.Int64, "n_active": pl.Int64,
                "n_scans": pl.Int64}, orient="row",
    )  # fmt: skip
    found = use_of_places(activity, day=DAY, repeat_days=3)
    today = table[table["back"] == 0]
    assert set(found["area_code"]) == set(today["area"])
    for row in found.iter_rows(named=True):
        own, week = (
            today[today["area"] == row["area_code"]],
            table[table["area"] == row["area_code"]],
        )
        assert row["active_share"] == pytest.approx(own["active"].sum() / own["places"].sum())
        wards = own[own["ward"] != ""]
        assert (row["n_wards"], row["n_silent"]) == (len(wards), (wards["scans"] == 0).sum())
        silent = week[(week["ward"] != "") & (week["scans"] == 0)].groupby("ward").size()
        assert row["n_repeat"] == (silent >= 3).sum()
        assert (row["silent_share"] is None) == (len(wards) == 0)


def test_sync_age_is_counted_from_what_became_known_last() -> None:
    def ask(_wanted: Ask) -> pl.DataFrame:
        return pl.DataFrame(
            {"id": ["doses", "doses"], "area_code": ["01", "01"], "value": [1.0, 2.0],
             "known_at": [START, START + timedelta(hours=2)]}
        )  # fmt: skip

    found = sync_ages(ask, ground(), now=START + timedelta(hours=5))
    assert found["vaccination"] == {"01": 3.0}
    assert found["testing"] == {}
