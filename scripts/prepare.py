"""Prepares the database that `make run` opens: builds a file, or brings what is there up to date.

A process of its own, started by `scripts.run`. A file is built under another name and renamed when
complete: an interrupted first run leaves nothing that a second run could take for finished.
"""

import argparse
import importlib
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
SCALED_PACK = VAR / "mo-phong-pack"
STEPS = 3
COMPANIONS = ("", "-wal", "-shm", "-journal")
INTERRUPTED = 130


def say(text: str) -> None:
    """Print a line at once, also when the output is a pipe."""
    print(text, flush=True)


def numbered(number: int, text: str) -> str:
    """Return the line that announces a step."""
    return f"[{number}/{STEPS}] {text}"


def sqlite_url(path: Path) -> str:
    """Return the database address of a file."""
    return f"sqlite:///{path}"


def remove(path: Path) -> None:
    """Remove a SQLite file together with what SQLite keeps beside it."""
    for ending in COMPANIONS:
        path.with_name(path.name + ending).unlink(missing_ok=True)


def prepare_shared(building: Any) -> None:  # noqa: ANN401 -- the module scripts.build
    """Bring a database that somebody else owns up to date; no demonstration goes there."""
    say(numbered(1, "Database: the one TUYENDAU_DATABASE_URL names"))
    building.bring_up_to_date(os.environ["TUYENDAU_DATABASE_URL"])
    say(numbered(2, "Figures: those it holds; a demonstration never goes into a shared database"))


def prepare_file(building: Any, path: Path, *, options: argparse.Namespace) -> None:  # noqa: ANN401
    """Build a database file if it is not there yet, or is another simulation's."""
    if options.simulation and path.exists() and not building.is_of_this_country(sqlite_url(path)):
        say("      The simulation has changed since this database was built: it is built anew.")
        remove(path)
    name = path.relative_to(ROOT)
    if path.exists():
        say(numbered(1, f"Database: {name} (already built)"))
        building.bring_up_to_date(sqlite_url(path))
        say(numbered(2, "Figures: already there"))
        return
    unfinished = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    remove(unfinished)
    say(numbered(1, f"Database and reference data: {name}"))
    os.environ["TUYENDAU_DATABASE_URL"] = sqlite_url(unfinished)
    building.build(data=options.data, is_simulation=options.simulation, announce=announce)
    unfinished.replace(path)


def announce(title: str) -> None:
    """Say what the database is being filled with."""
    say(numbered(2, title))


def main() -> int:
    """Prepare, and say in one line why it could not be done."""
    parser = argparse.ArgumentParser(prog="python -m scripts.prepare", description=__doc__)
    parser.add_argument("--file", type=Path, help="the database file; none: a shared database")
    parser.add_argument("--shared", action="store_true", help="what TUYENDAU_DATABASE_URL names")
    parser.add_argument("--data", type=Path, help="folder of files; without it, the shipped facts")
    parser.add_argument("--simulation", action="store_true", help="the simulated country")
    options = parser.parse_args()
    # Whoever makes the simulated days imports this module anew, and needs nothing of that.
    building = importlib.import_module("scripts.build")
    return int(building.ending(lambda: prepare(building, options)))


def prepare(building: Any, options: argparse.Namespace) -> None:  # noqa: ANN401
    """Prepare what the options name."""
    if options.simulation:
        building.write_scaled_pack(SCALED_PACK)
    if options.shared:
        prepare_shared(building)
    else:
        prepare_file(building, options.file, options=options)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
