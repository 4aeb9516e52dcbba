"""Loads the real files of one country into one database, through the gate, in order.

    python -m examples.load --data ../shared/data [--country vn|my] [--database-url URL]

Loading again changes nothing. Not part of the product: it only calls the gate.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from data_access.cli.context import Context
from data_access.clock import parse_instant
from data_access.errors import BadInput, BadUse, DataAccessError
from data_access.ingest.intake import Intake
from data_access.ingest.ledger import Counts, Outcome
from data_access.settings import read_settings
from examples.plan import PLANS, Step

COLUMNS = ("read", "new", "updated", "unchanged", "stale", "rejected")
COULD_NOT, BAD_USE = 1, 2


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """One delivery and what it came to."""

    step: Step
    outcome: Outcome


def main(
    *, data: Path, database_url: str = "", country: str = "", quiet: bool = False
) -> tuple[Loaded, ...]:
    """Load every file of a country; print progress and the balanced counts.

    Args:
        data: folder that holds `vn/` and `my/`.
        database_url: shared database, initialised; empty: the one of the environment.
        country: `vn` or `my`; empty: the country whose pack the database holds.
        quiet: print nothing.

    Raises:
        BadUse: if the country is unknown or another one than the database's.
        BadInput: if a file is missing or cannot be used; the files before it stay loaded.
        SchemaMismatch: if the database was not initialised.
    """
    settings = read_settings()
    # The machine's clock, whatever a rehearsal's clock says: these files were known long ago.
    settings = replace(settings, database_url=database_url or settings.database_url, now="")
    context = Context(settings)
    try:
        steps = PLANS[_country(country, held=context.intake.areas.country.code)]
        _require_files(steps, data)
        loaded = tuple(_load(context.intake, steps, data=data, quiet=quiet))
    finally:
        context.engine.dispose()
    if not quiet:
        print(table(loaded), flush=True)  # noqa: T201 -- this is a program
    return loaded


def _country(asked: str, *, held: str) -> str:
    wanted = asked.upper() or held
    if wanted not in PLANS:
        known = ", ".join(sorted(name.lower() for name in PLANS))
        raise BadUse(f"no files are known for country {wanted!r}; choose from {known}")
    if wanted != held:
        raise BadUse(f"the database holds the country pack of {held}, not of {wanted}")
    return wanted


def _require_files(steps: Sequence[Step], data: Path) -> None:
    """Refuse before anything is loaded: a missing file should not be found out half way."""
    missing = [step.file for step in steps if not (data / step.file).is_file()]
    if missing:
        raise BadInput(
            f"{len(missing)} files are missing in the data folder, the first: {missing[0]}"
        )


def _load(intake: Intake, steps: Sequence[Step], *, data: Path, quiet: bool) -> Iterator[Loaded]:
    for number, step in enumerate(steps, 1):
        if not quiet:
            print(f"      {number:>2}/{len(steps)}  {step.mapping.stem}", flush=True)  # noqa: T201
        known_at = parse_instant(step.known_at, zone=intake.zone)
        outcome = intake.table((data / step.file,), mapping=step.mapping, known_at=known_at)
        yield Loaded(step=step, outcome=outcome)


def table(loaded: Sequence[Loaded]) -> str:
    """Return the closing table: a line per delivery, its counts, and why rows were rejected."""
    head = f"{'':30}" + "".join(f"{name:>11}" for name in COLUMNS)
    lines = [head, *(_line(found.step.mapping.stem, found.outcome.counts) for found in loaded)]
    total = Counts()
    for found in loaded:
        total = total.plus(found.outcome.counts)
    lines += [_line("together", total), ""]
    for found in loaded:
        reasons = ", ".join(f"{name} {n}" for name, n in sorted(found.outcome.reasons.items()))
        if reasons:
            lines.append(f"{found.step.mapping.stem}: {reasons}")
    return "\n".join(lines)


def _line(name: str, counts: Counts) -> str:
    return f"{name:30}" + "".join(f"{getattr(counts, column):>11,}" for column in COLUMNS)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.load", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with vn/ and my/")
    parser.add_argument("--country", default="", help="vn or my; default: the database's")
    parser.add_argument("--database-url", default="", help="default: TUYENDAU_DATABASE_URL")
    return parser.parse_args()


def run() -> int:
    """Read the command line, load, and say in one line what could not be done."""
    options = _options()
    try:
        main(data=options.data, database_url=options.database_url, country=options.country)
    except DataAccessError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return BAD_USE if isinstance(error, BadUse) else COULD_NOT
    return 0


if __name__ == "__main__":
    sys.exit(run())
