"""The cache rules, read from the source: a breach would hand one person another's rows."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DASHBOARD = [*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
LOADERS = ROOT / "dashboard" / "loaders.py"
ALL_LOADERS = sorted((ROOT / "dashboard").glob("loaders*.py"))
RESOURCES = ROOT / "dashboard" / "resources.py"


def cached(path: Path, name: str) -> list[tuple[ast.FunctionDef, ast.Call | None]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                if isinstance(called, ast.Attribute) and called.attr == name:
                    found.append((node, decorator if isinstance(decorator, ast.Call) else None))
    return found


CACHED = [one for path in ALL_LOADERS for one in cached(path, "cache_data")]
each = pytest.mark.parametrize(("function", "call"), CACHED, ids=[f.name for f, _ in CACHED])


def test_there_is_something_to_check() -> None:
    assert len(CACHED) >= 5


def test_figures_are_cached_in_one_place_resources_in_another() -> None:
    elsewhere = {
        (path.name, name)
        for path in DASHBOARD
        for name, homes in (("cache_data", ALL_LOADERS), ("cache_resource", [RESOURCES]))
        if path not in homes and name in path.read_text(encoding="utf-8") and cached(path, name)
    }
    assert elsewhere == set()


@each
def test_key_holds_viewer_and_token(function: ast.FunctionDef, call: ast.Call | None) -> None:
    names = {argument.arg for argument in function.args.kwonlyargs}
    assert {"viewer", "token"} <= names
    assert not function.args.args
    assert not function.args.posonlyargs
    assert call is not None


@each
def test_no_part_of_the_key_is_left_out(function: ast.FunctionDef, call: ast.Call | None) -> None:
    assert not [a.arg for a in function.args.kwonlyargs if a.arg.startswith("_")]
    assert function.args.kwarg is None
    assert call is not None


@each
def test_it_ends_and_is_bounded(function: ast.FunctionDef, call: ast.Call | None) -> None:
    assert call is not None, function.name
    assert {"ttl", "max_entries"} <= {keyword.arg for keyword in call.keywords}


@each
def test_it_draws_nothing_and_reads_no_session(
    function: ast.FunctionDef, call: ast.Call | None
) -> None:
    assert call is not None
    names = {
        node.id for part in function.body for node in ast.walk(part) if isinstance(node, ast.Name)
    }
    assert not names & {"st", "filters", "session", "access"}


@each
def test_it_catches_nothing(function: ast.FunctionDef, call: ast.Call | None) -> None:
    assert call is not None
    assert not [node for node in ast.walk(function) if isinstance(node, ast.Try)]


def test_nobody_clears_everyone_s_cache() -> None:
    shape = re.compile(r"(cache_data|cache_resource|resources\.\w+|loaders\w*\.\w+)\.clear\(")
    guilty = [path.name for path in DASHBOARD if shape.search(path.read_text(encoding="utf-8"))]
    assert guilty == []


def test_html_leaves_by_one_door() -> None:
    calls = [
        path.relative_to(ROOT).as_posix()
        for path in DASHBOARD
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "html"
    ]
    assert calls == ["dashboard/components/markup.py"]
