"""Versions of a small rollout, made without a database."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

START = datetime(2021, 8, 1, 5, tzinfo=UTC)


def versions(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return rows (kind, item, hours, province, content) as `ledger.history` would."""
    counted: dict[tuple[str, str], int] = {}
    made = []
    for row in sorted(rows, key=lambda one: one["hours"]):
        key = (row["kind"], row["item"])
        counted[key] = counted.get(key, 0) + 1
        made.append(
            {"kind": row["kind"], "item": row["item"], "version": counted[key],
             "known_at": START + timedelta(hours=row["hours"]),
             "province": row.get("province", ""), "account": "a", "role": "national",
             "reason": "", "content": json.dumps(row["content"])}
        )  # fmt: skip
    schema = {"kind": pl.String, "item": pl.String, "version": pl.Int64,
              "known_at": pl.Datetime("us", "UTC"), "province": pl.String, "account": pl.String,
              "role": pl.String, "reason": pl.String, "content": pl.String}  # fmt: skip
    return pl.DataFrame(made, schema=schema).sort("kind", "item", "version")
