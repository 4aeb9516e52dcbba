"""Fills the database that TUYENDAU_DATABASE_URL names: simulated, published facts, or files.

Each source stays behind one call: `Runner.build`, `data_access.demo.build`, `examples.load.main`.
"""

import argparse
import importlib
import sys
import time
from pathlib import Path
from types import ModuleType

from data_access.clock import machine_clock
from data_access.demonstration import write_demonstration
from data_access.engine import make_engine, writing
from data_access.errors import DataAccessError
from data_access.reference.pack import resolve_pack
from data_access.settings import Settings, read_settings
from data_access.viewer import system_viewer
from simulations.live.country import Country
from simulations.live.run import Runner

EVERY_SHARE = 0.05
INTERRUPTED = 130


class Progress:
    """Prints how far a build is, at every twentieth of it."""

    def __init__(self) -> None:
        """Start the clock."""
        self.started = time.monotonic()
        self.share = -1.0

    def __call__(self, share: float, what: str = "") -> None:
        """Take a share from 0 to 1 and a word on what is being done."""
        if share < min(self.share + EVERY_SHARE, 1.0):
            return
        self.share = share
        seconds = time.monotonic() - self.started
        print(f"      {share:4.0%}  {seconds:4.0f} s  {what}", flush=True)


def part(name: str) -> ModuleType:
    """Return a module that may not be in this version yet."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            sys.exit(f"Not in this version yet: {name}")
        raise


def build_demonstration(settings: Settings) -> None:
    """Fill the database with the published figures that ship."""
    pack = resolve_pack(settings.pack).folder
    engine = make_engine(settings.database_url)
    try:
        part("data_access.demo").build(engine, pack, progress=Progress())
    finally:
        engine.dispose()


def build_simulation(settings: Settings) -> None:
    """Fill the database with the simulated country, up to its opening."""
    engine = make_engine(settings.database_url)
    country = Country()
    runner = Runner(
        engine=engine, viewer=system_viewer(machine_clock()), country=country,
        key=settings.key_chain,
    )  # fmt: skip
    try:
        runner.build(Progress(), with_chain=False)
        with writing(engine) as connection:
            write_demonstration(connection, country.words())
    finally:
        engine.dispose()


def main() -> int:
    """Build, and say in one line why it could not be done."""
    parser = argparse.ArgumentParser(prog="python -m scripts.build", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of files; without it, the shipped facts")
    parser.add_argument("--simulation", action="store_true", help="the simulated country")
    options = parser.parse_args()
    try:
        settings = read_settings()
        if options.data:
            part("examples.load").main(data=options.data, database_url=settings.database_url)
        elif options.simulation:
            build_simulation(settings)
        else:
            build_demonstration(settings)
    except DataAccessError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
