"""The register of clusters: by hand, and against pandas and networkx on invented worlds."""

import math
from datetime import date, timedelta

import networkx as nx
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.chain.clusters import CASES, CLUSTERS, LINKS, members, of_cluster, register

DAY = date(2021, 8, 31)


def case(name: str, ago: int = 0, **told: object) -> dict[str, object]:
    """One case, `ago` days before DAY."""
    return {"case_id": name, "source": "s", "province_code": "01", "detected_in": "cong_dong",
            "case_day": DAY - timedelta(days=ago), **told}  # fmt: skip


def frame(rows: list[dict[str, object]], schema: dict) -> pl.DataFrame:
    full = [{name: row.get(name) for name in schema} for row in rows]
    return pl.DataFrame(full, schema=schema, orient="row")


def members_of(cases: list[dict[str, object]], links: list[dict[str, object]] | None = None):
    return members(frame(cases, CASES), frame(links or [], LINKS))


def registered(cases, clusters=(), *, day: date = DAY, areas=(), links=()) -> pl.DataFrame:
    held = members_of(list(cases), list(links))
    return register(held, frame(list(clusters), CLUSTERS), day=day, areas=areas)


HOUSE = [
    case("a", 20, cluster_id="K", ward_code="w1"),
    case("b", 12, cluster_id="K", infector_id="a", ward_code="w1"),
    case("c", 3, cluster_id="K", infector_id="b", ward_code="w2", province_code="02"),
    case("d", 2, cluster_id="K", detected_in="nhap_canh"),
    case("e", 1, cluster_id="K"),
]


