"""A gate killed at any moment leaves all of a delivery or nothing; a second run completes it."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.cli.program import main
from tests.conftest import Database
from tests.depth import THOROUGH

ROOT = Path(__file__).resolve().parents[3]
N_ROWS = 4_000
N_KILLS = 10 if THOROUGH else 4


def write_doses(path: Path, *, seed: int, version: int) -> None:
    """Write invented doses; those of an odd number change product with the version."""
    chance = random.Random(seed)  # noqa: S311 -- invented rows, not secrets
    lines = ["dose_event_id,dose_no,vaccine_code,vaccinated_at,province_code,version"]
    for number in range(N_ROWS):
        product = "AZ" if number % 2 == 0 or version == 0 else "PF"
        day = 1 + chance.randrange(28)
        lines.append(
            f"D{number},1,{product},2021-07-{day:02d}T09:00:00+07:00,"
            f"{chance.choice(['01', '79', '48'])},{version}"
        )
    path.write_text("\n".join(lines) + "\n")


def command(database: Database, path: Path) -> tuple[list[str], dict[str, str]]:
    words = [sys.executable, "-m", "data_access", "ingest", "records", "vaccination", str(path)]
    environment = {**os.environ, "TUYENDAU_DATABASE_URL": database.url, "TUYENDAU_DEMO": "1"}
    return [*words, "--source", "s", "--json"], environment


def kill_once(database: Database, path: Path, *, after: float) -> None:
    words, environment = command(database, path)
    process = subprocess.Popen(
        words, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()


def n_records(engine: sa.Engine) -> int:
    winner, _ = tables.record_tables("vaccination", "dose")
    with engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(winner)).scalar_one())


@pytest.mark.slow
def test_killed_and_run_again(database: Database, tmp_path: Path, monkeypatch, capfd) -> None:
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", database.url)
    monkeypatch.setenv("TUYENDAU_DEMO", "1")
    assert main(["init"]) == 0
    chance = random.Random(7)  # noqa: S311 -- invented rows, not secrets
    for version in (0, 1):
        path = tmp_path / f"doses{version}.csv"
        write_doses(path, seed=3, version=version)
        started = time.monotonic()
        words, environment = command(database, tmp_path / "absent.csv")
        subprocess.run(words, cwd=ROOT, env=environment, check=False, capture_output=True)
        start_up = time.monotonic() - started
        for _ in range(N_KILLS // 2):
            kill_once(database, path, after=start_up * (0.8 + chance.random()))
            assert n_records(database.engine) in {0, N_ROWS}
        words, environment = command(database, path)
        done = subprocess.run(
            words, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
        )
        told = json.loads(done.stdout)
        assert told["read"] == N_ROWS
        # A killed run may have got as far as its commit: then all is known already.
        expected = {(0, 0), (N_ROWS, 0) if version == 0 else (0, N_ROWS)}
        assert (told["new"], told["updated"]) in expected
        assert n_records(database.engine) == N_ROWS
        assert main(["verify"]) == 0
    capfd.readouterr()
    with database.engine.connect() as connection:
        batch = tables.batch.c
        torn = sa.select(sa.func.count()).where(batch.committed_at == 0)
        assert connection.execute(torn).scalar_one() == 0
