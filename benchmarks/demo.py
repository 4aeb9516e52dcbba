"""From nothing to a page with figures: `python -m benchmarks.demo [--port P]`.

Starts `scripts.run` as `make run` does, in a folder of its own, asks /readyz until it answers, then
asks for the first page; prints seconds of the wall and the processor's, and stops it again.
"""

import argparse
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT_S = 180


def answers(url: str) -> bool:
    """Return whether an address answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:  # noqa: S310 -- our own server
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def copied(folder: Path) -> Path:
    """Copy the program without databases, so that nothing built before helps."""
    into = folder / "product"
    left = shutil.ignore_patterns(".git", "var", ".venv", "__pycache__", ".*_cache", "tests")
    shutil.copytree(ROOT, into, ignore=left)
    return into


def main() -> int:
    """Measure once; exit code 1 if no page came."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=8655)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tuyendau-demo-") as name:
        product = copied(Path(name))
        clean = {k: v for k, v in os.environ.items() if not k.startswith("TUYENDAU_")}
        words = ["-m", "scripts.run", "--port", str(options.port)]
        started = time.monotonic()
        running = subprocess.Popen([sys.executable, *words], cwd=product, env=clean)
        address = f"http://127.0.0.1:{options.port}"
        ready = False
        while not ready and running.poll() is None and time.monotonic() - started < LIMIT_S:
            ready = answers(f"{address}/readyz") and answers(f"{address}/")
            time.sleep(0.2)
        wall = time.monotonic() - started
        running.send_signal(signal.SIGINT)
        running.wait(30)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    sys.stdout.write(f"from nothing to a page: {wall:.1f} s, answered: {ready},"
                     f" processor {used.ru_utime + used.ru_stime:.1f} s\n")  # fmt: skip
    return 0 if ready else 1


if __name__ == "__main__":
    sys.exit(main())
