"""Attack rates, serial intervals and offspring: by hand, by scipy, by networkx."""

import statistics
from datetime import UTC, date, datetime, timedelta

import networkx as nx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from data_access.chain.clusters import CASES, members
from data_access.chain.followed import CONTACTS, FOLLOWED, follow_up, followed
from data_access.chain.graph import secondary_attack_rate
from data_access.chain.spread import attack_rates, mature, offspring, serial, spread

DAY = date(2021, 8, 31)
NOON = datetime(2021, 8, 31, 5, tzinfo=UTC)  # 12:00 in Hanoi
ZONE = "Asia/Ho_Chi_Minh"


def frame(rows: list[dict[str, object]], schema: dict) -> pl.DataFrame:
    full = [{name: row.get(name) for name in schema} for row in rows]
    return pl.DataFrame(full, schema=schema, orient="row")


def ends_of(events: int, n: int) -> tuple[float, float]:
    found = binomtest(events, n).proportion_ci(method="wilson")
    return found.low, found.high


# --- contacts -------------------------------------------------------------------------------------


def contact(name: str, person: str | None, *, exposed: int = 20, **told: object):
    """An F1 of case a, exposed so many days before NOON, listed a day later."""
    at = NOON - timedelta(days=exposed)
    return {"contact_id": name, "source": "s", "person_ref": person, "index_case_id": "a",
            "class": "F1", "setting": "cho", "last_exposure_ts": at,
            "identified_ts": at + timedelta(days=1), **told}  # fmt: skip


def case(name: str, person: str, ago: int, **told: object) -> dict[str, object]:
    return {"case_id": name, "source": "s", "person_ref": person, "cluster_id": "K",
            "case_day": DAY - timedelta(days=ago), **told}  # fmt: skip


PEOPLE = [case("a", "pa", 25), case("b", "pb", 15), case("c", "pc", 2), case("d", "pd", 24)]
LISTED = [
    contact("1", "pb"),  # fell ill 5 days later
    contact("2", "pc"),  # 18 days later: not within 14
    contact("3", "pd"),  # was a case before: not susceptible
    contact("4", "px"),
    contact("5", "px", exposed=21),  # the same person and index case, an earlier exposure
    contact("6", None),  # nobody knows who
    contact("7", "py", **{"class": "F2"}),
    contact("8", "pz", setting=None),
    contact("9", "pw", exposed=10),  # still within the incubation
]


def test_who_counts_for_the_attack_rate() -> None:
    found = followed(frame(PEOPLE, CASES), frame(LISTED, CONTACTS), zone=ZONE)
    assert found.columns == list(FOLLOWED)
    over = mature(found, start=date(2021, 1, 1), day=DAY)
    rates = attack_rates(over)
    assert rates.select("setting", "n_contacts", "n_secondary", "rate").rows() == [
        ("cho", 3, 1, pytest.approx(1 / 3)), ("unknown", 1, 0, 0.0),
    ]  # fmt: skip
    assert rates.row(0)[4:] == pytest.approx(ends_of(1, 3))


def test_it_is_the_graph_s_rate_where_nobody_was_a_case_before() -> None:
    cases, contacts = frame(PEOPLE[:3], CASES), frame(LISTED, CONTACTS)
    plain = contacts.with_columns(
        exposed_on=pl.col("last_exposure_ts").dt.convert_time_zone(ZONE).dt.date()
    )
    theirs = secondary_attack_rate(plain, cases)
    found = attack_rates(followed(cases, contacts, zone=ZONE))
    columns = ["setting", "n_contacts", "n_secondary", "rate"]
    assert found.select(columns).sort("setting").rows() == theirs.rows()


