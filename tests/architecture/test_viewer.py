"""No read without a viewer: every function that reads names one, and only the reader reads."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, python_files, tree

READING = frozenset(
    {
        "snapshot",
        "frame_snapshot",
        "read_frame",
        "load_areas",
        "view",
        "frame",
        "all_cells",
        "answer",
        "figures",
        "movements",
        "freshness",
        "latest_batches",
        "findings",
        "duplicates",
        "record_counts",
        "repeated",
    }
)
EXECUTING = frozenset({"execute", "exec_driver_sql", "scalars", "scalar", "executemany"})
# Modules that may speak SQL: the door, the engine's pragmas and locks, and the write side.
MAY_EXECUTE = (
    "data_access/reader.py",
    "data_access/audit.py",
    "data_access/engine.py",
    "data_access/grants.py",
    "data_access/alerts/outbox.py",
    "data_access/alerts/store.py",
    "data_access/bulletins/shelf.py",
    "data_access/bulletins/store.py",
    "data_access/accounts/",
    "data_access/carry.py",
    "data_access/chain/store.py",
    "data_access/ingest/",
    "data_access/cube/intern.py",
    "data_access/cube/merge.py",
    "data_access/cube/history.py",
    "data_access/levels/hand.py",
    "data_access/meta.py",
    "data_access/simulated.py",
    "data_access/tokens.py",
    "data_access/reference/load.py",
    "data_access/rollout/ledger.py",
    "data_access/quotes.py",
    "data_access/scenarios.py",
    "data_access/workflow/store.py",
    "data_access/migrations/",
)
# The edges, where a viewer is made or where what is read is no one's figure; each with its reason.
EDGES = {
    ("data_access/cli/query.py", "_answered"): "makes the viewer from --as",
    ("data_access/cli/context.py", "areas"): "reference data, the same for everyone",
    ("data_access/demo.py", "_intake"): "builds a database, reads areas only",
    ("data_access/shared.py", "open_shared"): "reads areas only, before anyone looks",
    ("data_access/chain/refresh.py", "_started"): "the chain is worked out for everybody",
    ("data_access/chain/refresh.py", "_followed"): "the chain is worked out for everybody",
    ("data_access/chain/refresh.py", "_worked_out_anew"): "the chain is worked out for everybody",
    ("data_access/chain/refresh.py", "_link_all"): "the chain is worked out for everybody",
    ("data_access/chain/refresh.py", "_parts"): "counts rows to write, no figure",
    ("data_access/alerts/book.py", "run"): "alerts are raised for everybody",
    ("data_access/alerts/reading.py", "series"): "a Reader belongs to one viewer",
    ("data_access/bulletins/compare.py", "_figures"): "a Side belongs to one reader",
    ("data_access/cube/hot.py", "_poll"): "change numbers and names, no figure",
    ("data_access/cube/view.py", "all_cells"): "a CubeView belongs to one viewer",
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions() -> Iterator[tuple[str, Function]]:
    for path in python_files("data_access"):
        for node in ast.walk(tree(path)):
            if isinstance(node, Function):
                yield str(path.relative_to(ROOT)), node


def called(function: Function) -> set[str]:
    names = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            target = node.func
            names.add(target.id if isinstance(target, ast.Name) else getattr(target, "attr", ""))
    return names


def required(function: Function) -> set[str]:
    """Keyword-only arguments without a default."""
    listed = function.args
    return {
        argument.arg
        for argument, default in zip(listed.kwonlyargs, listed.kw_defaults, strict=True)
        if default is None
    }


def test_every_function_that_reads_names_its_viewer() -> None:
    lacking = [
        f"{path}: {function.name}"
        for path, function in functions()
        if called(function) & READING
        and "viewer" not in required(function)
        and (path, function.name) not in EDGES
    ]
    assert lacking == []


def test_no_reading_function_has_a_viewer_by_default() -> None:
    loose = []
    for path, function in functions():
        listed = function.args
        positional = [argument.arg for argument in (*listed.posonlyargs, *listed.args)]
        optional = {
            argument.arg
            for argument, default in zip(listed.kwonlyargs, listed.kw_defaults, strict=True)
            if default is not None
        }
        if "viewer" in optional or ("viewer" in positional and called(function) & READING):
            loose.append(f"{path}: {function.name}")
    assert loose == []


def test_only_the_reader_and_the_write_side_execute() -> None:
    astray = [
        f"{path}: {function.name}"
        for path, function in functions()
        if called(function) & EXECUTING and not path.startswith(MAY_EXECUTE)
    ]
    assert astray == []


def test_each_edge_still_exists() -> None:
    there = {(path, function.name) for path, function in functions()}
    assert EDGES.keys() - there == set()


def test_a_viewer_is_not_made_below_the_edge() -> None:
    makers = {"make_viewer", "parse_viewer"}
    edges = (
        "data_access/viewer.py", "data_access/actor.py", "data_access/cli/", "data_access/demo.py",
    )  # fmt: skip
    found = [
        f"{path}: {function.name}"
        for path, function in functions()
        if called(function) & makers and not path.startswith(edges)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("def f(c, *, viewer): return read_frame(c, q, s, viewer=viewer)", True),
        ("def f(c): return read_frame(c, q, s, viewer=v)", True),
        ("def f(c): return c.height", False),
    ],
)
def test_the_check_sees_a_read(source: str, reads: bool) -> None:
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert bool(called(function) & READING) is reads


def test_the_paths_of_this_test_exist() -> None:
    for name in MAY_EXECUTE:
        assert Path(ROOT / name).exists(), name
