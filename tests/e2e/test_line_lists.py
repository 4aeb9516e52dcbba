"""Real line lists through record mappings: every row accounted for, chains equal networkx."""

import csv
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import networkx as nx
import pandas as pd
import polars as pl
import pytest

from data_access.engine import make_engine
from data_access.errors import ScopeDenied
from data_access.reference.areas import load_areas
from data_access.transmission.links import BY_CASE, BY_CONTACT, chains_of, transmission
from data_access.viewer import parse_viewer, system_viewer
from tests.conftest import ROOT, Database
from tests.e2e import expected
from tests.e2e.command import Command
from tests.e2e.expected import SHARED

pytestmark = pytest.mark.skipif(not (SHARED / "data").is_dir(), reason=expected.NO_SHARED)
LISTS = ROOT / "examples" / "lists"
FILES = SHARED / "data" / "clusters"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = (("TUYENDAU_PSEUDONYM_KEY", "0123456789abcdefghijklmnopqrstuvwxyz-for-tests"),)


@pytest.fixture
def command(empty_database: Database) -> Command:
    return Command(url=empty_database.url, settings=KEY)


def take_in(command: Command, kind: str, name: str, file: Path) -> dict[str, object]:
    done = command(
        "ingest", "records", "tracing", str(file), "--kind", kind, "--source", name,
        "--mapping", str(LISTS / f"{name}_{kind}.toml"), "--known-at", "2021-01-01", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    told: dict[str, object] = json.loads(done.out)
    return told


def found(command: Command, source: str) -> pl.DataFrame:
    engine = make_engine(command.url)
    areas = load_areas(engine, viewer=system_viewer(NOW))
    answer = chains_of(engine, source=source, viewer=parse_viewer("national", now=NOW), areas=areas)
    engine.dispose()
    return answer


def by_networkx(cases: list[str], pairs: list[tuple[str, str]]) -> list[tuple[object, ...]]:
    """(case, chain, size, infected, infectors, generation), straight from the CSV's pairs."""
    graph = nx.DiGraph(pairs)
    graph.add_nodes_from(cases)
    roots = [name for name, n in graph.in_degree() if n == 0]
    depth = nx.multi_source_dijkstra_path_length(graph, roots)
    return sorted(
        (name, min(component), len(component), graph.out_degree(name), graph.in_degree(name),
         depth.get(name))
        for component in nx.weakly_connected_components(graph)
        for name in component
    )  # fmt: skip


def rows(name: str) -> list[dict[str, str]]:
    with (FILES / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def ends_before_it_began(row: dict[str, str]) -> bool:
    """Whether the simulated list gives an outcome before the onset: the gate refuses the row."""
    outcome, onset = row.get("date_of_outcome", ""), row.get("date_of_onset", "")
    return bool(outcome and onset) and outcome < onset


def compared(answer: pl.DataFrame) -> list[tuple[object, ...]]:
    columns = ("case", "chain", "chain_size", "n_infected", "n_infectors", "generation")
    return sorted(answer.select(columns).rows())


@pytest.mark.parametrize(
    ("name", "stem", "case", "ends", "n_cases", "n_pairs"),
    [
        ("mers", "mers_korea_2015", "id", ("from", "to"), 162, 98),
        ("ebola", "ebola_sim_clean", "case_id", ("infector", "case_id"), 5829, 3800),
    ],
)
def test_a_line_list_with_its_contacts(
    command: Command, name: str, stem: str, case: str, ends: tuple[str, str],
    n_cases: int, n_pairs: int,
) -> None:  # fmt: skip
    assert command("init", "--pack", str(LISTS / "pack")).code == 0
    cases = take_in(command, "case", name, FILES / f"{stem}_linelist.csv")
    contacts = take_in(command, "contact", name, FILES / f"{stem}_contacts.csv")
    every = rows(f"{stem}_linelist.csv")
    refused = {row[case] for row in every if ends_before_it_began(row)}
    n_new = n_cases - len(refused)
    assert (cases["read"], cases["new"], cases["rejected"]) == (n_cases, n_new, len(refused))
    assert (contacts["read"], contacts["new"], contacts["rejected"]) == (n_pairs, n_pairs, 0)
    listed = [row[case] for row in every if row[case] not in refused]
    # A contact who is in no line list is not known to have become a case: no link of infection.
    pairs = [
        (row[ends[0]], row[ends[1]])
        for row in rows(f"{stem}_contacts.csv")
        if row[ends[1]] in set(listed)
    ]
    answer = found(command, name)
    assert compared(answer) == by_networkx(listed, pairs)
    assert set(answer.filter("listed")["case"]) == set(listed)


def test_vietnams_first_patients(command: Command, tmp_path: Path) -> None:
    assert command("init").code == 0
    cases = pd.read_csv(FILES / "vn_bn001_1099_linelist.csv", dtype=str)
    edges = pd.read_csv(FILES / "vn_bn001_1099_edges.csv", dtype=str)
    infected_by = edges.groupby("to")["from"].agg("|".join).rename("infected_by")
    merged = cases.merge(infected_by, left_on="id", right_index=True, how="left")
    merged.to_csv(tmp_path / "patients.csv", index=False)
    told = take_in(command, "case", "vn", tmp_path / "patients.csv")
    # One patient is said to have infected himself: that row is sent back, the others are in.
    itself = set(edges.loc[edges["from"] == edges["to"], "to"])
    assert (told["read"], told["new"], told["rejected"]) == (1099, 1099 - len(itself), len(itself))
    assert told["reasons"]["reject:infected_by_itself"] == len(itself) == 1  # type: ignore[index]
    listed = [name for name in cases["id"] if name not in itself]
    kept = edges[~edges["to"].isin(itself)]
    pairs = list(kept[["from", "to"]].itertuples(index=False, name=None))
    assert compared(found(command, "vn")) == by_networkx(listed, pairs)
    # Placed where they were treated: 394 in Đà Nẵng, 163 in Hà Nội, counted in the file.
    by_place = Counter(cases.loc[~cases["id"].isin(itself), "treatment_location"])
    asked = command.rows(
        "query", "cases", "--level", "province", "--area", "48", "--area", "01",
        "--from", "2020-01-01", "--to", "2020-12-31", "--format", "csv",
    )  # fmt: skip
    summed: Counter[str] = Counter()
    for row in asked:
        summed[row["area_code"]] += float(row["value"] or 0)
    assert summed == {"48": by_place["Da Nang"], "01": by_place["Ha Noi"]}


def test_who_may_see_chains(command: Command) -> None:
    command("init", "--pack", str(LISTS / "pack"))
    take_in(command, "case", "mers", FILES / "mers_korea_2015_linelist.csv")
    take_in(command, "contact", "mers", FILES / "mers_korea_2015_contacts.csv")
    engine = make_engine(command.url)
    areas = load_areas(engine, viewer=system_viewer(NOW))

    def seen(role: str, now: datetime = NOW) -> tuple[int, int]:
        cases, links = transmission(engine, viewer=parse_viewer(role, now=now), areas=areas)
        assert set(links["said_by"]) <= {BY_CASE, BY_CONTACT}
        return cases.height, links.height

    ask: Callable[..., tuple[int, int]] = seen
    assert ask("national") == ask("province:KR") == (162, 98)
    assert ask("province:SL") == (0, 0)
    assert ask("national", datetime(2016, 1, 1, tzinfo=UTC)) == (0, 0)
    with pytest.raises(ScopeDenied):
        ask("press")
    engine.dispose()