def test_a_cluster_by_hand() -> None:
    told = {"cluster_id": "K", "source": "s", "name": "Chợ", "setting": "cho",
            "status": "hoat_dong", "province_code": "01",
            "opened_day": DAY - timedelta(days=25)}  # fmt: skip
    row = registered(HOUSE, [told]).row(0, named=True)
    expected = {
        "code": "K", "name": "Chợ", "setting": "cho", "status": "hoat_dong", "size": 5, "n_7d": 3,
        "n_7d_before": 1, "n_14d": 4, "days_quiet": 1, "generations": 3, "wards": 2,
        "n_domestic": 4, "is_chain": False, "provinces": ["01", "02"],
        "first_day": DAY - timedelta(days=20), "last_day": DAY - timedelta(days=1),
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert row["growth"] == pytest.approx(math.log(3.5 / 1.5) / 7)
    assert row["unlinked_share"] == pytest.approx(2 / 4)  # a and e; d came from abroad


def test_a_number_that_may_be_somebody_s_does_not_stand_in_a_name() -> None:
    told = {"cluster_id": "K", "source": "s", "opened_day": DAY, "name": "Nhà 079123456789, tổ 12"}
    assert registered([], [told])["name"].to_list() == ["Nhà …, tổ 12"]


def test_days_count_to_the_end_of_the_day_asked_for() -> None:
    row = registered(HOUSE, day=DAY - timedelta(days=3)).row(0, named=True)
    assert (row["size"], row["n_7d"], row["n_7d_before"], row["generations"]) == (3, 1, 1, 3)
    assert registered(HOUSE, day=DAY - timedelta(days=21)).is_empty()


def test_a_cluster_of_which_no_case_is_held_has_no_size() -> None:
    told = {"cluster_id": "K", "source": "s", "opened_day": DAY, "last_case_date": DAY}
    row = registered([], [told]).row(0, named=True)
    assert row["size"] is None
    assert row["growth"] is None
    assert (row["days_quiet"], row["last_day"]) == (0, DAY)
    assert registered([], [{**told, "opened_day": DAY + timedelta(days=1)}]).is_empty()


@pytest.mark.parametrize(("closed", "status"), [(0, "ket_thuc"), (1, "hoat_dong")])
def test_it_has_ended_from_its_closing_day_on(closed: int, status: str) -> None:
    told = {"cluster_id": "K", "source": "s", "opened_day": DAY - timedelta(days=30),
            "closed_day": DAY + timedelta(days=closed), "status": "ket_thuc"}  # fmt: skip
    assert registered(HOUSE, [told])["status"].to_list() == [status]


def test_linked_cases_without_a_cluster_make_a_chain() -> None:
    found = registered([case("a", 9), case("b", 1, infector_id="x|a"), case("alone", 1)])
    assert found.select("is_chain", "size", "generations").rows() == [(True, 2, 2)]
    code = found["code"][0]
    assert code.startswith("chain-")
    assert "a" not in code.removeprefix("chain-").split("-")
    later = registered([case("a", 9), case("b", 1, infector_id="a"), case("c", infector_id="b")])
    assert later["code"].to_list() == [code]


def test_a_source_that_is_not_held_is_a_source_all_the_same() -> None:
    found = registered([case("a", 1, cluster_id="K", infector_id="elsewhere")])
    assert found["unlinked_share"].to_list() == [0.0]
    assert found["generations"].to_list() == [1]


def test_a_traced_contact_who_became_a_case_was_infected_by_the_index_case() -> None:
    cases = [case("a", 5, person_ref="p"), case("b", 1, person_ref="q")]
    link = {"contact_id": "t", "source": "s", "person_ref": "q", "index_case_id": "a"}
    assert registered(cases, links=[{**link, "class": "F1"}])["size"].to_list() == [2]
    assert registered(cases, links=[{**link, "class": "F2"}]).is_empty()


def test_ids_are_of_their_source_first() -> None:
    """Both sources have a case "a"; each "b" was infected by the one of its own source."""
    cases = [
        *(case("a", 9, source=s, cluster_id=f"K{s}") for s in "xy"),
        *(case("b", 2, source=s, cluster_id=f"K{s}", infector_id="a") for s in "xy"),
        case("c", 1, source="z", cluster_id="Kz", infector_id="a"),  # which one, nobody can say
    ]
    held = members_of(cases)
    by_cluster = held.select("cluster_id", "generation", "is_linked").sort("cluster_id").rows()
    assert by_cluster == [
        ("Kx", 0, False), ("Kx", 1, True), ("Ky", 0, False), ("Ky", 1, True), ("Kz", 0, True),
    ]  # fmt: skip


def test_two_sources_may_use_one_code_and_odd_ones_fit_an_address() -> None:
    cases = [case(s, 1, source=s, cluster_id="K") for s in "xy"]
    cases.append(case("z", 1, cluster_id="Ổ dịch số 1"))
    codes = set(registered(cases)["code"])
    assert {"x:K", "y:K"} < codes
    assert next(iter(codes - {"x:K", "y:K"})).startswith("id-")


def test_only_clusters_that_touch_the_provinces_asked_for() -> None:
    cases = [*HOUSE, case("z", 1, cluster_id="L", province_code="03")]
    assert registered(cases, areas=("02",))["code"].to_list() == ["K"]
    assert registered(cases, areas=("03", "04"))["code"].to_list() == ["L"]


def test_the_newest_and_fastest_come_first() -> None:
    cases = [
        *(case(f"a{n}", n, cluster_id="slow") for n in (1, 2, 8, 9)),
        *(case(f"b{n}", n, cluster_id="fast") for n in (1, 2, 8)),
        *(case(f"c{n}", n, cluster_id="old") for n in (8, 9, 10, 11, 12)),
    ]
    assert registered(cases)["code"].to_list() == ["fast", "slow", "old"]


def test_cases_of_a_cluster_are_numbered_and_nobody_is_named() -> None:
    cases = [dict(row, person_ref=f"ref{row['case_id']}") for row in HOUSE]
    held = members_of(cases)
    row = register(held, frame([], CLUSTERS), day=DAY).row(0, named=True)
    own = of_cluster(held, row, day=DAY - timedelta(days=2))
    assert own["no"].to_list() == [1, 2, 3, 4]
    assert own["parent"].to_list() == [None, 0, 1, None]
    assert not {"case_id", "person_ref", "infector_id"} & set(own.columns)
    assert "ref" not in own.write_json()


# --- against pandas and networkx ------------------------------------------------------------------

NAMES = [f"c{n}" for n in range(14)]
invented = st.lists(
    st.builds(
        lambda name, ago, of, cluster, abroad, ward: case(
            name, ago, infector_id=of, cluster_id=cluster, ward_code=ward,
            detected_in="nhap_canh" if abroad else None,
        ),
        st.sampled_from(NAMES), st.integers(-2, 20),
        st.none() | st.lists(st.sampled_from([*NAMES, "?"]), min_size=1, max_size=2).map("|".join),
        st.sampled_from([None, None, "K", "L"]), st.booleans(), st.sampled_from([None, "w", "v"]),
    ),
    unique_by=lambda row: row["case_id"], max_size=14,
)  # fmt: skip


def by_networkx(cases: list[dict[str, object]]) -> list[tuple[object, ...]]:
    """The same register, in another way: one graph per cluster, pandas for the counts."""
    table = pd.DataFrame(cases)
    if table.empty:
        return []
    cluster = {r["case_id"]: r["cluster_id"] for r in cases}
    told = {r["case_id"]: str(r["infector_id"] or "").split("|") for r in cases}
    arrows = [(a, b) for b, many in told.items() for a in many if a in told and a != b]
    linked = {b: any(a not in ("", b) for a in many) for b, many in told.items()}
    free = nx.Graph()
    free.add_nodes_from(name for name, of in cluster.items() if of is None)
    free.add_edges_from((a, b) for a, b in arrows if cluster[a] is None and cluster[b] is None)
    groups = [("", part) for part in nx.connected_components(free) if len(part) > 1]
    groups += [
        (name, {case for case, of in cluster.items() if of == name})
        for name in set(cluster.values()) - {None}
    ]
    rows = []
    for name, part in groups:
        own = nx.DiGraph()
        own.add_nodes_from(part)
        own.add_edges_from((a, b) for a, b in arrows if a in part and b in part)
        roots = [n for n in own if own.in_degree(n) == 0]
        depth = nx.multi_source_dijkstra_path_length(own, roots) if roots else {}
        known = table[table["case_id"].isin(part) & (table["case_day"] <= DAY)]
        if len(known) < (1 if name else 2):
            continue
        age = known["case_day"].map(lambda day: (DAY - day).days)
        levels = [depth[c] + 1 for c in known["case_id"] if c in depth]
        home = known[known["detected_in"] != "nhap_canh"]
        n_7d, before = int((age <= 6).sum()), int(((age > 6) & (age <= 13)).sum())
        rows.append((
            name, len(known), known["case_day"].min(), known["case_day"].max(), n_7d, before,
            round(math.log((n_7d + 0.5) / (before + 0.5)) / 7, 9), int(age.min()),
            max(levels) if levels else None, known["ward_code"].nunique() or None,
            round(1 - sum(map(linked.get, home["case_id"])) / len(home), 9) if len(home) else None,
        ))  # fmt: skip
    return sorted(rows, key=repr)


@settings(max_examples=40)
@given(invented)
def test_the_register_is_that_of_pandas_and_networkx(cases: list[dict[str, object]]) -> None:
    found = registered(cases).select(
        pl.when("is_chain").then(pl.lit("")).otherwise("cluster_id"), "size", "first_day",
        "last_day", "n_7d", "n_7d_before", pl.col("growth").round(9), "days_quiet", "generations",
        "wards", pl.col("unlinked_share").round(9),
    )  # fmt: skip
    assert sorted(found.rows(), key=repr) == by_networkx(cases)


@settings(max_examples=40)
@given(invented)
def test_parents_make_a_forest(cases: list[dict[str, object]]) -> None:
    held = members_of(cases)
    level = dict(held.select("number", "generation").iter_rows())
    cluster = dict(held.select("number", "cluster_id").iter_rows())
    for number, parent in held.select("number", "parent").drop_nulls().iter_rows():
        assert level[parent] == level[number] - 1
        assert cluster[parent] == cluster[number] is not None
    rootless = held.filter(pl.col("parent").is_null(), pl.col("generation") > 0)
    assert rootless.is_empty()
