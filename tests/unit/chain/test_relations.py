"""Classes move with knowledge: by hand, and against a plain recursion."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from data_access.chain.relations import InfectiousRule, infectious_windows, relations

NOON = datetime(2021, 8, 1, 5, tzinfo=UTC)
INSTANT = pl.Datetime("us", "UTC")
CASES = {"case_id": pl.String, "person_ref": pl.String, "confirmed_at": INSTANT}
CONTACTS = {
    "contact_id": pl.String, "person_ref": pl.String, "index_case_id": pl.String,
    "class": pl.String, "via_contact_id": pl.String, "identified_ts": INSTANT,
}  # fmt: skip
Case = tuple[str, str | None, int | None]
Contact = tuple[str, str | None, str, str, str | None, int]
Found = set[tuple[str, str, str]]


def on(day: int | None) -> datetime | None:
    return None if day is None else NOON + timedelta(days=day)


def classes(cases: Sequence[Case], contacts: Sequence[Contact], *, day: int) -> Found:
    told = pl.DataFrame([(*c[:2], on(c[2])) for c in cases], schema=CASES, orient="row")
    listed = pl.DataFrame([(*c[:5], on(c[5])) for c in contacts], schema=CONTACTS, orient="row")
    moment = on(day)
    assert moment
    return set(relations(told, listed, at=moment).iter_rows())


def test_an_f1_that_turns_positive_brings_its_contacts_one_class_nearer() -> None:
    cases: list[Case] = [("A", "an", 0), ("B", "binh", 3)]
    contacts: list[Contact] = [
        ("1", "binh", "A", "F1", None, 1),
        ("2", "chi", "A", "F2", "1", 1),
        ("3", "dung", "A", "F3", "2", 2),
        ("4", "giang", "A", "F1", None, 2),
    ]
    assert classes(cases, contacts, day=0) == {("an", "A", "F0")}
    assert classes(cases, contacts, day=2) == {
        ("an", "A", "F0"), ("binh", "A", "F1"), ("chi", "A", "F2"), ("dung", "A", "F3"),
        ("giang", "A", "F1"),
    }  # fmt: skip
    assert classes(cases, contacts, day=3) == {
        ("an", "A", "F0"), ("binh", "B", "F0"), ("chi", "B", "F1"), ("dung", "B", "F2"),
        ("giang", "A", "F1"),
    }  # fmt: skip


def test_one_person_may_be_f1_of_one_case_and_f2_of_another() -> None:
    cases: list[Case] = [("A", "an", 0), ("B", "bao", 0)]
    contacts: list[Contact] = [
        ("1", "chi", "A", "F2", None, 0),
        ("2", "chi", "B", "F1", None, 0),
        ("3", "chi", "A", "F1", None, 5),
    ]
    both = {("an", "A", "F0"), ("bao", "B", "F0"), ("chi", "B", "F1")}
    assert classes(cases, contacts, day=1) == {*both, ("chi", "A", "F2")}
    assert classes(cases, contacts, day=5) == {*both, ("chi", "A", "F1")}


def test_nobody_is_a_contact_of_a_case_that_is_not_confirmed_yet() -> None:
    cases: list[Case] = [("A", "an", 4), ("B", "bao", None)]
    contacts: list[Contact] = [
        ("1", "chi", "A", "F1", None, 0),
        ("2", "chi", "B", "F1", None, 0),
        ("3", "chi", "elsewhere", "F1", None, 0),
    ]
    assert classes(cases, contacts, day=1) == {("chi", "elsewhere", "F1")}
    assert classes(cases, contacts, day=4) == {
        ("an", "A", "F0"), ("chi", "A", "F1"), ("chi", "elsewhere", "F1"),
    }  # fmt: skip


def test_beyond_f4_and_in_a_circle_there_is_no_class() -> None:
    line: list[Contact] = [("1", "p1", "A", "F1", None, 0)]
    line += [(str(n), f"p{n}", "A", "F4", str(n - 1), 0) for n in range(2, 7)]
    circle: list[Contact] = [("x", "px", "A", "F2", "y", 0), ("y", "py", "A", "F2", "x", 0)]
    assert classes([], [*line, *circle], day=0) == {(f"p{n}", "A", f"F{n}") for n in range(1, 5)}


def infected(cases: Sequence[Case], *, day: int) -> dict[str, set[str]]:
    positive: dict[str, set[str]] = {}
    for case_id, who, confirmed in cases:
        if who and confirmed is not None and confirmed <= day:
            positive.setdefault(who, set()).add(case_id)
    return positive


def plainly(cases: Sequence[Case], contacts: Sequence[Contact], *, day: int) -> Found:
    """The same by recursion over dictionaries."""
    positive = infected(cases, day=day)
    pending = {c for c, _, confirmed in cases if confirmed is None or confirmed > day}
    listed = {contact[0]: contact for contact in contacts if contact[5] <= day}

    def levels(name: str, above: tuple[str, ...]) -> set[tuple[str, int]]:
        _, _, index, own_class, via, _ = listed[name]
        if via is None or via not in listed:
            return {(index, int(own_class[1:]))}
        theirs = positive.get(listed[via][1] or "", set())
        if theirs:
            return {(case, 1) for case in theirs}
        if via in above or via == name:
            return set()
        return {(case, level + 1) for case, level in levels(via, (*above, name))}

    best: dict[tuple[str, str], int] = {}
    for name, contact in listed.items():
        who = contact[1]
        if who and who not in positive:
            for index, level in levels(name, ()):
                if index not in pending and level <= 4:
                    best[who, index] = min(best.get((who, index), 9), level)
    found = {(who, index, f"F{level}") for (who, index), level in best.items()}
    return found | {(who, case, "F0") for who, own in positive.items() for case in own}


names = st.sampled_from(["p1", "p2", "p3", "p4", None])
case_lists = st.lists(
    st.tuples(st.sampled_from("ABC"), names, st.sampled_from([None, 0, 1, 2])),
    max_size=4,
    unique_by=lambda case: case[0],
)
contact_lists = st.lists(
    st.tuples(
        st.sampled_from("123456"), names, st.sampled_from("ABCD"),
        st.sampled_from(["F1", "F2", "F4"]),
        st.one_of(st.none(), st.sampled_from("1234567")), st.integers(0, 2),
    ),
    max_size=6,
    unique_by=lambda contact: contact[0],
)  # fmt: skip


@given(cases=case_lists, contacts=contact_lists, day=st.integers(0, 2))
def test_classes_are_those_of_a_plain_recursion(
    cases: list[Case], contacts: list[Contact], day: int
) -> None:
    assert classes(cases, contacts, day=day) == plainly(cases, contacts, day=day)


DATES = ("report_date", "onset_date", "sample_date", "first_exposure", "isolated_on")
WINDOW = {"case_id": pl.String, **dict.fromkeys(DATES, pl.Date)}


def test_the_infectious_window_of_decision_3638() -> None:
    report, onset = date(2021, 8, 20), date(2021, 8, 18)
    sample, met, apart = date(2021, 8, 19), date(2021, 8, 10), date(2021, 8, 21)
    rows = [
        ("ill", report, onset, sample, met, apart),
        ("source", report, None, sample, met, None),
        ("nothing", report, None, sample, None, apart),
        ("undated", report, None, None, None, apart),
        ("earlier", date(2021, 7, 29), onset, sample, met, apart),
    ]
    found = infectious_windows(pl.DataFrame(rows, schema=WINDOW, orient="row"))
    decision = "Quyết định 3638/QĐ-BYT"
    assert list(found.iter_rows()) == [
        ("ill", date(2021, 8, 15), apart, decision),
        ("source", met, None, decision),
        ("nothing", date(2021, 8, 5), apart, decision),
        ("undated", None, apart, None),
        ("earlier", None, apart, None),
    ]


def test_the_rule_of_the_day_of_report_counts() -> None:
    rules = [
        InfectiousRule(since=date(2021, 1, 1), until=date(2021, 7, 29), before_onset_days=2,
                       before_sample_days=7, source="before"),
        InfectiousRule(since=date(2021, 7, 30), before_onset_days=3, before_sample_days=14,
                       source="after"),
    ]  # fmt: skip
    onset = date(2021, 7, 28)
    rows = [(str(day), day, onset, None, None, None) for day in
            (date(2020, 12, 31), date(2021, 7, 29), date(2021, 7, 30))]  # fmt: skip
    found = infectious_windows(pl.DataFrame(rows, schema=WINDOW, orient="row"), rules=rules)
    assert found["infectious_from"].to_list() == [None, date(2021, 7, 26), date(2021, 7, 25)]
    assert found["rule"].to_list() == [None, "before", "after"]
