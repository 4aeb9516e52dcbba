"""A page reads like a table of contents."""

import ast
from pathlib import Path

import pytest

from tests.architecture.source import imported, name_of, python_files, tree

LONGEST_PAGE = 80
LONGEST_FUNCTION = 5
NOT_IN_PAGES = {
    "sqlalchemy",
    "polars",
    "pandas",
    "numpy",
    "plotly",
    "pydeck",
    "sqlite3",
    "data_access",
}
UNSAFE = {"unsafe_allow_html", "unsafe_allow_javascript"}
PAGES = [path for path in python_files("pages") if path.name != "__init__.py"]

pytestmark = pytest.mark.parametrize("page", PAGES, ids=name_of)


def test_page_is_short(page: Path) -> None:
    assert len(page.read_text(encoding="utf-8").splitlines()) <= LONGEST_PAGE


def test_page_names_no_library_of_another_layer(page: Path) -> None:
    assert not imported(page) & NOT_IN_PAGES


def test_page_writes_no_html(page: Path) -> None:
    keywords = {node.arg for node in ast.walk(tree(page)) if isinstance(node, ast.keyword)}
    assert not keywords & UNSAFE


def test_page_has_no_long_function(page: Path) -> None:
    functions = [
        node
        for node in ast.walk(tree(page))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    lengths = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions}
    assert {name for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == set()
