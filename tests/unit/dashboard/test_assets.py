"""Scripts the browser keeps: their address changes with what they import, and imports resolve."""

import re
from pathlib import Path

import pytest

from dashboard import assets


def write(folder: Path, *, parts: str) -> None:
    (folder / "parts.js").write_text(parts, encoding="utf-8")
    (folder / "page.js").write_text(
        'import { make } from "./parts.js";\nmake();\n', encoding="utf-8"
    )


def test_an_address_changes_with_what_the_script_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        write(folder, parts=f"export function make() {{ return {number}; }}")
        monkeypatch.setattr(assets, "STATIC", folder)
        found.append((assets.ui_url("page.js"), assets.ui_url("parts.js")))
    assert found[0][0] != found[1][0]
    assert found[0][1] != found[1][1]


@pytest.mark.parametrize("name", sorted(path.name for path in assets.STATIC.glob("*.js")))
def test_what_a_script_imports_is_served_at_the_address_it_says(name: str) -> None:
    body = assets.asset(assets.STATIC / name).body.decode()
    for place, other in re.findall(r'from "\.\./([^"/]+)/([^"/]+)"', body):
        assert assets.ui_file(place, other) is not None
    assert not re.search(r'from "(?!\.\./[0-9a-f]+/)', body)
