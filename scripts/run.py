"""What `make run` does once the packages are there: database, figures, dashboard.

Starts programs and prints; what fills the database lives in `scripts.build`, in a process of
its own, so that a figure file is complete and closed before the dashboard opens it.
"""

import argparse
import os
import socket
import subprocess
import sys
from pathlib import Path

import click
from streamlit.web import cli as streamlit

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
STEPS = 3
COMPANIONS = ("", "-wal", "-shm", "-journal")
CANNOT_START = 1
INTERRUPTED = 130


def say(text: str) -> None:
    """Print a line at once, also when the output is a pipe."""
    print(text, flush=True)


def step(number: int, text: str) -> None:
    """Announce one of the numbered steps."""
    say(f"[{number}/{STEPS}] {text}")


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


def prepare_file(path: Path, *, data: Path | None) -> str:
    """Return the address of a local database file, built first if it is not there yet.

    It is built under another name and renamed when complete: an interrupted first run leaves
    nothing that a second run could take for finished.
    """
    if path.exists():
        step(1, f"Database: {path.relative_to(ROOT)} (already built)")
        prepare(sqlite_url(path))
        step(2, "Figures: already there")
        return sqlite_url(path)
    unfinished = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    remove(unfinished)
    step(1, f"Database and reference data: {path.relative_to(ROOT)}")
    prepare(sqlite_url(unfinished))
    step(2, f"Real figures from {data}" if data else "Demonstration figures")
    source = ["--data", str(data)] if data else []
    run_python("-m", "scripts.build", *source, url=sqlite_url(unfinished))
    unfinished.replace(path)
    return sqlite_url(path)


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


def database(data: Path | None) -> str:
    """Return the address of the database to serve, prepared."""
    shared = os.environ.get("TUYENDAU_DATABASE_URL", "")
    if shared and data is None:
        return prepare_shared(shared)
    # A database of this machine alone: demonstration accounts and key, unless told otherwise.
    os.environ.setdefault("TUYENDAU_DEMO", "1")
    name = "tuyendau-data.sqlite" if data else "tuyendau.sqlite"
    return prepare_file(VAR / name, data=data)


def read_options() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--data", type=Path, help="folder of real figures to load")
    return parser.parse_args()


def main() -> int:
    """Run the steps in order; one clear line when one cannot be done."""
    options = read_options()
    data = options.data.resolve() if options.data else None
    if data and not data.is_dir():
        say(f"There is no folder {options.data}.")
        return CANNOT_START
    if is_taken(options.host, options.port):
        say(f"Port {options.port} is in use. Another one: make run PORT={options.port + 1}")
        return CANNOT_START
    serve(database(data), host=options.host, port=options.port)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("\nStopped.")
        sys.exit(INTERRUPTED)
