"""What `make run` does once the packages are there: database, figures, dashboard.

Starts programs and prints; what fills the database lives in `scripts.build`, in a process of
its own, so that a figure file is complete and closed before the dashboard opens it.
"""

import argparse
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from streamlit.web import cli as streamlit

from data_access.clock import machine_clock
from data_access.engine import make_engine
from data_access.errors import DataAccessError
from data_access.reference.pack import PACKS
from data_access.reference.scaled import scaled_pack
from data_access.simulated import read_simulated
from data_access.viewer import system_viewer
from simulations.live.country import Country

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
STEPS = 3
COMPANIONS = ("", "-wal", "-shm", "-journal")
CANNOT_START = 1
INTERRUPTED = 130
STOP_SECONDS = 10
SIMULATED = "tuyendau-mo-phong.sqlite"


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Which figures are shown.

    Attributes:
        database: name of the file below var/.
        words: options of `scripts.build`.
        title: what it is called.
        is_simulated: whether `simulations live` goes on with it.
    """

    database: str
    words: tuple[str, ...]
    title: str
    is_simulated: bool = False


def say(text: str) -> None:
    """Print a line at once, also when the output is a pipe."""
    print(text, flush=True)


def step(number: int, text: str) -> None:
    """Announce one of the numbered steps."""
    say(numbered(number, text))


def numbered(number: int, text: str) -> str:
    """Return the line that announces a step."""
    return f"[{number}/{STEPS}] {text}"


def sqlite_url(path: Path) -> str:
    """Return the database address of a file."""
    return f"sqlite:///{path}"


def is_taken(host: str, port: int) -> bool:
    """Return whether another program already listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def remove(path: Path) -> None:
    """Remove a SQLite file together with what SQLite keeps beside it."""
    for ending in COMPANIONS:
        path.with_name(path.name + ending).unlink(missing_ok=True)


def run_python(*words: str, url: str) -> None:
    """Run one of the project's programs on a database; stop with its exit code if it fails."""
    environment = {**os.environ, "TUYENDAU_DATABASE_URL": url}
    done = subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, check=False)
    if done.returncode == INTERRUPTED:
        raise KeyboardInterrupt
    if done.returncode:
        raise SystemExit(done.returncode)


def prepare(url: str) -> None:
    """Bring schema and reference data up to date; changes no figures."""
    run_python("-m", "data_access", "init", url=url)


def prepare_file(path: Path, *, figures: Figures) -> str:
    """Return the address of a local database file, built first if it is not there yet.

    It is built under another name and renamed when complete: an interrupted first run leaves
    nothing that a second run could take for finished.
    """
    if figures.is_simulated:
        use_scaled_pack()
        if path.exists() and not is_of_this_country(path):
            say("      The simulation has changed since this database was built: it is built anew.")
            remove(path)
    if path.exists():
        step(1, f"Database: {path.relative_to(ROOT)} (already built)")
        prepare(sqlite_url(path))
        step(2, "Figures: already there")
        return sqlite_url(path)
    unfinished = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    remove(unfinished)
    step(1, f"Database and reference data: {path.relative_to(ROOT)}")
    words = ("--title", numbered(2, figures.title), *figures.words)
    run_python("-m", "scripts.build", *words, url=sqlite_url(unfinished))
    unfinished.replace(path)
    return sqlite_url(path)


def use_scaled_pack() -> None:
    """Have everything started from here use the thinned country's pack."""
    folder = VAR / "mo-phong-pack"
    scaled_pack(PACKS / "vn", folder, scale=Country().scale)
    os.environ["TUYENDAU_PACK"] = str(folder)


def is_of_this_country(path: Path) -> bool:
    """Return whether a database holds the simulation that this version would build."""
    engine = make_engine(sqlite_url(path))
    try:
        found = read_simulated(engine, viewer=system_viewer(machine_clock()))
    except DataAccessError:
        return False
    finally:
        engine.dispose()
    return found is not None and found.spec == Country().spec


@contextmanager
def going_on(url: str, *, speed: float) -> Iterator[None]:
    """Let the simulation go on in a process of its own while the block runs."""
    environment = {**os.environ, "TUYENDAU_DATABASE_URL": url}
    words = ["-m", "simulations", "live", "--speed", str(speed), "--with-parent"]
    with (VAR / "live.log").open("a", encoding="utf-8") as log:
        child = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()


def prepare_shared(url: str) -> str:
    """Bring a database that somebody else owns up to date; no demonstration goes there."""
    step(1, "Database: the one TUYENDAU_DATABASE_URL names")
    prepare(url)
    step(2, "Figures: those it holds; a demonstration never goes into a shared database")
    return url


def serve(url: str, *, host: str, port: int) -> None:
    """Serve the dashboard until Ctrl-C."""
    name = "localhost" if host == "127.0.0.1" else host
    step(3, f"Dashboard: http://{name}:{port}   (Ctrl-C stops it)")
    os.environ["TUYENDAU_DATABASE_URL"] = url
    os.chdir(ROOT)
    address = ["--server.address", host, "--server.port", str(port)]
    try:
        streamlit.main(args=["run", "dashboard/server.py", *address], standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        say("Stopped.")


def chosen(options: argparse.Namespace) -> Figures:
    """Return the figures that the options ask for."""
    if options.data:
        data = options.data.resolve()
        return Figures(
            database="tuyendau-data.sqlite", words=("--data", str(data)),
            title=f"Real figures from {data}",
        )  # fmt: skip
    if options.facts:
        return Figures(database="tuyendau.sqlite", words=(), title="Published figures")
    title = f"Simulated country, 1:{Country().scale}"
    return Figures(database=SIMULATED, words=("--simulation",), title=title, is_simulated=True)


def run(options: argparse.Namespace) -> None:
    """Prepare the database and serve it."""
    shared = os.environ.get("TUYENDAU_DATABASE_URL", "")
    if shared and not options.data:
        serve(prepare_shared(shared), host=options.host, port=options.port)
        return
    # A database of this machine alone: demonstration accounts and key, unless told otherwise.
    os.environ.setdefault("TUYENDAU_DEMO", "1")
    figures = chosen(options)
    url = prepare_file(VAR / figures.database, figures=figures)
    if not figures.is_simulated:
        serve(url, host=options.host, port=options.port)
        return
    with going_on(url, speed=options.speed):
        serve(url, host=options.host, port=options.port)


def read_options() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--data", type=Path, help="folder of real figures to load")
    parser.add_argument("--facts", action="store_true", help="published figures, standing still")
    parser.add_argument("--speed", type=float, default=30.0, help="simulated seconds per second")
    return parser.parse_args()


def main() -> int:
    """Run the steps in order; one clear line when one cannot be done."""
    options = read_options()
    if options.data and not options.data.is_dir():
        say(f"There is no folder {options.data}.")
        return CANNOT_START
    if is_taken(options.host, options.port):
        say(f"Port {options.port} is in use. Another one: make run PORT={options.port + 1}")
        return CANNOT_START
    if not options.speed > 0:
        say("SPEED must be above 0.")
        return CANNOT_START
    run(options)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("\nStopped.")
        sys.exit(INTERRUPTED)
