"""Published line lists through record mappings; their chains equal networkx on the bare CSV."""

import csv
import json
import math
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import networkx as nx
import polars as pl
import pytest

from data_access.chain import clusters as chained
from data_access.chain.graph import chains
from data_access.chain.lists import graph_at
from data_access.chain.spread import serial
from data_access.clusters import members
from data_access.engine import make_engine
from data_access.viewer import system_viewer
from tests.e2e import expected
from tests.e2e.command import ROOT, Command
from tests.e2e.expected import SHARED

CLUSTERS = SHARED / "data" / "clusters"
MAPPINGS = ROOT / "examples" / "lists"
KEY = (("TUYENDAU_PSEUDONYM_KEY", "a-key-for-tests-0123456789-abcdefghij"),)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.skipif(not CLUSTERS.is_dir(), reason=expected.NO_SHARED)


@dataclass(frozen=True)
class List:
    """One published list: its files, and where its cases and arrows stand in them."""

    cases: str
    case_id: str
    pairs: str
    infector: str
    infectee: str
    pack: str = ""


LISTS = {
    "mers": List("mers_korea_2015_linelist.csv", "id", "mers_korea_2015_contacts.csv", "from",
                 "to", "lists/pack"),
    "vn": List("vn_bn001_1099_linelist.csv", "id", "vn_bn001_1099_edges.csv", "from", "to"),
    "ebola": List("ebola_sim_clean_linelist.csv", "case_id", "ebola_sim_clean_contacts.csv",
                  "infector", "case_id", "lists/pack"),
    "hagelloch": List("hagelloch_measles_1861_linelist.csv", "PN",
                      "hagelloch_measles_1861_linelist.csv", "IFTO", "PN", "lists/pack"),
}  # fmt: skip


def rows(name: str) -> list[dict[str, str]]:
    with (CLUSTERS / name).open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def ingest(command: Command, name: str, *, kind: str, file: str) -> dict[str, int]:
    done = command(
        "ingest", "records", "tracing", str(CLUSTERS / file), "--kind", kind, "--source", name,
        "--mapping", str(MAPPINGS / f"{name}_{kind}.toml"), "--json",
        "--known-at", "2025-12-01",
    )  # fmt: skip
    assert done.code == 0, done.err
    counts: dict[str, int] = json.loads(done.out)
    return counts


@pytest.fixture(params=LISTS)
def loaded(request: pytest.FixtureRequest, fresh: Command, tmp_path: Path) -> tuple[str, Command]:
    name = request.param
    command = Command(url=fresh.url, settings=KEY)
    if LISTS[name].pack:
        command = Command(url=f"sqlite:///{tmp_path / 'lists.sqlite'}", settings=KEY)
        done = command("init", "--pack", str(ROOT / "examples" / LISTS[name].pack))
        assert done.code == 0, done.err
    return name, command


def bare(text: str) -> str:
    return text.strip().removesuffix(".0")


def accepted(told: List) -> list[dict[str, str]]:
    """The cases without a fault: an outcome before the onset is one (Ebola has 197)."""
    onset, outcome = "date_of_onset", "date_of_outcome"
    return [row for row in rows(told.cases) if not row.get(outcome) or row[outcome] >= row[onset]]


def plain_graph(told: List) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(bare(row[told.case_id]) for row in accepted(told))
    for row in rows(told.pairs):
        a, b = bare(row[told.infector]), bare(row[told.infectee])
        if a in graph and b in graph and a != b:
            graph.add_edge(a, b)
    return graph


