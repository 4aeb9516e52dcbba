"""The same event under two record ids: counted by pair of sources, province and day.

Pseudonyms are compared inside this module and leave it as counts. A week is read at a time, and
of it only what occurs twice, so that memory does not grow with the period.
"""

from dataclasses import dataclass

import polars as pl
import sqlalchemy as sa

from data_access.reader import Schema, read_frame
from data_access.reconcile.records import COUNT_SCHEMA, Look, at_of, in_force, is_day, within
from data_access.viewer import Viewer

CHUNK_DAYS = 7
WITHIN_HOURS = 24
_HOUR_US = 3_600_000_000


@dataclass(frozen=True, kw_only=True)
class Same:
    """When two records are one event.

    Attributes:
        rule: rule that counts them.
        platform: platform of the records.
        kind: kind of record.
        fields: fields that agree.
        day: field of the day.
        hours: apart by less than this; 0: on the same local day.
        differs: a field that must differ, for events that cannot both be true.
    """

    rule: str
    platform: str
    kind: str
    fields: tuple[str, ...]
    day: str
    hours: int = 0
    differs: str = ""


SAME = (
    Same(rule="duplicate_dose", platform="vaccination", kind="dose",
         fields=("person_ref", "vaccine_code"), day="vaccinated_at"),
    Same(rule="two_doses_one_day", platform="vaccination", kind="dose",
         fields=("person_ref",), day="vaccinated_at", differs="vaccine_code"),
    Same(rule="duplicate_sample", platform="testing", kind="sample",
         fields=("record_id",), day="collected_at"),
    Same(rule="duplicate_declaration", platform="declarations", kind="declaration",
         fields=("person_ref", "kind"), day="declared_at", hours=WITHIN_HOURS),
    Same(rule="duplicate_case", platform="tracing", kind="case",
         fields=("person_ref",), day="case_day"),
    Same(rule="duplicate_case", platform="tracing", kind="case",
         fields=("record_id",), day="case_day"),
)  # fmt: skip


def repeated(connection: sa.Connection, look: Look, *, viewer: Viewer) -> pl.DataFrame:
    """Return repeated events: COUNT_SCHEMA, `source_id` of the repeat, `source_id_b` of the first.

    Both records lie in the provinces looked at; the repeat's province and day count.
    """
    found = [pl.DataFrame(schema=COUNT_SCHEMA)]
    for same in SAME:
        for chunk in look.pieces(CHUNK_DAYS):
            rows = _candidates(connection, same, chunk, viewer=viewer)
            found.append(_counted(same, rows, chunk))
    key = [name for name in COUNT_SCHEMA if name not in {"n", "known_at"}]
    return (
        pl.concat(found)
        .group_by(key)
        .agg(pl.col("n").max(), pl.col("known_at").max())
        .select(list(COUNT_SCHEMA))
        .sort(key)
    )


def _candidates(
    connection: sa.Connection, same: Same, look: Look, *, viewer: Viewer
) -> pl.DataFrame:
    """Return the week's records (and of the day before) whose key occurs more than once."""
    columns = [*same.fields, same.day, *([same.differs] if same.differs else [])]
    stored = [name for name in dict.fromkeys(columns) if name != "record_id"]
    of = (same.platform, same.kind)

    def rows_of() -> tuple[sa.Subquery, list[sa.ColumnElement[bool]]]:
        rows = in_force(*of, stored, moment=look.moment)
        return rows, within(*of, same.day, rows, look=look, before=1)

    inner, kept = rows_of()
    key = [inner.c[name] for name in same.fields]
    known = [column.is_not(None) for column in key]
    several = (
        sa.select(*key).where(*kept, *known).group_by(*key).having(sa.func.count() > 1).subquery()
    )
    rows, here = rows_of()
    on = sa.and_(*[rows.c[name] == several.c[name] for name in same.fields])
    schema: Schema = {
        "source_id": pl.Int32, "record": pl.String, "province_id": pl.Int32,
        "known_at": pl.Int64, "at": pl.Int64,
        **{f"key{number}": pl.String for number in range(len(same.fields))},
        **({"other": pl.String} if same.differs else {}),
    }  # fmt: skip
    query = sa.select(
        rows.c.source_id, rows.c.record_id, rows.c.province_id, rows.c.known_at,
        at_of(*of, same.day, rows), *[rows.c[name] for name in same.fields],
        *([rows.c[same.differs]] if same.differs else []),
    ).select_from(rows.join(several, on)).where(*here)  # fmt: skip
    return read_frame(connection, query, schema, viewer=viewer)


def _counted(same: Same, rows: pl.DataFrame, look: Look) -> pl.DataFrame:
    """Return the repeats among candidates: COUNT_SCHEMA."""
    moments = pl.from_epoch("at", time_unit="us")
    if not is_day(same.platform, same.kind, same.day):
        moments = moments.dt.replace_time_zone("UTC").dt.convert_time_zone(look.zone.key)
    key = [name for name in rows.columns if name.startswith("key")]
    dated = rows.with_columns(date=moments.dt.date())
    series = key if same.hours else [*key, "date"]
    ordered = dated.sort(*series, "at", "known_at", "source_id", "record").with_columns(
        first=pl.col("source_id").shift(1).over(series),
        gap=pl.col("at").diff().over(series),
        # Which of the two came first does not matter: both have to be there.
        known=pl.max_horizontal("known_at", pl.col("known_at").shift(1).over(series)),
    )
    repeat = pl.col("first").is_not_null()
    if same.hours:
        repeat = repeat & (pl.col("gap") < same.hours * _HOUR_US)
    if same.differs:
        repeat = repeat & (pl.col("other") != pl.col("other").shift(1).over(series))
    return (
        ordered.filter(repeat, pl.col("date").is_between(look.start, look.end))
        .filter(pl.col("province_id").is_not_null())
        .group_by(pl.col("source_id"), pl.col("first").alias("source_id_b"), "province_id", "date")
        .agg(n=pl.len(), known_at=pl.col("known").max())
        .with_columns(rule=pl.lit(same.rule), platform=pl.lit(same.platform))
        .select([pl.col(name).cast(dtype) for name, dtype in COUNT_SCHEMA.items()])
    )
