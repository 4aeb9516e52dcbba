"""The file of a bulletin and the feed of corrections: whole, the same each time, published only."""

import csv
import hashlib
import io
import json
import tempfile
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import feedparser
import frictionless
import polars as pl
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from dashboard import resources
from data_access.bulletins import package as packages
from data_access.bulletins import shelf
from data_access.bulletins.frozen import BulletinDamaged
from data_access.bulletins.public import public_tables
from data_access.viewer import press_at
from tests.app.press_world import FORMULA, client_of, correct, deliver_first
from tests.conftest import Database
from tests.cube_world import make_world, world_in
from tests.db.bulletins.conftest import desk_of
from tests.db.bulletins.desk import AN, HOUR, Desk

FEED = "/feeds/corrections.atom"


def two_issued(engine: sa.Engine) -> datetime:
    """Publish two bulletins in the small country; return the moment it is then."""
    with tempfile.TemporaryDirectory() as folder:
        made = desk_of(make_world(engine, Path(folder)), packs=True)
    deliver_first(made)
    made.issue()
    correct(made, 140.0)
    made.wait()
    made.issue()
    made.shared.close()
    return made.world.now


pytestmark = [pytest.mark.app, pytest.mark.thinned, pytest.mark.filled.with_args(two_issued)]


@pytest.fixture
def desk(database: Database, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = desk_of(world_in(database.engine, now=database.made), packs=True)
    monkeypatch.setattr(resources, "shared", lambda: made.shared)
    return made


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    del desk
    with client_of() as found:
        yield found


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}


def fetched(client: TestClient, number: int = 2) -> dict[str, bytes]:
    return unpacked(client.get(f"/api/v1/bulletins/{number}/download.zip").content)


def test_the_tables_are_those_of_the_press(client, desk) -> None:
    files = fetched(client)
    for level, wanted in public_tables(desk.shared, 2, viewer=desk.press).items():
        parquet = pl.read_parquet(io.BytesIO(files[f"figures-{level}.parquet"]))
        assert parquet.equals(wanted)
        listed = list(csv.DictReader(io.StringIO(files[f"figures-{level}.csv"].decode())))
        assert [(row["id"], row["area_code"], row["date"]) for row in listed] == [
            (row["id"], row["area_code"], str(row["date"])) for row in wanted.to_dicts()
        ]
        values = [float(row["value"]) if row["value"] else None for row in listed]
        assert values == wanted["value"].to_list()
    assert json.loads(files["manifest.json"])["number"] == 2
    assert b"140" in files["REVISIONS.md"]
    assert "Trích dẫn".encode() in files["README.md"]
    assert b"Cite as" in files["README.md"]


def test_a_withheld_figure_is_withheld_and_explained(client) -> None:
    files = fetched(client)
    text = files["figures-district.csv"].decode()
    told = [row for row in csv.DictReader(io.StringIO(text)) if row["area_code"] == "011"]
    assert told
    assert {
        (row["value"], row["status"], row["source"]) for row in told if row["id"] == "doses"
    } == {("", "suppressed", "")}
    assert b"suppressed" in files["datapackage.json"]


def test_the_same_bytes_whenever_it_is_made(client, desk) -> None:
    first = packages.package(desk.shared, 2, viewer=desk.press)
    correct(desk, 190.0)
    desk.wait(timedelta(days=3))
    again = desk_of(desk.world).shared
    assert packages.package(again, 2, viewer=desk.press) == first
    assert client.get("/api/v1/bulletins/2/download.zip").content == first


def test_the_manifest_names_every_other_file(client) -> None:
    files = fetched(client)
    listed = {one["name"]: one for one in json.loads(files["manifest.json"])["files"]}
    assert listed.keys() == files.keys() - {"manifest.json"}
    for name, one in listed.items():
        assert one["sha256"] == hashlib.sha256(files[name]).hexdigest()
        assert one["bytes"] == len(files[name])


@pytest.mark.filterwarnings("default")
def test_frictionless_finds_it_valid(client, tmp_path: Path) -> None:
    for name, content in fetched(client).items():
        (tmp_path / name).write_bytes(content)
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert report.valid, report.flatten(["name", "type", "note"])
    assert {task.name for task in report.tasks} == {
        "figures-national", "figures-province", "figures-district", "revisions", "dictionary",
    }  # fmt: skip
    broken = tmp_path / "figures-national.csv"
    broken.write_text(broken.read_text().replace("2021-08-01", "yesterday", 1))
    assert not frictionless.validate(str(tmp_path / "datapackage.json")).valid


def test_every_id_is_in_the_dictionary(client) -> None:
    files = fetched(client)
    words = {
        row["id"]: row for row in csv.DictReader(io.StringIO(files["dictionary.csv"].decode()))
    }
    for level in ("national", "province", "district"):
        text = files[f"figures-{level}.csv"].decode()
        assert {row["id"] for row in csv.DictReader(io.StringIO(text))} <= words.keys()
    assert words["cases"]["title_vi"]
    assert words["incidence_7d_per_100k"]["formula"] == "(cases / population) * 100000"


def test_no_cell_of_the_csv_files_is_a_formula(client) -> None:
    files = fetched(client)
    cells = [
        cell
        for name, content in files.items()
        if name.endswith(".csv")
        for row in csv.reader(io.StringIO(content.decode()))
        for cell in row
    ]
    assert "'" + FORMULA in cells
    assert not any(cell.startswith(("=", "+", "@", "\t")) for cell in cells)


