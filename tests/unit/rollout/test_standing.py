"""What stands, the trend and the desk, against pandas and plain Python."""

from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.rollout.model import MANDATED, STAGES
from data_access.rollout.rules import rules
from data_access.rollout.standing import (
    deployments,
    desk,
    integrations,
    last_said,
    on_site,
    shifts,
    steps,
    tickets,
    trend,
)
from tests.unit.rollout.world import START, versions

NOW = START + timedelta(hours=200)
TODAY = date(2021, 8, 9)
SAID = st.lists(
    st.tuples(st.sampled_from(["01", "79"]), st.sampled_from(MANDATED), st.integers(0, 7),
              st.integers(0, 200), st.sampled_from(["", "tam_dung"]),
              st.sampled_from([None, "2021-08-05", "2021-08-20"])),
    max_size=25, unique_by=lambda one: (one[0], one[1], one[3]),
)  # fmt: skip


def said(rows: list[tuple[str, str, int, int, str, str | None]]) -> pl.DataFrame:
    return versions([
        {"kind": "deployment", "item": f"{area}/{platform}", "hours": hours, "province": area,
         "content": {"platform": platform, "stage": STAGES[stage], "side": side or None,
                     "target": target, "districts_live": "3"}}
        for area, platform, stage, hours, side, target in rows
    ])  # fmt: skip


def table(rows: list[Any]) -> pd.DataFrame:
    names = ["area", "platform", "stage", "hours", "side", "target"]
    return pd.DataFrame(rows, columns=names).sort_values("hours", kind="stable")


@settings(max_examples=30)
@given(SAID)
def test_the_newest_word_stands_and_is_stale_after_two_days(rows: list[Any]) -> None:
    found = deployments(said(rows), now=NOW, stale=rules().stale, today=TODAY)
    last = table(rows).groupby(["area", "platform"]).tail(1).set_index(["area", "platform"])
    assert found.height == len(last)
    for row in found.iter_rows(named=True):
        own = last.loc[row["province"], row["platform"]]
        assert row["stage_number"] == own["stage"]
        assert row["is_stale"] == (200 - own["hours"] > 48)
        assert row["is_live"] == (own["stage"] >= 6)
        assert row["is_overdue"] == (own["target"] == "2021-08-05" and own["stage"] < 7)


@settings(max_examples=30)
@given(SAID)
def test_the_trend_counts_who_stood_where_at_each_days_end(rows: list[Any]) -> None:
    end = date(2021, 8, 10)
    found = trend(said(rows), start=date(2021, 8, 1), end=end, zone="Asia/Ho_Chi_Minh")
    given_ = table(rows)
    given_["day"] = [(START + timedelta(hours=h, minutes=7 * 60)).date() for h in given_["hours"]]
    expected: dict[tuple[date, str, int], int] = {}
    for back in range(10):
        day = end - timedelta(days=back)
        until = given_[given_["day"] <= day].groupby(["area", "platform"]).last()
        for (_, platform), own in until.iterrows():
            key = (day, platform, int(own["stage"]))
            expected[key] = expected.get(key, 0) + 1
    assert {row[:3]: row[3] for row in found.iter_rows()} == expected


@settings(max_examples=30)
@given(SAID)
def test_steps_are_the_versions_that_moved_something(rows: list[Any]) -> None:
    found = steps(said(rows), "79")
    given_ = table(rows)
    n = 0
    for _, own in given_[given_["area"] == "79"].groupby("platform"):
        pairs = list(zip(own["stage"], own["side"], strict=True))
        n += sum(1 for k, pair in enumerate(pairs) if k == 0 or pairs[k - 1] != pair)
    assert found.height == n


def test_last_said_is_the_newest_of_stage_and_team() -> None:
    found = versions([
        {"kind": "team", "item": "79", "hours": 9, "province": "79", "content": {}},
        {"kind": "deployment", "item": "79/testing", "hours": 3, "province": "79", "content": {}},
        {"kind": "ticket", "item": "T", "hours": 30, "province": "79", "content": {}},
    ])  # fmt: skip
    assert last_said(found) == {"79": START + timedelta(hours=9)}


