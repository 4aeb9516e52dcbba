"""Sets up and fills the database that TUYENDAU_DATABASE_URL names: simulated, facts, or files.

A SQLite file must be one that is thrown away if this fails. Each source stays behind one call:
`Runner.build`, `data_access.demo.build`, `examples.load.main`.
"""

import argparse
import importlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import sqlalchemy as sa

from data_access.cli.init import initialise
from data_access.clock import machine_clock
from data_access.demonstration import write_demonstration
from data_access.engine import make_engine, settle, writing
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


@contextmanager
def building(settings: Settings) -> Iterator[sa.Engine]:
    """Yield the database, and have it lie on the disk as a whole when the block ends well."""
    engine = make_engine(settings.database_url, is_unfinished=True)
    try:
        yield engine
    finally:
        engine.dispose()
    if engine.dialect.name == "sqlite":
        settle(Path(str(engine.url.database)))


def set_up(settings: Settings) -> None:
    """Bring schema and reference data in."""
    with building(settings) as engine:
        print(initialise(engine, resolve_pack(settings.pack)), flush=True)


def build_demonstration(settings: Settings) -> None:
    """Fill the database with the published figures that ship."""
    pack = resolve_pack(settings.pack).folder
    with building(settings) as engine:
        part("data_access.demo").build(engine, pack, progress=Progress())


def build_simulation(settings: Settings) -> None:
    """Fill the database with the simulated country, up to its opening."""
    country = Country()
    with building(settings) as engine:
        simulate(engine, country, key=settings.key_chain)


def simulate(engine: sa.Engine, country: Country, *, key: str) -> None:
    """Send the country through the gate, and have the database say what it is."""
    runner = Runner(
        engine=engine, viewer=system_viewer(machine_clock()), country=country, key=key,
    )  # fmt: skip
    runner.build(Progress(), with_chain=False)
    with writing(engine) as connection:
        write_demonstration(connection, country.words())


def main() -> int:
    """Build, and say in one line why it could not be done."""
    parser = argparse.ArgumentParser(prog="python -m scripts.build", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of files; without it, the shipped facts")
    parser.add_argument("--simulation", action="store_true", help="the simulated country")
    parser.add_argument("--title", default="", help="said when the database is set up")
    options = parser.parse_args()
    try:
        settings = read_settings()
        set_up(settings)
        if options.title:
            print(options.title, flush=True)
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