def test_every_row_is_accounted_for_and_the_chains_are_those_of_the_file(
    loaded: tuple[str, Command],
) -> None:
    name, command = loaded
    told = LISTS[name]
    counts = ingest(command, name, kind="case", file=told.cases)
    n_read, n_new = len(rows(told.cases)), len(accepted(told))
    assert (counts["read"], counts["new"]) == (n_read, n_new)
    assert counts["rejected"] == n_read - n_new == (197 if name == "ebola" else 0)
    if told.pairs != told.cases:
        counts = ingest(command, name, kind="contact", file=told.pairs)
        assert (counts["read"], counts["new"]) == (len(rows(told.pairs)),) * 2
    engine = make_engine(command.url)
    found = chains(graph_at(engine, viewer=system_viewer(NOW), source=name))
    held = members(engine, viewer=system_viewer(NOW))
    engine.dispose()

    graph = plain_graph(told)
    parts = sorted(map(len, nx.weakly_connected_components(graph)))
    assert sorted(found.group_by("component").len()["len"].to_list()) == parts
    degrees = {n: (graph.out_degree(n), graph.in_degree(n)) for n in graph}
    listed = found.select("case_id", "infected", "n_infectors").iter_rows()
    assert {case: (out, into) for case, out, into in listed} == degrees
    roots = [n for n, degree in graph.in_degree() if degree == 0]
    depth = nx.multi_source_dijkstra_path_length(graph, roots)
    generations = dict(found.select("case_id", "generation").drop_nulls().iter_rows())
    assert generations == depth
    assert_register_is_that_of_the_graph(held, graph)
    stated = [row.get("diff_dt_onset", "") for row in rows(told.pairs)]
    if any(stated):  # one list states its serial intervals itself
        found_days = dict(serial(held, held).days)
        assert found_days == Counter(int(days) for days in stated if days not in ("", "NA"))


def assert_register_is_that_of_the_graph(held: pl.DataFrame, graph: nx.DiGraph) -> None:
    """No list declares a cluster: each chain of two and more is one."""
    last = held["case_day"].max()
    assert isinstance(last, date)
    found = chained.register(held, pl.DataFrame(schema=chained.CLUSTERS), day=last)
    of_graph = []
    for part in nx.weakly_connected_components(graph):
        own = graph.subgraph(part)
        roots = [n for n, degree in own.in_degree() if degree == 0]
        depth = nx.multi_source_dijkstra_path_length(own, roots) if roots else {}
        if len(own) > 1:
            of_graph.append((len(own), max(depth.values()) + 1 if depth else None))
    told = found.select("size", "generations").rows()
    assert sorted(told, key=repr) == sorted(of_graph, key=repr)
    days = held.drop_nulls("cluster_id").group_by("cluster_id").agg(pl.col("case_day"))
    for cluster, of_days in days.iter_rows():
        row = found.row(by_predicate=pl.col("cluster_id") == cluster, named=True)
        assert (row["first_day"], row["last_day"]) == (min(of_days), max(of_days))
        n_7d = sum((last - day).days < 7 for day in of_days)
        n_before = sum(7 <= (last - day).days < 14 for day in of_days)
        assert row["growth"] == pytest.approx(math.log((n_7d + 0.5) / (n_before + 0.5)) / 7)


@pytest.mark.parametrize("loaded", ["vn"], indirect=True)
def test_the_records_are_cases_by_day(loaded: tuple[str, Command]) -> None:
    name, command = loaded
    ingest(command, name, kind="case", file=LISTS[name].cases)
    days = Counter(row["date_announced"] for row in rows(LISTS[name].cases))
    found = command.rows("query", "cases", "--as", "national")
    assert {r["date"]: int(r["value"]) for r in found if r["value"] not in ("", "0")} == days


def test_no_public_number_is_kept_as_an_identity(loaded: tuple[str, Command]) -> None:
    name, command = loaded
    ingest(command, name, kind="case", file=LISTS[name].cases)
    engine = make_engine(command.url)
    refs = pl.read_database("SELECT person_ref FROM rec_tracing_case", engine)["person_ref"]
    engine.dispose()
    assert refs.null_count() == 0
    assert refs.n_unique() == len(accepted(LISTS[name]))
    assert not set(refs) & {bare(row[LISTS[name].case_id]) for row in rows(LISTS[name].cases)}
