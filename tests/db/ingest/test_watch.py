"""Files that arrive are taken in once, and told in one JSON line each."""

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
from data_access.ingest.intake import Intake
from data_access.ingest.watch import Watch
from data_access.reference.areas import load_areas
from data_access.viewer import system_viewer
from tests.conftest import NOW, Database
from tests.depth import THOROUGH

pytestmark = pytest.mark.vietnam

ROOT = Path(__file__).resolve().parents[3]
DOSES = (
    "dose_event_id,dose_no,vaccine_code,vaccinated_at,province_code\n"
    "D1,1,AZ,2021-08-01T09:00:00+07:00,79\n"
)
MAPPING = """
source = "report"
platform = "quarantine"
date = { column = "date" }
area = { column = "province", match = "name" }
[[measure]]
id = "quarantine_beds"
column = "beds"
"""


@pytest.fixture
def told() -> list[dict[str, object]]:
    return []


@pytest.fixture
def watch(database: Database, tmp_path: Path, told) -> Watch:
    intake = Intake(
        engine=database.engine,
        areas=load_areas(database.engine, viewer=system_viewer(NOW)),
        clock=lambda: NOW,
        pseudonym_key="k" * 32,
        rejects_folder=tmp_path / "rejects",
    )
    folder = tmp_path / "in"
    folder.mkdir()
    return Watch(folder=folder, intake=intake, say=lambda line: told.append(json.loads(line)))


def put(watch: Watch, place: str, text: str) -> Path:
    path = watch.folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_taken_in_when_it_stands_still(watch: Watch, told) -> None:
    path = put(watch, "vaccination/dose/hcdc/d.csv", DOSES)
    assert watch.look() == 0  # seen for the first time
    path.write_text(DOSES + "D2,1,AZ,2021-08-01T09:00:00+07:00,79\n")
    assert watch.look() == 0  # still growing
    assert watch.look() == 1
    assert [(row["status"], row["new"], row["read"]) for row in told] == [("done", 2, 2)]
    assert told[0]["known_at"] == "2021-09-02T09:00:00+00:00"
    assert not path.exists()
    assert (watch.folder / "processed/vaccination/dose/hcdc/d.csv").exists()


def test_a_file_taken_in_before_a_crash_is_only_moved(
    watch: Watch, told, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(watch, "vaccination/default/hcdc/d.csv", DOSES)
    with monkeypatch.context() as killed:
        killed.setattr(Watch, "_move", stopped)
        watch.look()
        with pytest.raises(KeyboardInterrupt):
            watch.look()
    assert path.exists()
    restarted = Watch(folder=watch.folder, intake=watch.intake, say=watch.say)
    restarted.look()
    restarted.look()
    assert [row["status"] for row in told] == ["known"]
    assert not path.exists()
    assert list((watch.folder / ".taking").iterdir()) == []
    assert n_batches(watch) == 1


def stopped(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def n_batches(watch: Watch) -> int:
    with watch.intake.engine.connect() as connection:
        found = sa.select(sa.func.count()).select_from(tables.batch)
        return int(connection.execute(found).scalar_one())


def test_a_file_delivered_again_on_purpose_is_taken_in_again(watch: Watch, told) -> None:
    other = DOSES.replace("AZ", "PF")
    for text in (DOSES, other, DOSES):
        put(watch, "vaccination/dose/hcdc/d.csv", text)
        watch.look()
        watch.look()
    assert [(row["status"], row["new"], row["updated"]) for row in told] == [
        ("done", 1, 0), ("done", 0, 1), ("done", 0, 1),
    ]  # fmt: skip
    winner, _ = tables.record_tables("vaccination", "dose")
    with watch.intake.engine.connect() as connection:
        assert connection.execute(sa.select(winner.c.vaccine_code)).scalars().all() == ["AZ"]


def test_a_file_put_under_the_wrong_kind_first_is_not_lost(watch: Watch, told) -> None:
    """Same name and bytes from the same source, but another place: another delivery."""
    put(watch, "vaccination/stock/hcdc/d.csv", DOSES)
    watch.look()
    watch.look()
    put(watch, "vaccination/dose/hcdc/d.csv", DOSES)
    watch.look()
    watch.look()
    assert [row["status"] for row in told] == ["failed", "done"]


@pytest.mark.slow
def test_killed_at_any_moment_and_started_again(watch: Watch, database: Database) -> None:
    chance = random.Random(11)  # noqa: S311 -- moments to kill at, not secrets
    head, row = DOSES.splitlines()
    n_files, n_rows = (12 if THOROUGH else 5), 300
    for number in range(n_files):
        rows = [row.replace("D1,", f"D{number}-{n},") for n in range(n_rows)]
        put(watch, f"vaccination/dose/s/{number}.csv", "\n".join([head, *rows]))
    words = [sys.executable, "-m", "data_access", "watch", str(watch.folder), "--every", "0.05"]
    environment = {**os.environ, "TUYENDAU_DATABASE_URL": database.url, "TUYENDAU_DEMO": "1"}
    processed = watch.folder / "processed" / "vaccination" / "dose" / "s"
    moved = 0
    while moved < n_files:
        process = subprocess.Popen(
            words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdout
        process.stdout.readline()  # one file is through: the next one is on its way
        time.sleep(chance.random() * 0.25)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        now = len(list(processed.glob("*.csv")))
        assert now > moved
        moved = now
    assert not list((watch.folder / "vaccination").rglob("*.csv"))
    winner, _ = tables.record_tables("vaccination", "dose")
    with database.engine.connect() as connection:
        n_held = connection.execute(sa.select(sa.func.count()).select_from(winner)).scalar_one()
        names = connection.execute(sa.select(tables.batch.c.file_name)).scalars().all()
    assert n_held == n_files * n_rows
    assert sorted(names) == sorted(f"{number}.csv" for number in range(n_files))


def test_unfinished_and_hidden_files_are_left_alone(watch: Watch, told) -> None:
    put(watch, "vaccination/dose/hcdc/d.csv.part", DOSES)
    put(watch, "vaccination/dose/hcdc/.d.csv", DOSES)
    watch.look()
    assert watch.look() == 0
    assert told == []


def test_what_cannot_be_taken_in_is_put_aside(watch: Watch, told) -> None:
    put(watch, "vaccination/dose/hcdc/d.csv", "")
    put(watch, "elsewhere.csv", DOSES)
    watch.look()
    watch.look()
    assert {row["status"] for row in told} == {"failed"}
    assert (watch.folder / "failed/vaccination/dose/hcdc/d.csv").exists()
    assert (watch.folder / "failed/elsewhere.csv").exists()


def test_a_table_is_read_by_its_mapping(watch: Watch, told) -> None:
    put(watch, "tables/beds.toml", MAPPING)
    put(watch, "tables/beds/b.csv", "date,province,beds\n2021-08-01,Hà Nội,120\n")
    watch.look()
    watch.look()
    assert [(row["status"], row["new"]) for row in told] == [("done", 1)]
