"""Files that arrive are taken in once, and told in one JSON line each."""

import json
from pathlib import Path

import pytest

from data_access.engine import writing
from data_access.ingest.intake import Intake
from data_access.ingest.watch import Watch
from data_access.reference.areas import load_areas
from data_access.reference.load import load_reference
from data_access.reference.pack import Pack
from data_access.viewer import system_viewer
from tests.conftest import NOW, Database

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
def watch(database: Database, vn_pack: Pack, tmp_path: Path, told) -> Watch:
    with writing(database.engine) as connection:
        load_reference(connection, vn_pack)
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


def test_a_file_taken_in_before_a_crash_is_only_moved(watch: Watch, told) -> None:
    for _ in range(2):
        put(watch, "vaccination/default/hcdc/d.csv", DOSES)
        watch.look()
        watch.look()
    assert [row["status"] for row in told] == ["done", "known"]
    assert told[0]["batch"] == told[1]["batch"]


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
