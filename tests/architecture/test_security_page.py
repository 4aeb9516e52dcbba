"""Every line of the threat model names a test that exists."""

import ast
import re

from tests.architecture.source import ROOT, tree

PAGE = ROOT / "docs" / "security.md"
NAMED = re.compile(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`")


def threats() -> list[str]:
    text = PAGE.read_text(encoding="utf-8").partition("## Threats")[2].partition("\n## ")[0]
    return [line for line in text.splitlines() if line.startswith("|")][2:]


def test_each_threat_names_its_test() -> None:
    assert len(threats()) > 20
    assert [line for line in threats() if not NAMED.search(line)] == []


def test_each_named_test_exists() -> None:
    lacking = []
    for file, name in NAMED.findall(PAGE.read_text(encoding="utf-8")):
        path = ROOT / file
        held = (
            {node.name for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)}
            if path.exists()
            else set()
        )
        if name not in held:
            lacking.append(f"{file}::{name}")
    assert lacking == []
