"""A chain laid out in time: nobody covers anybody, lines run to the right rows."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard import chain_layout as layout
from dashboard.chain_layout import Node, by_generation, curve, laid_out
from dashboard.charts import chain as charts
from dashboard.components.tracing_clusters import filtered
from dashboard.i18n import translator
from data_access.chain.clusters import CASES, CLUSTERS, LINKS, members, of_cluster, register

START = date(2021, 8, 1)
VI = translator("vi")


def cases_of(*told: tuple[int, str | None], onset: bool = True, **more: object) -> pl.DataFrame:
    """Cases c0, c1, ... of one cluster: (day after START, infector)."""
    rows = [
        {"case_id": f"c{n}", "source": "s", "cluster_id": "K", "infector_id": of,
         "case_day": START + timedelta(days=day),
         "onset_date": START + timedelta(days=day) if onset else None, **more}
        for n, (day, of) in enumerate(told)
    ]  # fmt: skip
    full = [{name: row.get(name) for name in CASES} for row in rows]
    held = members(pl.DataFrame(full, schema=CASES, orient="row"), pl.DataFrame(schema=LINKS))
    last = START + timedelta(days=4000)
    row = register(held, pl.DataFrame(schema=CLUSTERS), day=last).row(0, named=True)
    return of_cluster(held, row, day=last)


def placed(nodes: tuple[Node, ...]) -> dict[int, tuple[int, int]]:
    return {node.no: ((node.day - START).days, node.row) for node in nodes}


def test_the_first_infected_stands_on_the_same_row_the_others_below() -> None:
    nodes = laid_out(cases_of((0, None), (3, "c0"), (4, "c0"), (6, "c1"), (6, "c2"), (5, None)))
    assert placed(nodes) == {1: (0, 0), 2: (3, 0), 5: (6, 0), 3: (4, 1), 6: (6, 1), 4: (5, 2)}
    assert {node.no: node.parent for node in nodes} == {1: None, 2: 1, 3: 1, 4: None, 5: 2, 6: 3}


def test_one_of_the_same_day_stands_below() -> None:
    assert placed(laid_out(cases_of((0, None), (0, "c0")))) == {1: (0, 0), 2: (0, 1)}


def test_where_each_was_infected() -> None:
    nodes = laid_out(cases_of((0, None), (1, "c0"), (2, "else"), (3, "c0|c1")))
    sources = {node.no: node.source for node in nodes}
    assert sources == {1: layout.UNKNOWN, 2: layout.INSIDE, 3: layout.ELSEWHERE, 4: layout.INSIDE}
    assert next(node.others for node in nodes if node.no == 4) == (2,)
    (abroad,) = laid_out(cases_of((0, None), detected_in="nhap_canh"))
    assert abroad.source == layout.ABROAD


def test_a_circle_is_laid_out_too() -> None:
    nodes = laid_out(cases_of((0, "c1"), (1, "c0")))
    assert [(node.generation, node.parent, node.source) for node in nodes] == [
        (None, None, layout.INSIDE)
    ] * 2
    assert laid_out(cases_of((0, None)).clear()) == ()


worlds = st.lists(st.tuples(st.integers(0, 40), st.none() | st.integers(0, 30)), min_size=1,
                  max_size=40).map(
    lambda rows: [(day, f"c{of}" if of is not None and of < n else None)
                  for n, (day, of) in enumerate(rows)]
)  # fmt: skip


@settings(max_examples=50)
@given(worlds)
def test_no_case_covers_another_and_rows_have_no_gaps(told: list[tuple[int, str | None]]) -> None:
    nodes = laid_out(cases_of(*told))
    assert sorted(node.no for node in nodes) == list(range(1, len(told) + 1))
    assert len({(node.row, node.day) for node in nodes}) == len(nodes)
    assert {node.row for node in nodes} == set(range(max(node.row for node in nodes) + 1))
    place = {node.no: node for node in nodes}
    for node in nodes:
        if node.parent is not None:
            # The line goes down from the source and across to the case.
            assert place[node.parent].row <= node.row


@pytest.mark.parametrize("many", [500, 3000])
def test_a_chain_without_branches_needs_no_recursion(many: int) -> None:
    nodes = laid_out(cases_of(*((n, f"c{n - 1}" if n else None) for n in range(many))))
    assert max(node.generation or 0 for node in nodes) == many - 1


def test_five_hundred_cases_stay_apart_on_the_picture() -> None:
    """Rows are at least as far apart as a mark is high; the box scrolls."""
    told = [(0, None), *((n % 60 + 1, f"c{n // 3}") for n in range(499))]
    nodes = laid_out(cases_of(*told))
    n_rows = max(node.row for node in nodes) + 1
    figure = charts.timeline(nodes, t=VI, language="vi")
    marks = [trace for trace in figure.data if trace.mode != "lines"]
    assert sum(len(trace.x) for trace in marks) == 500
    each = (figure.layout.height - 90) / n_rows
    assert each >= max(trace.marker.size for trace in marks)
    assert n_rows < 500


def test_the_timeline_shows_numbers_and_no_names() -> None:
    nodes = laid_out(cases_of((0, None), (3, "c0"), (4, "else")))
    figure = charts.timeline(nodes, t=VI, language="vi")
    lines = next(trace for trace in figure.data if trace.mode == "lines")
    assert list(lines.y) == [0, 0, 0, None]
    assert [trace.name for trace in figure.data if trace.name] == ["Thế hệ 0", "Thế hệ 1"]
    first = next(trace for trace in figure.data if trace.name == "Thế hệ 0")
    assert list(first.marker.symbol) == ["diamond", "triangle-left"]
    assert first.customdata[0] == "Ca 1, thế hệ 0; nguồn: chưa rõ nguồn; lây cho 1 ca"
    assert '"c0"' not in figure.to_json()


def test_counts_by_generation_and_day_keep_every_case() -> None:
    cases = cases_of((0, None), (1, "c0"), (1, "c0"), (2, "c4"), (2, "c3"))
    counted = by_generation(cases)
    rows = [(level, (day - START).days, n) for level, day, n in counted.iter_rows()]
    assert rows == [(0, 0, 1), (1, 1, 2), (None, 2, 2)]
    figure = charts.aggregate(counted, t=VI, language="vi")
    assert sum(sum(trace.customdata) for trace in figure.data) == cases.height
    assert [trace.name for trace in figure.data][-1] == "Vòng lây, không rõ thế hệ"


def test_the_curve_has_every_day_and_says_which_day_it_is() -> None:
    both = pl.concat([cases_of((0, None), (3, None)), cases_of((3, None), onset=False)])
    assert curve(both).select("n_onset", "n_report").rows() == [(1, 0), (0, 0), (0, 0), (1, 1)]
    figure = charts.curve(curve(both), t=VI, language="vi")
    assert [sum(trace.y) for trace in figure.data] == [2, 1]
    assert curve(both.clear()).is_empty()


def test_intervals_and_classes_as_drawn() -> None:
    found = pl.DataFrame({"setting": ["cho"], "n_contacts": [4], "n_secondary": [1],
                          "rate": [0.25], "low": [0.05], "high": [0.7]})  # fmt: skip
    bar = charts.intervals(found, {"cho": "Chợ"}, language="vi").data[0]
    assert (bar.x[0], bar.error_x.array[0], bar.error_x.arrayminus[0]) == pytest.approx(
        (0.25, 0.45, 0.2)
    )
    serial = charts.serial_days(((-2, 1), (3, 4)), t=VI, language="vi")
    assert [(tuple(trace.x), tuple(trace.y)) for trace in serial.data] == [
        ((-2,), (1,)),
        ((3,), (4,)),
    ]
    parts = charts.offspring_classes(((0, 5), (2, 1), (10, 2), (30, 1)))
    assert parts[:3] == (("0", 5), ("1", 0), ("2", 1))
    assert parts[-1] == ("10+", 3)


def test_filters_tell_apart_what_is_stated_and_what_is_not() -> None:
    every = pl.DataFrame({
        "code": ["a", "b", "c"], "setting": ["cho", None, None], "is_chain": [False, True, False],
        "status": ["hoat_dong", None, None],
    })  # fmt: skip
    assert filtered(every, setting="unknown", state=None)["code"].to_list() == ["b", "c"]
    assert filtered(every, setting=None, state="chain")["code"].to_list() == ["b"]
    assert filtered(every, setting=None, state="unknown")["code"].to_list() == ["c"]
    assert filtered(every, setting="cho", state="hoat_dong")["code"].to_list() == ["a"]
