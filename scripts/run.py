"""What `make run` does once the packages are there: database, figures, dashboard.

Starts programs and prints; the database is prepared (`scripts.prepare`) in a process of its own,
so that a figure file is complete and closed before the dashboard opens it. Imports nothing that
takes time: that process works from the first moment, and this one loads the dashboard meanwhile.
"""

import argparse
import importlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from scripts import cores
from scripts.prepare import INTERRUPTED, ROOT, SCALED_PACK, VAR, numbered, say, sqlite_url

CANNOT_START = 1
STOP_SECONDS = 10
SIMULATED = "tuyendau-mo-phong.sqlite"


def is_taken(host: str, port: int) -> bool:
    """Return whether another program already listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def prepare(*words: str) -> ModuleType:
    """Have the database prepared in a process of its own; return what serves it, loaded meanwhile.

    Stops with the process's exit code if it fails.
    """
    child = subprocess.Popen([sys.executable, "-m", "scripts.prepare", *words], cwd=ROOT)
    # An interrupt ends the preparing, and us with it. Raised here, while packages are being loaded,
    # one of them may swallow it.
    before = signal.signal(signal.SIGINT, lambda *_told: child.send_signal(signal.SIGINT))
    try:
        serving = importlib.import_module("scripts.serve")
        code = child.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    if code:
        raise SystemExit(code)
    return serving


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


def serve(serving: ModuleType, url: str, *, options: argparse.Namespace) -> None:
    """Serve the dashboard until Ctrl-C."""
    name = "localhost" if options.host == "127.0.0.1" else options.host
    say(numbered(3, f"Dashboard: http://{name}:{options.port}   (Ctrl-C stops it)"))
    os.environ["TUYENDAU_DATABASE_URL"] = url
    os.chdir(ROOT)
    cores.settle()
    if not serving.serve(host=options.host, port=options.port):
        say("Stopped.")


def chosen(options: argparse.Namespace) -> tuple[str, tuple[str, ...]]:
    """Return the name of the database file, and the words that have it prepared."""
    if options.data:
        return "tuyendau-data.sqlite", ("--data", str(options.data.resolve()))
    if options.facts:
        return "tuyendau.sqlite", ()
    return SIMULATED, ("--simulation",)


def run(options: argparse.Namespace) -> None:
    """Prepare the database and serve it."""
    shared = os.environ.get("TUYENDAU_DATABASE_URL", "")
    if shared and not options.data:
        serve(prepare("--shared"), shared, options=options)
        return
    # A database of this machine alone: demonstration accounts and key, unless told otherwise.
    os.environ.setdefault("TUYENDAU_DEMO", "1")
    name, words = chosen(options)
    is_simulated = name == SIMULATED
    if is_simulated:
        os.environ["TUYENDAU_PACK"] = str(SCALED_PACK)
    url = sqlite_url(VAR / name)
    serving = prepare("--file", str(VAR / name), *words)
    if not is_simulated:
        serve(serving, url, options=options)
        return
    with going_on(url, speed=options.speed):
        serve(serving, url, options=options)


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
    # Preparing and serving are many small frames: more threads for each of them only take turns.
    cores.choose_threads()
    run(options)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("\nStopped.")
        sys.exit(INTERRUPTED)