def test_a_withdrawn_one_says_so_inside(client, desk) -> None:
    before = client.get("/api/v1/bulletins/2/download.zip")
    desk.wait()
    desk.bulletins.withdraw(AN, 2, "số của tỉnh Một bị nhập hai lần")
    found = client.get("/api/v1/bulletins/2/download.zip")
    assert found.headers["etag"] != before.headers["etag"]
    assert (
        "ĐÃ RÚT LẠI (số của tỉnh Một bị nhập hai lần)"
        in unpacked(found.content)["README.md"].decode()
    )


def test_the_file_is_made_at_publication_and_never_again(
    client, desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = packages.package(desk.shared, 2, viewer=desk.press)
    for number in (1, 2):
        head = desk.bulletins.show(number, viewer=desk.press)
        assert shelf.name_of(desk.world.engine, head, viewer=desk.press)

    def never(*_: object, **__: object) -> bytes:
        raise AssertionError("made again")

    monkeypatch.setattr(shelf, "package", never)
    found = client.get("/api/v1/bulletins/2/download.zip")
    assert found.content == wanted
    repeated = {"if-none-match": found.headers["etag"]}
    for _ in range(20):
        assert client.get("/api/v1/bulletins/2/download.zip").content == wanted
        unchanged = client.get("/api/v1/bulletins/2/download.zip", headers=repeated)
        assert (unchanged.status_code, unchanged.content) == (304, b"")
    resources.window().close()
    again = desk_of(desk.world).shared
    assert shelf.file_of(again, 2, viewer=desk.press).content == wanted


def test_a_file_that_was_tampered_with_is_refused(client, desk) -> None:
    with desk.world.engine.begin() as connection:
        connection.execute(sa.update(shelf.PACKAGE).values(content=b"PK another"))
    with pytest.raises(BulletinDamaged):
        shelf.file_of(desk.shared, 2, viewer=desk.press)
    answer = client.get("/api/v1/bulletins/2/download.zip")
    assert (answer.status_code, answer.json()["code"]) == (500, "fault")
    assert b"another" not in answer.content


def test_no_file_is_made_while_what_it_revises_may_still_be_taken_back(desk) -> None:
    correct(desk, 150.0)
    desk.wait()
    third = desk.issue(desk.world.now + HOUR)
    correct(desk, 170.0, day=4)
    desk.wait(timedelta(minutes=5))
    fourth = desk.issue(desk.world.now + 2 * HOUR)
    later = press_at(desk.world.now)
    assert shelf.name_of(desk.world.engine, third, viewer=later)
    assert shelf.name_of(desk.world.engine, fourth, viewer=later) is None
    desk.bulletins.withdraw(AN, third.number, "nhầm")
    desk.wait(3 * HOUR)
    told = unpacked(shelf.file_of(desk.shared, fourth.number, viewer=desk.press).content)
    assert len(told["revisions.csv"].decode().splitlines()) == 1


# --- the feed ----------------------------------------------------------------------------------


@pytest.mark.filterwarnings("default")
def test_the_feed_is_one(client) -> None:
    found = client.get(FEED)
    assert found.headers["content-type"].startswith("application/atom+xml")
    told = feedparser.parse(found.content)
    assert not told.bozo
    assert told.version == "atom10"
    (entry,) = told.entries
    assert "140" in entry.content[0].value
    assert "correction-140.csv" in entry.content[0].value
    atom = "{http://www.w3.org/2005/Atom}"
    root = ET.fromstring(found.content)  # noqa: S314 -- our own
    for node in (root, *root.findall(f"{atom}entry")):
        for name in ("id", "title", "updated"):
            (only,) = node.findall(f"{atom}{name}")
            assert only.text
        datetime.fromisoformat(node.findtext(f"{atom}updated") or "")
    assert root.find(f"{atom}author/{atom}name") is not None


def test_entries_keep_their_names_and_times_go_forward(client, desk) -> None:
    def told() -> dict[str, str]:
        root = ET.fromstring(client.get(FEED).content)  # noqa: S314 -- our own
        atom = "{http://www.w3.org/2005/Atom}"
        listed = {e.findtext(f"{atom}id"): e.findtext(f"{atom}updated")
                  for e in root.findall(f"{atom}entry")}  # fmt: skip
        return {"feed": root.findtext(f"{atom}updated"), **listed}  # type: ignore[dict-item]

    seen = [told()]
    correct(desk, 160.0)
    desk.wait()
    third = desk.issue(desk.world.now + HOUR)
    seen.append(told())
    assert seen[1] == seen[0]  # under embargo
    desk.wait(HOUR)
    seen.append(told())
    desk.wait()
    desk.bulletins.withdraw(AN, third.number, "nhầm")
    desk.wait()
    seen.append(told())
    for before, after in zip(seen, seen[1:], strict=False):
        assert before.keys() <= after.keys()
        assert all(after[name] == moment for name, moment in before.items() if name != "feed")
        assert before["feed"] <= after["feed"]
    assert len(seen[-1]) == len(seen[0]) + 2


def test_what_is_coming_is_told_without_what_it_holds(client, desk) -> None:
    del client
    at = desk.world.now + HOUR
    assert list(desk.bulletins.coming(viewer=desk.press)) == []
    number = desk.issue(at).number
    assert list(desk.bulletins.coming(viewer=desk.press)) == [at]
    desk.bulletins.withdraw(AN, number, "nhầm")
    assert list(desk.bulletins.coming(viewer=desk.press)) == []
