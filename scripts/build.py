"""Sets up and fills the database that TUYENDAU_DATABASE_URL names: simulated, facts, or files.

A SQLite file must be one that is thrown away if this fails. Each source stays behind one call:
`Runner.build`, `data_access.demo.build`, `examples.load.main`.
"""

import argparse
import importlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import sqlalchemy as sa

from data_access.cli.init import initialise
from data_access.clock import machine_clock
from data_access.demonstration import write_demonstration
from data_access.engine import make_engine, settle, writing
from data_access.errors import DataAccessError
from data_access.reference.pack import PACKS, resolve_pack
from data_access.reference.scaled import scaled_pack
from data_access.settings import Settings, read_settings
from data_access.simulated import read_simulated
from data_access.viewer import system_viewer
from simulations.live.ahead import ahead
from simulations.live.country import Country
from simulations.live.run import Runner
from simulations.proceedings import tell

EVERY_SHARE = 0.05
COULD_NOT, INTERRUPTED = 1, 130
ZONE = "Asia/Ho_Chi_Minh"
Announce = Callable[[str], None]


def quiet(_title: str) -> None:
    """Announce nothing."""


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


def set_up(engine: sa.Engine, *, pack: str) -> None:
    """Bring schema and reference data in, and say so."""
    print(initialise(engine, resolve_pack(pack)), flush=True)


def bring_up_to_date(url: str) -> None:
    """Bring schema and reference data of a database up to date; changes no figures."""
    engine = make_engine(url)
    try:
        set_up(engine, pack=read_settings().pack)
    finally:
        engine.dispose()


def write_scaled_pack(folder: Path) -> None:
    """Write the thinned country's pack, for this process and those it starts too."""
    scaled_pack(PACKS / "vn", folder, scale=Country().scale)
    os.environ["TUYENDAU_PACK"] = str(folder)


def is_of_this_country(url: str) -> bool:
    """Return whether a database holds the simulation that this version would build."""
    engine = make_engine(url)
    try:
        found = read_simulated(engine, viewer=system_viewer(machine_clock()))
    except DataAccessError:
        return False
    finally:
        engine.dispose()
    return found is not None and found.spec == Country().spec


def build_files(settings: Settings, *, data: Path, announce: Announce = quiet) -> None:
    """Fill the database with the files of a folder."""
    with building(settings) as engine:
        set_up(engine, pack=settings.pack)
    announce(f"Real figures from {data}")
    part("examples.load").main(data=data, database_url=settings.database_url)


def build_demonstration(settings: Settings, *, announce: Announce = quiet) -> None:
    """Fill the database with the published figures that ship."""
    pack = resolve_pack(settings.pack).folder
    with building(settings) as engine:
        set_up(engine, pack=settings.pack)
        announce("Published figures")
        part("data_access.demo").build(engine, pack, progress=Progress())


def build_simulation(settings: Settings, *, announce: Announce = quiet) -> None:
    """Fill the database with the simulated country, up to its opening."""
    country = Country()
    with ahead(country, pack=settings.pack) as ticks, building(settings) as engine:
        set_up(engine, pack=settings.pack)
        announce(f"Simulated country, 1:{country.scale}")
        runner = Runner(
            engine=engine, viewer=system_viewer(machine_clock()), country=country,
            key=settings.key_chain,
        )  # fmt: skip
        runner.build(Progress(), with_chain=False, ticks=ticks)
        runner.tell_rollout()
        tell(engine, opening=country.opening, zone=ZONE)
        with writing(engine) as connection:
            write_demonstration(connection, country.words())


def build(*, data: Path | None, is_simulation: bool, announce: Announce = quiet) -> None:
    """Set up and fill the database.

    Args:
        data: folder of files; None: what ships.
        is_simulation: the simulated country and not the published figures.
        announce: told what it is being filled with, when that begins.
    """
    settings = read_settings()
    if data:
        build_files(settings, data=data, announce=announce)
    elif is_simulation:
        build_simulation(settings, announce=announce)
    else:
        build_demonstration(settings, announce=announce)


def ending(work: Callable[[], None]) -> int:
    """Do the work and return the exit code; say in one line why it could not be done."""
    try:
        work()
    except DataAccessError as error:
        print(error, file=sys.stderr)
        return COULD_NOT
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def main() -> int:
    """Build what the options name."""
    parser = argparse.ArgumentParser(prog="python -m scripts.build", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of files; without it, the shipped facts")
    parser.add_argument("--simulation", action="store_true", help="the simulated country")
    options = parser.parse_args()
    return ending(lambda: build(data=options.data, is_simulation=options.simulation))


if __name__ == "__main__":
    sys.exit(main())
