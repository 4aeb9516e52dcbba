"""The command line as a stranger uses it, judged by exit code, output and errors alone."""

import contextlib
import csv
import hashlib
import io
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from data_access.cli import program

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 300
PREFIX = "TUYENDAU_"


class Done(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Command:
    """`python -m data_access` with one database; call it with words.

    A call runs in this process, which saves two seconds each; `outside` starts a process.
    """

    url: str
    settings: tuple[tuple[str, str], ...] = ()

    def __call__(self, *words: str) -> Done:
        """Run the words; return exit code, standard output and standard error."""
        out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
        with (
            _environment(self._settings()),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = _run(words)
            out.flush()
        return Done(code, out.buffer.getvalue().decode(), err.getvalue())  # type: ignore[attr-defined]

    def outside(self, *words: str) -> Done:
        """Run the words in a process of their own."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        done = subprocess.run(
            [sys.executable, "-m", "data_access", *words],
            cwd=ROOT,
            env={**kept, **self._settings()},
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def rows(self, *words: str) -> list[dict[str, str]]:
        """Run a command that prints CSV and return its rows."""
        done = self(*words)
        assert done.code == 0, done.err
        return list(csv.DictReader(done.out.splitlines()))

    def state(self, *, tables: tuple[str, ...] = ()) -> str:
        """Return a fingerprint of what a SQLite database holds (of some tables, or of all)."""
        connection = sqlite3.connect(self.url.removeprefix("sqlite:///"))
        listed = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        names = [name for (name,) in connection.execute(listed)]
        digest = hashlib.sha256()
        for name in names:
            if not tables or name in tables:
                digest.update(name.encode())
                for row in connection.execute(f'SELECT * FROM "{name}"'):  # noqa: S608 -- own names
                    digest.update(repr(row).encode())
        connection.close()
        return digest.hexdigest()

    def _settings(self) -> dict[str, str]:
        return {"TUYENDAU_DATABASE_URL": self.url, **dict(self.settings)}


def _run(words: tuple[str, ...]) -> int:
    try:
        return program.main(words)
    except SystemExit as ended:  # argparse leaves this way
        return int(ended.code or 0)


@contextlib.contextmanager
def _environment(settings: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(PREFIX)}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name in settings:
            os.environ.pop(name, None)
        os.environ.update(before)