TICKETS = st.lists(
    st.tuples(st.sampled_from(["S1", "S2", "S3", "S4"]), st.integers(0, 190),
              st.none() | st.integers(0, 3000), st.integers(0, 200)),
    max_size=20,
)  # fmt: skip


@settings(max_examples=30)
@given(TICKETS)
def test_the_desk_equals_pandas(rows: list[tuple[str, int, int | None, int]]) -> None:
    made, plain = [], []
    for n, (severity, opened, ack, solve) in enumerate(rows):
        begins = START + timedelta(hours=opened)
        seen = begins + timedelta(minutes=ack) if ack is not None else None
        done = seen + timedelta(hours=solve) if seen and solve > 20 else None
        made.append({"kind": "ticket", "item": f"T{n}", "hours": opened, "province": "79",
                     "content": {"platform": "testing", "severity": severity,
                                 "opened": text(begins), "acknowledged": text(seen),
                                 "resolved": text(done)}})  # fmt: skip
        seen = seen if seen and seen <= NOW else None
        done = done if done and done <= NOW else None
        plain.append((severity, begins, seen, done))
    since = START + timedelta(hours=50)
    found = desk(tickets(versions(made), now=NOW, targets=rules().desk), since=since)
    for row in found.iter_rows(named=True):
        own = [one for one in plain if one[0] == row["severity"]]
        recent = [one for one in own if one[1] >= since]
        limit = rules().desk[row["severity"]]
        acks = pd.Series([(s - b).total_seconds() / 60 for _, b, s, _ in recent if s], dtype=float)
        ends = pd.Series([(d - b).total_seconds() / 3600 for _, b, _, d in recent if d],
                         dtype=float)  # fmt: skip
        breached = [
            one for one in recent
            if (one[2] or NOW) - one[1] > limit.acknowledge
            or (one[3] or NOW) - one[1] > limit.resolve
        ]  # fmt: skip
        assert row["n_open"] == sum(1 for one in own if one[3] is None)
        assert row["n_opened"] == len(recent)
        assert row["n_breached"] == len(breached)
        assert near(row["ack_p50_minutes"], acks.median())
        assert near(row["resolve_p50_hours"], ends.median())


def text(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def near(one: float | None, other: float) -> bool:
    return (one is None) == bool(pd.isna(other)) and (one is None or abs(one - other) < 1e-9)


def test_who_is_there_is_told_by_day_and_hour() -> None:
    at = START + timedelta(hours=100)
    found = versions([
        {"kind": "on_site", "item": "a", "hours": 1, "province": "79",
         "content": {"organisation": "Tổ A", "people": "5", "starts": "2021-08-03", "ends": None}},
        {"kind": "on_site", "item": "b", "hours": 1, "province": "74",
         "content": {"organisation": "Tổ B", "people": "7", "starts": "2021-08-03",
                     "ends": "2021-08-04"}},
        *({"kind": "shift", "item": f"s{n}", "hours": 1,
           "content": {"starts": text(at + timedelta(hours=8 * n - 8)),
                       "ends": text(at + timedelta(hours=8 * n)), "lead": f"ca {n}",
                       "people": "4"}} for n in range(3)),
        {"kind": "integration", "item": "x.y", "hours": 2,
         "content": {"source": "x", "target": "y", "state": "live", "error_rate": "0.25",
                     "last_sync": text(at)}},
    ])  # fmt: skip
    assert on_site(found, day=date(2021, 8, 4))["people"].to_list() == [7, 5]
    assert on_site(found, day=date(2021, 8, 5))["organisation"].to_list() == ["Tổ A"]
    assert on_site(found, day=date(2021, 8, 2)).is_empty()
    assert shifts(found, now=at)["lead"].to_list() == ["ca 1"]
    assert shifts(found, now=at + timedelta(hours=17)).is_empty()
    [one] = integrations(found).to_dicts()
    assert (one["error_rate"], one["last_sync"], one["reconciled"]) == (0.25, at, None)
