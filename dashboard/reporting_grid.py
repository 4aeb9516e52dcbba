"""The reporting matrix as the browser draws it, and what it comes to in numbers. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from dashboard import formatting
from dashboard.i18n import Translate
from data_access.sync import rules

LETTERS: Mapping[str, str] = {
    "on_time": "o",
    "late": "l",
    "partial": "p",
    "silent": "s",
    "never": "n",
    "not_due": "d",
    "not_expected": "e",
}
"""State → the letter it is sent as."""
JUDGED = (rules.ON_TIME, rules.LATE, rules.PARTIAL, rules.SILENT, rules.NEVER)
_TROUBLE = {rules.SILENT: 3.0, rules.PARTIAL: 2.0, rules.LATE: 1.0, rules.NEVER: 0.5}


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How one day was reported, over provinces and platforms; each once, by its best feed."""

    day: date
    counts: Mapping[str, int]

    @property
    def expected(self) -> int:
        """Reports expected, those of platforms never used left out."""
        return sum(self.counts[state] for state in JUDGED if state != rules.NEVER)


def tally(best: pl.DataFrame) -> Tally | None:
    """Return the newest day on which anything was due; None without one.

    Args:
        best: as `data_access.sync.reporting.by_platform` gives it.
    """
    due = best.filter(pl.col("state").is_in(JUDGED))
    feeds = due.filter(pl.col("state") != rules.NEVER)
    day = (feeds if feeds.height else due)["date"].max()
    if not isinstance(day, date):
        return None
    there = dict(due.filter(pl.col("date") == day)["state"].value_counts().iter_rows())
    return Tally(day=day, counts={state: there.get(state, 0) for state in JUDGED})


def in_order(best: pl.DataFrame, codes: Sequence[str]) -> list[str]:
    """Return rows with most trouble first, then by code; `codes` are all there may be."""
    weight = pl.col("state").replace_strict(_TROUBLE, default=0.0)
    trouble = dict(best.group_by("area_code").agg(weight.sum()).iter_rows())
    return sorted(codes, key=lambda code: (-trouble.get(code, 0.0), code))


def message(
    best: pl.DataFrame,
    rows: Sequence[tuple[str, str]],
    *,
    by: str,
    days: tuple[date, date],
    picked: str | None,
    t: Translate,
    language: str,
) -> dict[str, object]:
    """Return the matrix for the browser: a letter and a note a cell.

    Args:
        best: one row per `by` and day.
        rows: (key, name) of each line, in order.
        by: column that tells lines apart: area_code or platform.
        days: first and last day.
        picked: the cell that is chosen, as `79.2021-08-21`.
        t: texts of the language.
        language: `vi` or `en`.
    """
    start, end = days
    every = [start + timedelta(days=n) for n in range((end - start).days + 1)]
    held = {(row[by], row["date"]): row for row in best.iter_rows(named=True)}
    lines = []
    for key, name in rows:
        cells = [held.get((key, day)) for day in every]
        states = [str(cell["state"]) if cell else rules.NOT_EXPECTED for cell in cells]
        notes = [note(cell, t=t, language=language) if cell else "" for cell in cells]
        letters = "".join(LETTERS[state] for state in states)
        lines.append({"key": key, "name": name, "cells": letters, "notes": notes})
    words = {letter: t(f"reporting.{state}") for state, letter in LETTERS.items()}
    return {
        "days": [day.isoformat() for day in every],
        "heads": [f"{day.day}" for day in every],
        "months": [f"{day.month}/{day.year}" if day.day == 1 or day == start else ""
                   for day in every],
        "dates": [formatting.day(day, language=language) for day in every],
        "lines": lines,
        "words": words,
        "picked": picked,
        "title": t("data_sync.matrix_alt"),
        "corner": t("data_sync.province" if by == "area_code" else "data_sync.platform"),
    }  # fmt: skip


def note(cell: Mapping[str, object], *, t: Translate, language: str) -> str:
    """Return what a cell says besides its state: hours late against the usual, share there."""
    parts = []
    late, hours, usual = cell["hours_late"], cell["hours"], cell["usual_hours"]
    state = cell["state"]
    if state in {rules.LATE, rules.SILENT} and isinstance(late, float):
        parts.append(t("data_sync.hours_late", n=_whole(late, language)))
    if isinstance(hours, float) and isinstance(usual, float):
        parts.append(
            t("data_sync.hours_usual", n=_whole(hours, language), usual=_whole(usual, language))
        )
    ratio = cell["value_ratio"]
    if state == rules.PARTIAL and isinstance(ratio, float):
        share = formatting.percent(ratio, language=language, decimals=0)
        parts.append(t("data_sync.share_there", share=share))
    return "; ".join(parts)


def _whole(hours: float, language: str) -> str:
    return formatting.number(hours, language=language, decimals=0)
