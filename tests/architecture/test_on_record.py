"""No way round the audit log: what is put on record is asked for in one place only."""

import ast
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, name_of, python_files, tree

WATCHED = "dashboard/watched.py"
NOTED = {
    "clusters",
    "cluster_cases",
    "cluster_contacts",
    "spread",
    "quarantine_sites",
    "venues",
    "map_message",
}
SHARED = {"register", "cases", "contacts", "sites", "reject_file", "export_records"}
"""Methods of the shared database that give these; only the cache may call them."""


LOADERS = {"loaders", "loaders_maps"}


def calls(path: Path) -> set[tuple[str, str]]:
    """Return (module, function) of every call or mention of an attribute."""
    return {
        (node.value.id, node.attr)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


def test_only_the_watched_reads_ask_the_cache_for_cases_and_sites() -> None:
    astray = [
        f"{name_of(path)}: loaders.{name}"
        for path in python_files("pages", "dashboard")
        if name_of(path) not in {WATCHED, *(f"dashboard/{name}.py" for name in LOADERS)}
        for module, name in calls(path)
        if module in LOADERS and name in NOTED
    ]
    assert astray == []


def test_nobody_takes_them_out_of_the_module_by_name() -> None:
    astray = [
        name_of(path)
        for path in python_files("pages", "dashboard")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom)
        and node.module in {f"dashboard.{name}" for name in LOADERS}
        and NOTED & {alias.name for alias in node.names}
    ]
    assert astray == []


def test_only_the_cache_asks_the_shared_database() -> None:
    astray = []
    for path in python_files("pages", "dashboard"):
        if name_of(path) in {f"dashboard/{name}.py" for name in LOADERS}:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and node.attr in SHARED:
                text = ast.unparse(node)
                if "shared()" in text:
                    astray.append(f"{name_of(path)}: {text}")
    assert astray == []


def test_a_file_leaves_a_page_in_one_way() -> None:
    offering = {
        name_of(path)
        for path in python_files("pages", "dashboard")
        for _, name in calls(path)
        if name == "download_button"
    }
    assert offering == {"dashboard/components/download.py"}


@pytest.mark.parametrize("name", sorted(NOTED))
def test_what_is_watched_exists(name: str) -> None:
    functions = {
        node.name
        for module in LOADERS
        for node in tree(ROOT / "dashboard" / f"{module}.py").body
        if isinstance(node, ast.FunctionDef)
    }
    assert name in functions
