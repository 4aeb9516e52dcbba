"""Finds what looks like a secret in the files git would commit, and pins that are not kept.

Both work without a network. Whether a version has a known hole only a list of today can say: where
the network is, `pip-audit -r constraints.txt` asks for it; a list kept here would be old at once.

Usage: python -m scripts.secrets [--baseline]
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASELINE = ROOT / ".secrets.baseline"
PINS = ("constraints.txt", "requirements.txt", "requirements-dev.txt")
# Data and pictures; hashes of the baseline itself.
LEFT_OUT = r"^(constraints\.txt|\.secrets\.baseline|.*\.(geojson|csv|png|svg|parquet))$"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[A-Za-z0-9,_-]+\])?==([A-Za-z0-9.!+_-]+)$")


def scanned() -> dict[str, list[dict[str, object]]]:
    """Return what looks like a secret: file → findings."""
    # Never verified: to try a secret out would send it somewhere.
    command = [sys.executable, "-m", "detect_secrets", "scan", "--no-verify",
               "--exclude-files", LEFT_OUT]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, list[dict[str, object]]] = json.loads(done.stdout)["results"]
    return found


def keys(found: Mapping[str, Iterable[Mapping[str, object]]]) -> set[tuple[str, str]]:
    """Return (file, hash of the text) of each finding: a line that moves is the same finding."""
    return {(file, str(one["hashed_secret"])) for file, several in found.items() for one in several}


def new_secrets() -> list[str]:
    """Return a line for each finding that the baseline does not know."""
    known = keys(json.loads(BASELINE.read_text(encoding="utf-8")))
    found = scanned()
    return [
        f"{file}:{one['line_number']}: looks like a secret ({one['type']})"
        for file, several in sorted(found.items())
        for one in several
        if (file, str(one["hashed_secret"])) not in known
    ]


def pins(names: Iterable[str] = PINS) -> tuple[dict[str, str], list[str]]:
    """Return package → version of every pin, and a line for each requirement that is none."""
    pinned: dict[str, str] = {}
    wrong = []
    for name in names:
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            text = line.split(" #")[0].strip()
            if not text or text.startswith(("#", "-c ", "-r ")):
                continue
            found = _PIN.match(text)
            if found is None:
                wrong.append(f"{name}: {text!r} is not pinned to one version")
                continue
            key = re.sub(r"[-_.]+", "-", found[1]).lower()
            if pinned.setdefault(key, found[2]) != found[2]:
                wrong.append(f"{name}: {key} {found[2]}, elsewhere {pinned[key]}")
    return pinned, wrong


def strays(pinned: Mapping[str, str], installed: Mapping[str, str]) -> list[str]:
    """Return a line for each package that is installed otherwise than pinned, or not pinned."""
    return [
        f"{name} {version} is installed, pinned is {pinned.get(name, 'nothing')}"
        for name, version in sorted(installed.items())
        if name not in {"pip", "setuptools", "wheel"} and pinned.get(name) != version
    ]


def installed() -> dict[str, str]:
    """Return package → version of what this environment holds."""
    return {
        re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower(): one.version for one in distributions()
    }


def main() -> int:
    """Print what is wrong; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--baseline", action="store_true", help="take what is found for harmless")
    if parser.parse_args().baseline:
        BASELINE.write_text(
            json.dumps(scanned(), indent=1, sort_keys=True) + "\n", encoding="utf-8"
        )
        return 0
    pinned, wrong = pins()
    told = [*new_secrets(), *wrong, *strays(pinned, installed())]
    print("\n".join(told) if told else "No new secret; every package is as pinned.")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
