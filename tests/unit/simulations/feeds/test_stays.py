"""Stays of a feed against the rules of the time, written down here a second time."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from functools import cache

import polars as pl
import pytest

from data_access.reference.pack import bundled_pack
from simulations.feeds.model import LAST, FeedDay, FeedParameters, FeedSpec
from simulations.feeds.stream import stream
from simulations.platforms.stay_rules import rule_of, table

LOCAL = timedelta(hours=7)
INSIDE = {  # class → first day → (days, days of samples) of those who are not at home
    "F1": {date(2020, 3, 12): (14, {14}), date(2021, 5, 5): (21, {14, 20}),
           date(2021, 7, 14): (14, {7, 14})},
    "nhap_canh": {date(2020, 3, 12): (14, {1, 14}), date(2021, 5, 5): (21, {1, 14, 20}),
                  date(2021, 7, 14): (14, {1, 7, 14})},
    "F0": {date(2020, 3, 12): (14, set())},
}  # fmt: skip


def days_of(first: date, n: int, *, share: float = 0.9, thin: float = 0.01) -> list[FeedDay]:
    spec = FeedSpec(first_day=first, days=n, seed=5, thin=thin, provinces=("79", "48"),
                    parameters=FeedParameters(check_share=share))  # fmt: skip
    return list(stream(spec, areas=bundled_pack("vn").areas))


@cache
def around(first: date = date(2021, 7, 6), n: int = 38) -> list[FeedDay]:
    return days_of(first, n)


def last(days: list[FeedDay], platform: str, kind: str) -> pl.DataFrame:
    return pl.concat(day.records[platform, kind].filter(LAST) for day in days
                     if (platform, kind) in day.records)  # fmt: skip


def asked(who: str, began: date) -> tuple[int, set[int]]:
    return INSIDE[who][max(since for since in INSIDE[who] if since <= began)]


def test_a_stay_keeps_the_length_of_the_rule_of_its_first_day() -> None:
    lengths: dict[tuple[str, str, bool], set[int]] = defaultdict(set)
    stays = last(around(), "quarantine", "stay")
    for who, kind, start, until in stays.select(
        "class", "facility_kind", "start_ts", "planned_end"
    ).iter_rows():
        began = (start + LOCAL).date()
        length = (until - began).days
        if kind != "nha_o":
            assert length == asked(who, began)[0]
        lengths[who, kind, began >= date(2021, 7, 14)].add(length)
    assert lengths["F1", "tap_trung", False] == lengths["nhap_canh", "khach_san", False] == {21}
    assert lengths["F1", "tap_trung", True] == lengths["F1", "nha_o", True] == {14}
    assert lengths["F1", "nha_o", False] == {28}


def test_before_the_14_july_only_the_city_lets_contacts_stay_at_home_in_their_ward() -> None:
    stays = last(around(), "quarantine", "stay").filter(pl.col("class") == "F1")
    home = stays.filter(pl.col("facility_kind") == "nha_o")
    early = home.filter((pl.col("start_ts") + LOCAL).dt.date() < date(2021, 7, 14))
    assert set(early["province_code"]) == {"79"}
    assert set(home["province_code"]) == {"79", "48"}
    of = dict(bundled_pack("vn").areas.filter(
        (pl.col("level") == "ward") & (pl.col("vintage") == "63")
    ).select("code", "parent_code").iter_rows())  # fmt: skip
    for ward, district, facility in home.select(
        "home_ward", "district_code", "facility_id"
    ).iter_rows():
        assert of[ward] == district
        assert facility is None
    there = stays.filter(pl.col("facility_kind") != "nha_o")
    assert there["home_ward"].null_count() == there.height
    assert there["facility_id"].null_count() == 0


def test_samples_are_taken_on_the_days_the_rule_names_while_people_are_inside() -> None:
    days = around()
    stays = {row["stay_id"]: row for row in last(days, "quarantine", "stay").to_dicts()}
    taken: dict[str, set[int]] = defaultdict(set)
    for stay, number in last(days, "quarantine", "test").select("stay_id", "stay_day").iter_rows():
        assert number not in taken[stay]
        taken[stay].add(number)
    end, seen = days[-1].day - timedelta(days=2), 0
    for key, stay in stays.items():
        if stay["class"] == "F0" or stay["facility_kind"] == "nha_o" or not stay["actual_end"]:
            continue
        began, left = ((stay[name] + LOCAL).date() for name in ("start_ts", "actual_end"))
        if left > end or stay["end_reason"] == "thanh_F0":
            continue
        wanted = asked(stay["class"], began)[1]
        assert taken[key] - {1} == wanted - {1}, key
        assert (1 in wanted) <= (1 in taken[key])
        seen += 1
    assert seen > 100


def test_who_becomes_a_case_is_positive_on_the_day_of_leaving_and_negative_before() -> None:
    days = around()
    tests = last(days, "quarantine", "test")
    became = last(days, "quarantine", "stay").filter(pl.col("end_reason") == "thanh_F0")
    left = {key: (at + LOCAL).date() for key, at in became.select("stay_id", "actual_end").rows()}
    rows = tests.filter(pl.col("stay_id").is_in(list(left))).select("stay_id", "day", "result")
    assert {result for _, _, result in rows.iter_rows()} >= {"duong_tinh"}
    for stay, day, result in rows.iter_rows():
        assert (result == "duong_tinh") == (day == left[stay])


def test_people_are_checked_every_day_but_for_the_missing_share() -> None:
    days, share = around(), 0.9
    checks = Counter(last(days, "quarantine", "daily_check").select("stay_id", "date").rows())
    assert max(checks.values()) == 1
    first, end = days[0].day, days[-1].day - timedelta(days=2)
    due, later = 0, 0
    for stay in last(days, "quarantine", "stay").to_dicts():
        began = (stay["start_ts"] + LOCAL).date()
        until = (stay["actual_end"] + LOCAL).date() if stay["actual_end"] else end
        if first <= began <= end:
            assert checks[stay["stay_id"], began] == 1
        day = max(began + timedelta(days=1), first)
        while day <= min(until, end):
            due, later = due + 1, later + checks[stay["stay_id"], day]
            day += timedelta(days=1)
    sigma = (due * share * (1 - share)) ** 0.5
    assert due > 5_000
    assert abs(later - due * share) < 4 * sigma


@pytest.mark.parametrize(
    ("who", "day", "full", "chance", "place", "length"),
    [
        ("F1", date(2021, 5, 4), False, 0.9, "tap_trung", 14),
        ("F1", date(2021, 5, 5), False, 0.9, "tap_trung", 21),
        ("F1", date(2021, 6, 27), False, 0.1, "nha_o", 28),
        ("F1", date(2021, 7, 13), False, 0.3, "tap_trung", 21),
        ("F1", date(2021, 7, 14), False, 0.9, "tap_trung", 14),
        ("F1", date(2021, 12, 15), True, 0.9, "tap_trung", 14),
        ("F1", date(2021, 12, 16), True, 0.9, "nha_o", 7),
        ("F1", date(2021, 12, 16), False, 0.9, "tap_trung", 14),
        ("F1", date(2022, 2, 20), True, 0.9, "nha_o", 7),
        ("F1", date(2022, 2, 21), True, 0.9, "nha_o", 5),
        ("F1", date(2022, 2, 21), False, 0.9, "nha_o", 7),
        ("F0", date(2021, 8, 28), False, 0.4, "nha_o", 10),
        ("F0", date(2022, 1, 31), False, 0.4, "nha_o", 7),
        ("F0", date(2022, 1, 31), False, 1.0, "benh_vien_da_chien", 14),
        ("F1", date(2020, 3, 11), False, 0.9, None, None),
    ],
)  # fmt: skip
def test_a_rule_holds_from_its_day_on_for_those_it_names(
    who: str, day: date, full: bool, chance: float, place: str | None, length: int | None
) -> None:
    row = pl.DataFrame({"class": [who], "province_code": ["79"]})
    found = row.select(
        rule_of(began=pl.lit(day), chance=pl.lit(chance), vaccinated=pl.lit(full)).alias("rule")
    ).join(table(), on="rule", how="left")
    assert found.select("place", "days").row(0) == (place, length)
