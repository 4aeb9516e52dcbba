"""Every rule of every contract can be broken alone: the row is refused (or flagged) for it.

Good rows are an invented day's; the ways to break one are drawn from the declarations (the fields
that a rule reads, and the edges of what each may hold), so a further contract is covered as it is.
"""

import tempfile
from collections import defaultdict
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from random import Random

import polars as pl
import pytest

from data_access.contracts.model import Check, Field, Kind, RecordKind, Severity
from data_access.contracts.registry import CONTRACTS, record_kind
from data_access.reference.pack import bundled_pack
from simulations.day import make_day
from simulations.platforms.written import texts
from tests.unit.ingest.support import Result, admit, write_csv

KINDS = [(c.platform, k.name) for c in CONTRACTS for k in c.kinds]
VARIANTS, ROUNDS = 250, 12
"""Rows tried for each rule in a round; a rule that was met is not tried in the next one."""
# Reasons that any field may raise, whatever rules a kind declares.
OF_FIELDS = {"required", "in_future", "out_of_range", "personal_value"}
DAYS = ((2020, 12, 1), (2021, 3, 1), (2021, 8, 5), (2021, 8, 20), (2021, 12, 1))
MOMENTS = tuple(datetime(y, m, d, 5, tzinfo=UTC) for y, m, d in DAYS)
BIRTHS = (date(1900, 1, 1), date(1990, 1, 1), date(2019, 1, 1), date(2022, 1, 15))
MANY = "|".join("abcdefghijklmnopqrstu")
Row = dict[str, str]


@lru_cache
def day() -> dict[tuple[str, str], pl.DataFrame]:
    return make_day(areas=bundled_pack("vn").areas, first_day=date(2021, 8, 5), seed=5,
                    provinces=["79"], per_province=40)  # fmt: skip


def read_by(check: Check, kind: RecordKind) -> list[Field]:
    """Return the delivered fields that a rule reads; a derived one stands for none."""
    derived = {field.name for field, _ in kind.derived.values()}
    names = {name.removesuffix("__day") for name in check.broken.meta.root_names()} - derived
    return [field for field in kind.all_fields() if field.name in names]


def edges(field: Field, *, row: Row, kind: RecordKind) -> list[str]:
    """Return cells at the edges of what a field may hold, each of them valid by itself."""
    if field.name == "birth_date":
        return [each.isoformat() for each in BIRTHS]
    if field.kind in {Kind.INSTANT, Kind.DATE}:
        days = field.kind is Kind.DATE
        return ["", *((each.date() if days else each).isoformat() for each in MOMENTS)]
    if field.allowed:
        return ["", *field.allowed]
    if field.kind in {Kind.INTEGER, Kind.NUMBER}:
        least, most = int(field.minimum or 0), int(field.maximum or 0)
        return ["", *(str(n) for n in {least, least + 1, 2, 5, 10, most} if least <= n <= most)]
    if field.kind is Kind.TEXT:
        return [text for text in ("", "A1", MANY, row[kind.key]) if len(text) <= field.max_length]
    return ["", "1"]


def broken_rows(
    kind: RecordKind, good: list[Row], rng: Random, *, aimed_at: list[Check]
) -> list[Row]:
    """Return good rows with cells changed: those of the fields that each rule reads."""
    found: list[Row] = []
    for check in aimed_at:
        fields = read_by(check, kind)
        for _ in range(VARIANTS):
            row = dict(rng.choice(good))
            row[kind.key] = f"V{len(found)}"
            # Some rules ask for all of their fields to be blank, which chance alone rarely does.
            blank = rng.random() < 0.1
            for field in fields:
                if blank:
                    row[field.name] = ""
                elif rng.random() < 0.7:
                    row[field.name] = rng.choice(edges(field, row=row, kind=kind))
            found.append(row)
    return found


def deliver(kind: RecordKind, rows: list[Row]) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        return admit(write_csv(Path(folder) / "rows.csv", rows), kind)


@pytest.mark.parametrize(("platform", "name"), KINDS, ids=["-".join(each) for each in KINDS])
def test_each_rule_is_broken_alone_and_named(platform: str, name: str) -> None:
    kind = record_kind(platform, kind=name)
    frame = texts(day()[platform, name]).fill_null("")
    good = [dict(row) for row in frame.to_dicts()[:40]]
    assert deliver(kind, good).reasons == []
    alone: set[tuple[str, str]] = set()
    flagged: set[str] = set()
    open_ = list(kind.checks)
    for seed in range(ROUNDS):
        if not open_:
            break
        rng = Random(seed)  # noqa: S311 -- nothing secret
        got = deliver(kind, broken_rows(kind, good, rng, aimed_at=open_))
        alone |= only_faults(got)
        flagged |= got.flags.keys()
        open_ = [check for check in open_ if not met(check, alone, flagged)]
    assert [check.key for check in open_] == []
    # No rule refuses a row under a name that is not declared.
    refusing = {c.key for c in kind.checks if c.severity is Severity.REJECT}
    assert {reason for _, reason in alone} <= refusing | OF_FIELDS


def only_faults(got: Result) -> set[tuple[str, str]]:
    """Return (field, reason) of the rows that have no other fault."""
    told = defaultdict(set)
    for row_no, field, reason in got.reasons:
        told[row_no].add((field, reason))
    return {next(iter(faults)) for faults in told.values() if len(faults) == 1}


def met(check: Check, alone: set[tuple[str, str]], flagged: set[str]) -> bool:
    """Return whether a rule has been seen to do what it declares."""
    if check.severity is Severity.FLAG:
        return check.key in flagged
    return (check.field, check.key) in alone