def test_the_follow_up_is_timed_from_the_report_of_the_index_case() -> None:
    hour = timedelta(hours=1)
    rows = [
        contact("1", "p", identified_ts=NOON, reached_ts=NOON + 24 * hour,
                quarantined_ts=NOON + 25 * hour, sampled_ts=NOON + 49 * hour),
        contact("2", "q", identified_ts=NOON, index_reported_at=NOON - 30 * hour,
                reached_ts=NOON, quarantined_ts=NOON - 40 * hour),
        contact("3", "r", identified_ts=NOON),
    ]  # fmt: skip
    found = followed(frame(PEOPLE, CASES), frame(rows, CONTACTS), zone=ZONE)
    assert found["cluster_id"].to_list() == ["K"] * 3
    (row,) = follow_up(found).iter_rows(named=True)
    assert row == {
        "class": "F1", "n_listed": 3, "n_reached": 2, "n_reached_24h": 1, "n_reached_48h": 2,
        "n_quarantined": 2, "n_quarantined_24h": 1, "n_quarantined_48h": 2, "n_sampled": 1,
        "n_sampled_24h": 0, "n_sampled_48h": 0,
    }  # fmt: skip


def test_no_person_comes_out() -> None:
    found = followed(frame(PEOPLE, CASES), frame(LISTED, CONTACTS), zone=ZONE)
    assert not {"person_ref", "contact_id", "index_case_id"} & set(found.columns)
    assert '"pb"' not in found.write_json()


# --- who infected whom ----------------------------------------------------------------------------

ONSETS = [10, 8, 12, None, 5]  # days before DAY
CHAIN = [
    {"case_id": name, "source": "s", "case_day": DAY - timedelta(days=20 - n),
     "onset_date": None if ago is None else DAY - timedelta(days=ago), "infector_id": of}
    for n, (name, ago, of) in enumerate(
        zip("abcde", ONSETS, [None, "a", "a", "b", "b|c"], strict=True)
    )
]  # fmt: skip


def test_serial_intervals_by_hand() -> None:
    held = members(frame(CHAIN, CASES), frame([], CONTACTS))
    found = serial(held, held)
    # a to b: 2; a to c: -2; b to d: not known; b to e: 3; c to e: 7
    gaps = [2, -2, 3, 7]
    assert (found.n, found.n_pairs, found.n_negative) == (4, 5, 1)
    assert found.mean == statistics.mean(gaps)
    assert found.sd == pytest.approx(statistics.stdev(gaps))
    assert found.median == statistics.median(gaps)
    assert found.days == ((-2, 1), (2, 1), (3, 1), (7, 1))
    nothing = serial(held, held.clear())
    assert (nothing.n, nothing.n_pairs, nothing.mean, nothing.sd) == (0, 0, None, None)


def test_only_the_infected_of_the_days_asked_for() -> None:
    held = members(frame(CHAIN, CASES), frame([], CONTACTS))
    found = spread(held, held, pl.DataFrame(schema=FOLLOWED), start=DAY - timedelta(days=19),
                   day=DAY - timedelta(days=17))  # fmt: skip
    assert (found.serial.n, found.serial.n_pairs) == (2, 3)  # b, c and d; a lies before
    assert found.generations == ((1, 2), (2, 1))


worlds = st.lists(st.integers(0, 30), min_size=1, max_size=30)


@settings(max_examples=50)
@given(worlds, st.data())
def test_offspring_is_that_of_networkx(ages: list[int], data: st.DataObject) -> None:
    names = [f"c{n}" for n in range(len(ages))]
    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    for n in range(1, len(names)):
        source = data.draw(st.none() | st.sampled_from(names[:n]))
        if source:
            graph.add_edge(source, names[n])
    rows = [
        {"case_id": name, "source": "s", "case_day": DAY - timedelta(days=age),
         "infector_id": "|".join(graph.predecessors(name)) or None}
        for name, age in zip(names, ages, strict=True)
    ]  # fmt: skip
    found = offspring(members(frame(rows, CASES), frame([], CONTACTS)), day=DAY)
    old = sorted(
        (graph.out_degree(n) for n, age in zip(names, ages, strict=True) if age >= 14), reverse=True
    )
    assert (found.n, found.n_young, found.n_infections) == (
        len(old),
        len(ages) - len(old),
        sum(old),
    )
    assert dict(found.counts) == {k: old.count(k) for k in set(old)}
    if old:
        assert found.none_share == pytest.approx(old.count(0) / len(old))
    if sum(old):
        # Each case cut in five: the first fifth of these slices are the top 20 %.
        slices = [k / 5 for k in old for _ in range(5)]
        assert found.top_share == pytest.approx(sum(slices[: len(old)]) / sum(old))
