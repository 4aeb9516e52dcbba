"""`generate`: writes the records of a simulated epidemic, and the truth beside them."""

import argparse
import shutil
import sys
from collections import deque
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from data_access.errors import BadUse, StorageUnavailable
from data_access.reference.pack import bundled_pack
from simulations.faults.generated import Faulty
from simulations.feeds.files import Truth, Writer, write_truth
from simulations.feeds.model import FeedDay, FeedParameters, FeedSpec
from simulations.feeds.stream import stream
from simulations.feeds.volumes import country_of, volumes

SCALES = {"demo": 1 / 200, "province": 1.0, "national": 1.0}
"""Scale → share of the people."""
FIRST_DAYS = {
    "demo": date(2021, 4, 27), "province": date(2021, 8, 20), "national": date(2021, 9, 2),
}  # fmt: skip
BLOCKS = {"demo": 7, "province": 7, "national": 1}
"""Scale → days made at a time: the whole country at 1:1 is some 4 million rows a day."""
PROVINCE = "48"
"""The one of scale `province` unless another is asked for: Đà Nẵng."""


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "generate", help="write the six platforms' records of a simulated epidemic, with the truth"
    )
    parser.add_argument("--scale", choices=sorted(SCALES), required=True)
    parser.add_argument("--days", type=int, required=True, metavar="N")
    parser.add_argument("--seed", type=int, required=True, metavar="S")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--faults", action="store_true", help="lay faults over the records")
    parser.add_argument("--first-day", metavar="D",
                        help="first day (default: demo 2021-04-27, province 2021-08-20, "
                        "national 2021-09-02)")  # fmt: skip
    parser.add_argument("--province", default=PROVINCE, metavar="CODE",
                        help=f"province of scale `province` (default {PROVINCE})")  # fmt: skip
    return parser


def run(args: argparse.Namespace) -> int:
    """Write the folder; return the exit code. Nothing is left of a run that did not end.

    Raises:
        BadUse: for a number, day or province that makes no sense, or a folder that holds files.
        StorageUnavailable: if the folder cannot be written.
    """
    spec = _spec(args)
    out: Path = args.out
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadUse(f"--out {out.name}: it is there and not an empty folder")
    unfinished = out.with_name(f"{out.name}.part")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        n_rows = _write(unfinished, spec, faults=args.faults)
        if out.exists():
            out.rmdir()
        unfinished.rename(out)
    except OSError as error:
        raise StorageUnavailable(f"cannot write {out.name}: {error.strerror}") from error
    except ValueError as error:
        raise BadUse(str(error)) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    print(f"{n_rows:,} records of {spec.days} days in {out.name}")  # noqa: T201
    return 0


def _spec(args: argparse.Namespace) -> FeedSpec:
    try:
        first = date.fromisoformat(args.first_day) if args.first_day else FIRST_DAYS[args.scale]
    except ValueError as error:
        raise BadUse(f"--first-day {args.first_day!r} is no day (2021-08-20)") from error
    only = (args.province,) if args.scale == "province" else None
    try:
        return FeedSpec(first_day=first, days=args.days, seed=args.seed,
                        thin=SCALES[args.scale], provinces=only,
                        parameters=FeedParameters(block_days=BLOCKS[args.scale]))  # fmt: skip
    except ValueError as error:
        raise BadUse(str(error)) from error


def _write(folder: Path, spec: FeedSpec, *, faults: bool) -> int:
    pack, epidemic = bundled_pack("vn"), _epidemic(spec)
    writer, counted = Writer(folder), Truth()
    laid = Faulty(spec, busiest=_busiest(epidemic)) if faults else None

    def written() -> Iterator[FeedDay]:
        for day in _with_progress(stream(spec, areas=pack.areas), spec):
            counted.add(day.records)
            told = laid.lay(day) if laid else day
            writer.add(told.records)
            yield told

    try:
        days = written()
        if laid:
            laid.deliver(days, folder)
        # What no delivery waited for is written all the same.
        deque(days, maxlen=0)
    finally:
        writer.close()
    write_truth(folder / "truth", counted, epidemic=epidemic)
    if laid:
        laid.report(folder, pack=pack)
        laid.tell(folder)
    return sum(writer.n_rows.values())


def _busiest(epidemic: pl.DataFrame) -> list[str]:
    """Return the provinces, those with most declarations first."""
    own = epidemic.filter(pl.col("series") == "declarations")
    sums = own.group_by("area_code").agg(pl.col("value").sum())
    return sums.sort("value", "area_code", descending=[True, False])["area_code"].to_list()


def _with_progress(days: Iterator[FeedDay], spec: FeedSpec) -> Iterator[FeedDay]:
    for number, day in enumerate(days, start=1):
        yield day
        if number % 7 == 0 or number == spec.days:
            sys.stderr.write(f"{day.day}  {number} of {spec.days} days\n")


def _epidemic(spec: FeedSpec) -> pl.DataFrame:
    """Return the thinned epidemic: date, area_code, series, value."""
    rows = [
        (each.day, code, name, int(n))
        for each in volumes(country_of(spec), spec)
        for name, counts in each.counts.items()
        for code, n in zip(each.codes, counts, strict=True)
    ]
    schema = {"date": pl.Date, "area_code": pl.String, "series": pl.String, "value": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")
