"""Makes `.venv` and installs the pinned packages, with nothing but the standard library.

Must not import anything of the project: nothing is installed yet.
Usage: python3.11 scripts/bootstrap.py run|dev
"""

import hashlib
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
SETS = {"run": "requirements.txt", "dev": "requirements-dev.txt"}
WHAT = {"run": "the dashboard's packages", "dev": "the packages for tests and checks"}
PINNED = ("constraints.txt", "requirements.txt", "requirements-dev.txt")
NO_PIP = """This Python has neither ensurepip nor pip, so no environment can be made.
On Debian or Ubuntu:  apt-get install python3-venv      then run make again."""


def say(text: str) -> None:
    """Print a line at once, also when the output is a pipe."""
    print(text, flush=True)


def fingerprint(name: str) -> str:
    """Return what the environment must match: the pins and the interpreter."""
    digest = hashlib.sha256(platform.python_version().encode())
    for file in PINNED if name == "dev" else PINNED[:2]:
        digest.update((ROOT / file).read_bytes())
    return digest.hexdigest()


def is_current(name: str) -> bool:
    """Return whether the packages of this set are already installed as pinned."""
    stamp = VENV / f"{name}.stamp"
    return VENV_PYTHON.exists() and stamp.exists() and stamp.read_text() == fingerprint(name)


def make_venv() -> list[str]:
    """Create the environment if need be and return the command that is its pip."""
    own_pip = [str(VENV_PYTHON), "-m", "pip"]
    if VENV_PYTHON.exists() and succeeds([*own_pip, "--version"]):
        return own_pip
    say(f"Making .venv with Python {platform.python_version()}")
    shutil.rmtree(VENV, ignore_errors=True)
    if succeeds([sys.executable, "-m", "venv", str(VENV)]):
        return own_pip
    venv_without_ensurepip()
    return own_pip


def venv_without_ensurepip() -> None:
    """Debian keeps ensurepip in a package of its own: use a pip from outside instead."""
    shutil.rmtree(VENV, ignore_errors=True)
    outside = [sys.executable, "-m", "pip"]
    if not succeeds([*outside, "--version"]):
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(NO_PIP)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(VENV)], check=True)
    subprocess.run(
        [*outside, "--python", str(VENV_PYTHON), "install", "--quiet", "pip"], check=True
    )


def succeeds(command: list[str]) -> bool:
    """Return whether a command ends well; what it prints does not matter here."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def install(name: str) -> None:
    """Install one set of requirements and stamp it."""
    pip = make_venv()
    say(f"Installing {WHAT[name]} (first time: about a minute, 1 GB of disk)")
    started = time.monotonic()
    command = [*pip, "install", "--disable-pip-version-check", "-r", str(ROOT / SETS[name])]
    if subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode != 0:
        sys.exit("The packages could not be installed; what pip says above is the reason.")
    for done in ("run", name):
        (VENV / f"{done}.stamp").write_text(fingerprint(done))
    say(f"Packages ready after {time.monotonic() - started:.0f} s")


def main() -> None:
    """Bring the environment up to date; do nothing when it already is."""
    if sys.argv[1:] not in [[name] for name in SETS]:
        sys.exit(f"usage: {sys.argv[0]} {'|'.join(SETS)}")
    name = sys.argv[1]
    if not is_current(name):
        install(name)


if __name__ == "__main__":
    main()
