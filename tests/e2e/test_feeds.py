"""A feed written to files, through the gate of both databases: every figure is the truth's."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from data_access.contracts.registry import CONTRACTS
from data_access.cube.verify import verify
from data_access.reference.pack import bundled_pack
from data_access.viewer import system_viewer
from scripts.load_day import differences
from simulations.__main__ import main
from simulations.feeds.files import Truth, Writer, generations, write_truth
from simulations.feeds.model import FeedSpec
from simulations.feeds.stream import stream
from tests.conftest import Database
from tests.db.gate import open_gate

KNOWN_AT = datetime(2021, 12, 1, tzinfo=UTC)
FIRST = ("facility", "laboratory", "site", "place")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("feed")
    spec = FeedSpec(first_day=date(2021, 8, 9), days=10, seed=1, thin=0.01, provinces=("79", "48"))
    writer, counted = Writer(folder), Truth()
    for day in stream(spec, areas=bundled_pack("vn").areas):
        writer.add(day.records)
        counted.add(day.records)
    writer.close()
    write_truth(folder / "truth", counted, epidemic=pl.DataFrame({"date": []}))
    return folder


@pytest.mark.vietnam
def test_every_cell_is_the_truth_and_nothing_is_refused(
    written: Path, database: Database, tmp_path: Path
) -> None:
    engine = database.engine
    viewer = system_viewer(KNOWN_AT)
    intake = open_gate(database, tmp_path, clock=lambda: KNOWN_AT)
    paths = sorted(written.glob("*/*.*"), key=lambda path: (path.stem not in FIRST, path))
    for path in (each for each in paths if each.parent.name != "truth"):
        done = intake.records(path, platform=path.parent.name, kind=path.stem, source="mo-phong",
                              known_at=KNOWN_AT)  # fmt: skip
        assert done.counts.new == done.counts.read > 0, path.name
        assert done.counts.rejected == done.counts.flagged == 0, path.name
    expected = pl.read_parquet(written / "truth" / "aggregates.parquet").with_columns(
        pl.lit("mo-phong").alias("source")
    )
    assert expected.height > 5_000
    assert differences(engine, expected).height == 0
    more = expected.with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(pl.col("value") + 1).otherwise("value")
        .alias("value")
    )  # fmt: skip
    assert differences(engine, more).height == 1
    found = verify(engine, viewer=viewer, zone=bundled_pack("vn").time_zone, n_moments=None)
    assert found.differences.height == 0


def run(*words: str) -> int:
    return main(["generate", *words])


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("generated") / "out"
    words = ("--scale", "demo", "--days", "3", "--seed", "2", "--first-day", "2021-07-20")
    assert run(*words, "--out", str(out)) == 0
    return out


def test_a_folder_for_each_platform_and_a_format_for_each_kind(generated: Path) -> None:
    kinds = {(c.platform, kind.name) for c in CONTRACTS for kind in c.kinds}
    files = [path for path in generated.glob("*/*") if path.parent.name != "truth"]
    assert len(files) == len({(path.parent.name, path.stem) for path in files})
    assert {(path.parent.name, path.stem) for path in files} <= kinds
    assert {path.suffix for path in files} == {".csv", ".ndjson", ".parquet"}
    assert {path.name for path in (generated / "truth").iterdir()} == {
        "README.txt", "aggregates.csv", "aggregates.parquet", "chains.csv", "epidemic.csv",
    }  # fmt: skip
    assert not list(generated.parent.glob("*.part"))
    scans = (generated / "checkpoints" / "scan.csv").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith("scan_id") for line in scans) == 1
    lines = (generated / "tracing" / "contact.ndjson").read_text(encoding="utf-8").splitlines()
    assert all(json.loads(line)["contact_id"] for line in lines)


def test_the_same_words_give_the_same_bytes(generated: Path, tmp_path: Path) -> None:
    words = ("--scale", "demo", "--days", "3", "--seed", "2", "--first-day", "2021-07-20")
    assert run(*words, "--out", str(tmp_path / "again")) == 0
    for path in generated.glob("*/*"):
        again = tmp_path / "again" / path.relative_to(generated)
        assert again.read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--scale", "demo", "--days", "0"), "days is 0"),
        (("--scale", "demo", "--days", "1", "--first-day", "soon"), "is no day"),
        (("--scale", "demo", "--days", "1", "--first-day", "2020-01-01"), "planned from"),
        (("--scale", "province", "--days", "1", "--province", "99"), "not known"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    words: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words, "--seed", "1", "--out", str(tmp_path / "out")) == 2
    error = capsys.readouterr().err.strip()
    assert said in error
    assert "\n" not in error
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_files_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    words = ("--scale", "demo", "--days", "1", "--seed", "1", "--out", str(tmp_path))
    assert run(*words) == 2
    assert "not an empty folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_generations_follow_the_infectors() -> None:
    cases = pl.DataFrame(
        {"infectee": ["d", "c", "b", "a", "x"], "infector": ["c", "b", "a", None, "gone"]}
    )
    found = dict(generations(cases).select("infectee", "generation").iter_rows())
    assert found == {"a": 0, "b": 1, "c": 2, "d": 3, "x": 0}
