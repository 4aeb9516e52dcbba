"""The check of the tree for secrets, and of packages for their pins."""

from pathlib import Path

import pytest

from scripts import secrets


def test_a_new_secret_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    known = {"hashed_secret": "aa", "line_number": 3, "type": "Hex High Entropy String"}
    baseline = tmp_path / "baseline"
    baseline.write_text('{"a.py": [{"hashed_secret": "aa"}]}', encoding="utf-8")
    monkeypatch.setattr(secrets, "BASELINE", baseline)
    monkeypatch.setattr(secrets, "scanned", lambda: {"a.py": [known | {"line_number": 9}]})
    assert secrets.new_secrets() == []
    monkeypatch.setattr(secrets, "scanned", lambda: {"b.py": [known]})
    assert secrets.new_secrets() == ["b.py:3: looks like a secret (Hex High Entropy String)"]


def test_every_requirement_is_pinned_once() -> None:
    pinned, wrong = secrets.pins()
    assert wrong == []
    assert {"streamlit", "polars", "sqlalchemy"} <= set(pinned)


def test_a_loose_requirement_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("a==1\nb>=2\na==2  # again\n-r x.txt\n", encoding="utf-8")
    monkeypatch.setattr(secrets, "ROOT", tmp_path)
    _, wrong = secrets.pins(["r.txt"])
    assert wrong == ["r.txt: 'b>=2' is not pinned to one version", "r.txt: a 2, elsewhere 1"]


def test_a_package_that_is_not_as_pinned_is_named() -> None:
    found = secrets.strays({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "1", "pip": "9"})
    assert found == [
        "b 3 is installed, pinned is 2",
        "c 1 is installed, pinned is nothing",
    ]
