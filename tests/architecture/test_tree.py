"""Rules that hold for the tree as a whole."""

import ast
import re
import sys
from pathlib import Path

import pytest

from tests.architecture.source import CODE, PROGRAMS, ROOT, committed, name_of, python_files, tree

# A path that exists on one machine only, wherever it stands in a committed file.
MACHINE_PATH = re.compile(
    r"(?<![A-Za-z0-9._/-])/(?:work|farm|root|home/[a-z]+|Users/[A-Za-z]+|tmp/[a-z]+)/"
)
TEXT = {
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".yml",
    ".yaml",
    ".cfg",
    ".ini",
    ".sh",
    ".sql",
    ".css",
    ".html",
    ".json",
}
LARGEST_KB = 4096
# Python gives these a meaning of their own, or a tool calls them by their place.
MAY_HOLD_CODE = {
    "data_access/migrations/__init__.py": "upgrade(engine) is the package's one entry",
}
VARIABLE = re.compile(r"TUYENDAU_[A-Z_]+[A-Z]")
ENTRY = re.compile(r"^#? ?(TUYENDAU_[A-Z_]+)=", re.MULTILINE)


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in python_files(*CODE, *PROGRAMS, "tests")}
    assert [name_of(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


@pytest.mark.parametrize(
    "path", [p for p in python_files(*CODE) if p.name == "__init__.py"], ids=name_of
)
def test_package_file_holds_only_its_docstring(path: Path) -> None:
    if name_of(path) in MAY_HOLD_CODE:
        return
    body = tree(path).body
    assert ast.get_docstring(tree(path))
    assert len(body) == 1


@pytest.mark.parametrize("path", python_files(*CODE, *PROGRAMS), ids=name_of)
def test_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(tree(path))


def test_no_module_of_the_dashboard_hides_a_standard_one() -> None:
    """`streamlit run dashboard/...` puts that folder on the path."""
    names = {path.stem for path in python_files("dashboard") if path.parent == ROOT / "dashboard"}
    assert names & sys.stdlib_module_names == set()


def test_no_entry_script_beside_the_pages() -> None:
    """With one there, the first visitor to /x would run pages/x.py without the entry's guard."""
    assert [
        name_of(path) for path in committed() if path.suffix == ".py" and path.parent == ROOT
    ] == []


def test_no_path_of_one_machine() -> None:
    own = Path(__file__).resolve()
    texts = [path for path in committed() if path.suffix in TEXT or not path.suffix]
    found = [
        f"{name_of(path)}: {match.group()}"
        for path in texts
        if path != own
        for match in MACHINE_PATH.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


def test_no_large_file() -> None:
    sizes = {name_of(path): path.stat().st_size // 1024 for path in committed()}
    assert {name: kb for name, kb in sizes.items() if kb > LARGEST_KB} == {}


def test_environment_example_lists_exactly_what_the_code_reads() -> None:
    listed = set(ENTRY.findall((ROOT / ".env.example").read_text(encoding="utf-8")))
    read = {
        variable
        for path in python_files(*CODE, *PROGRAMS)
        for variable in VARIABLE.findall(path.read_text(encoding="utf-8"))
    }
    assert read == listed
