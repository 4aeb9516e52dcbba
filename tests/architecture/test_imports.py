"""The import contracts of pyproject.toml, as a test, so that plain `pytest` knows them too."""

import subprocess
import sys
from pathlib import Path

from tests.architecture.source import ROOT, python_files


def test_import_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_one_place_asks_the_machine_what_time_it_is() -> None:
    asking = ("datetime.now(", ".today(", ".utcnow(", "time.time(", "func.now(")
    found = {
        path.relative_to(ROOT).as_posix()
        for path in python_files("data_access", "simulations")
        if any(word in path.read_text(encoding="utf-8") for word in asking)
    }
    assert found <= {"data_access/clock.py"}
