"""A folder generated with faults: it tells what was planted, and when everything arrived."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from data_access.contracts.registry import record_kind
from data_access.reference.pack import bundled_pack
from simulations.__main__ import main
from simulations.faults.generated import Faulty
from simulations.faults.model import PLANTED_SCHEMA
from simulations.faults.spells import TIME_FAULTS
from simulations.faults.table import FAULTS
from simulations.faults.tables import TABLE_FAULTS
from simulations.feeds.files import FORMAT_OF, Truth, Writer, write_truth
from simulations.feeds.model import SENT
from tests.faulty import WEEKS, feed


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faults") / "out"
    laid, writer = Faulty(WEEKS, busiest=["79", "01"]), Writer(folder)
    days = []
    for day in feed():
        days.append(laid.lay(day))
        writer.add(days[-1].records)
    laid.deliver(days, folder)
    writer.close()
    write_truth(folder / "truth", Truth(), epidemic=pl.DataFrame({"date": []}))
    laid.report(folder, pack=bundled_pack("vn"))
    laid.tell(folder)
    return folder


def read(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False)


def test_what_was_planted_is_told_with_who_must_notice(generated: Path) -> None:
    planted = read(generated / "truth" / "planted.csv")
    assert planted.columns == list(PLANTED_SCHEMA)
    told = set(planted["fault"])
    # No province has a day of many cases at one in 500.
    assert told == (FAULTS.keys() | TIME_FAULTS.keys() | TABLE_FAULTS.keys()) - {"cut_off"}
    assert planted["expected"].null_count() == planted["day"].null_count() == 0
    assert planted["day"].is_between(*[str(day.day) for day in (feed()[0], feed()[-1])]).all()
    late = planted.filter(pl.col("fault").is_in(["backlog", "late_daily"]))
    for day, after in late.select("day", "after").iter_rows():
        assert datetime.fromisoformat(after).date().isoformat() > day
    assert "planted.csv" in (generated / "truth" / "README.txt").read_text(encoding="utf-8")


def test_every_delivery_is_listed_in_the_order_in_which_it_arrived(generated: Path) -> None:
    listed = read(generated / "deliveries.csv")
    there = {
        path.relative_to(generated).as_posix()
        for name in ("deliveries", "reports")
        for path in (generated / name).rglob("*.*")
    }
    assert set(listed["file"]) == there - {"reports/mapping.toml"}  # fmt: skip
    moments = [datetime.fromisoformat(text) for text in listed["known_at"]]
    assert moments == sorted(moments)
    assert listed["file"].is_unique().all()


@pytest.mark.parametrize(
    ("platform", "kind"),
    [("declarations", "declaration"), ("testing", "sample"), ("quarantine", "daily_check")],
)
def test_the_deliveries_end_in_the_last_states(generated: Path, platform: str, kind: str) -> None:
    key = record_kind(platform, kind=kind).key
    listed = read(generated / "deliveries.csv").filter(
        pl.col("platform") == platform, pl.col("kind") == kind
    )
    sent = pl.concat([pl.read_parquet(generated / name) for name in listed["file"]])
    assert FORMAT_OF[kind] == "parquet"
    whole = pl.read_parquet(generated / platform / f"{kind}.parquet")
    assert sent.columns == whole.columns
    assert SENT not in whole.columns
    last = {row[key]: row for row in sent.iter_rows(named=True)}
    told = {row[key]: row for row in whole.iter_rows(named=True)}
    planted = read(generated / "truth" / "planted.csv")
    dropped = planted.filter(pl.col("fault") == "case_without_sample")["record_id"]
    # Their first state had been sent before the one that was not.
    assert last.keys() - told.keys() <= set(dropped)
    came = last.keys() & told.keys()
    # What had not come by the last evening is in the file all the same.
    assert len(came) >= 0.9 * len(told)
    assert sum(last[name] != told[name] for name in came) <= 0.05 * len(came)


@pytest.mark.parametrize(
    ("fault", "path", "column", "value"),
    [
        ("sample_unregistered", "testing/sample.parquet", "lab_code", "XN-KHONG-CO"),
        ("contact_without_case", "tracing/contact.ndjson", "index_case_id", "BN-KHONG-CO"),
        ("stay_unregistered", "quarantine/stay.csv", "facility_id", "CL-KHONG-CO"),
    ],
)
def test_what_was_planted_stands_in_the_files(
    generated: Path, fault: str, path: str, column: str, value: str
) -> None:
    """Not in a state that a later one followed: of that nothing would be left."""
    readers = {".parquet": pl.read_parquet, ".ndjson": pl.read_ndjson, ".csv": read}
    rows = readers[Path(path).suffix](generated / path)
    kind = record_kind(Path(path).parent.name, kind=Path(path).stem)
    there = rows.filter(pl.col(column) == value)[kind.key].to_list()
    planted = read(generated / "truth" / "planted.csv").filter(pl.col("fault") == fault)
    assert sorted(there) == sorted(planted["record_id"].to_list())
    assert there


def test_the_command_lays_them(tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("--scale", "demo", "--days", "2", "--seed", "3", "--first-day", "2021-08-20")
    assert main(["generate", *words, "--out", str(out), "--faults"]) == 0
    planted = read(out / "truth" / "planted.csv")
    assert {"sent_twice", "total_falls"} <= set(planted["fault"])
    # Too few days to tell who is silent.
    assert not set(planted["fault"]) & TIME_FAULTS.keys()
    assert len(list((out / "reports").glob("*.csv"))) == 2
