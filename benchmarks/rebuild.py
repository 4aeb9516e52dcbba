"""The cube of doses from their records: our roll-up, DuckDB and pandas on the same Parquet file.

All three compute every grain that the contract declares for doses, and must agree. What is
compared is written down here once more, in SQL and in pandas, not derived from the contract.
"""

import statistics
from dataclasses import dataclass
from pathlib import Path

from benchmarks import doses
from benchmarks.measure import Child, in_child
from benchmarks.report import Figure, Section

ZONE = "Asia/Ho_Chi_Minh"
_LOCAL_SECONDS = 7 * 3600
_DAY_SECONDS = 86_400
DUCKDB_GOAL, PANDAS_GOAL = 2.0, 0.1

Answer = dict[str, list[int]]
"""Measure → [number of cells, sum of values, sum of value × day], to compare the three."""


@dataclass(frozen=True, kw_only=True)
class Grain:
    """One group-by: measure, area column, dimension columns, and which records count one.

    The others count nought: a true zero among records is a cell as well.
    """

    measure: str
    area: str
    columns: tuple[str, ...] = ()
    which: str = "all"


GRAINS = (
    Grain(measure="doses", area="province_id", columns=("dose_no", "vaccine_code")),
    Grain(measure="doses", area="province_id", columns=("dose_no", "age_group")),
    Grain(measure="doses", area="province_id", columns=("dose_no", "priority_group")),
    Grain(measure="doses", area="district_id", columns=("dose_no",)),
    Grain(
        measure="persons_fully_vaccinated",
        area="province_id",
        columns=("vaccine_code",),
        which="complete",
    ),
    Grain(
        measure="persons_fully_vaccinated",
        area="province_id",
        columns=("age_group",),
        which="complete",
    ),
    Grain(measure="persons_fully_vaccinated", area="district_id", which="complete"),
    Grain(measure="doses_verified", area="province_id", which="verified"),
    Grain(measure="doses_verified", area="district_id", which="verified"),
    Grain(measure="adverse_events", area="province_id", columns=("aefi",), which="reaction"),
)
_SQL_VALUE = {
    "all": "count(*)",
    "complete": "count(*) FILTER (CASE vaccine_code WHEN 'JJ' THEN dose_no = '1' "
    "WHEN 'AB' THEN dose_no = '3' ELSE dose_no = '2' END)",
    "verified": "count(*) FILTER (identity_status = 'verified')",
    "reaction": "count(*) FILTER (aefi IN ('nhe', 'nang'))",
}


def rebuild_ours(path: str) -> Answer:
    """Return what the product's own roll-up finds."""
    import polars as pl  # noqa: PLC0415 -- each engine is loaded in its own process only

    from data_access.contracts.registry import record_kind  # noqa: PLC0415
    from data_access.cube.rollup import contributions  # noqa: PLC0415

    kind = record_kind("vaccination", kind="dose")
    cells = contributions(kind, pl.scan_parquet(path), zone=ZONE)
    day = pl.col("day").cast(pl.Int32)
    summed = cells.group_by("measure").agg(
        pl.len(), pl.col("value").sum(), weighed=(pl.col("value") * day).sum()
    )
    return {measure: [int(n), int(v), int(w)] for measure, n, v, w in summed.iter_rows()}


def duckdb_sql(grain: Grain, *, path: str) -> str:
    """Return one grain's group-by over the file, as someone who knows DuckDB would write it."""
    day = f"(epoch_us(vaccinated_at) // 1000000 + {_LOCAL_SECONDS}) // {_DAY_SECONDS}"
    keys = ", ".join([day, grain.area, *grain.columns])
    dims = " || '|' || ".join(f"'{name}=' || {name}" for name in grain.columns) or "''"
    return (
        f"SELECT '{grain.measure}' AS measure, {day} AS day, {grain.area} AS area_id, "  # noqa: S608
        f"{dims} AS dims, {_SQL_VALUE[grain.which]} AS value FROM read_parquet('{path}') "
        f"WHERE NOT deleted GROUP BY {keys}"
    )


def rebuild_duckdb(path: str) -> Answer:
    """Return what DuckDB finds: one statement, all grains, the cells handed over as a frame."""
    import duckdb  # noqa: PLC0415

    from benchmarks.machine import usable_cores  # noqa: PLC0415

    connection = duckdb.connect(config={"threads": usable_cores()})
    union = " UNION ALL ".join(duckdb_sql(grain, path=path) for grain in GRAINS)
    cells = connection.sql(union).to_arrow_table()
    connection.register("cells", cells)
    summed = connection.sql(
        "SELECT measure, count(*), sum(value), sum(value * day) FROM cells GROUP BY measure"
    )
    return {measure: [int(n), int(v), int(w)] for measure, n, v, w in summed.fetchall()}


def rebuild_pandas(path: str) -> Answer:
    """Return what pandas finds, reading only the columns it needs."""
    import pandas as pd  # noqa: PLC0415

    wanted = {"vaccinated_at", "deleted", "dose_no", "vaccine_code", "identity_status", "aefi"}
    wanted |= {name for grain in GRAINS for name in (grain.area, *grain.columns)}
    records = pd.read_parquet(path, columns=sorted(wanted))
    records = records[~records["deleted"]]
    seconds = records["vaccinated_at"].astype("int64") // 1_000_000
    records["day"] = (seconds + _LOCAL_SECONDS) // _DAY_SECONDS
    product, dose = records["vaccine_code"], records["dose_no"]
    complete = ((product == "JJ") & (dose == "1")) | ((product == "AB") & (dose == "3"))
    complete |= ~product.isin(["JJ", "AB"]) & (dose == "2")
    records["complete"] = complete
    records["verified"] = records["identity_status"] == "verified"
    records["reaction"] = records["aefi"].isin(["nhe", "nang"])
    answer: Answer = {}
    for grain in GRAINS:
        grouped = records.groupby(["day", grain.area, *grain.columns], sort=False, observed=True)
        cells = grouped.size() if grain.which == "all" else grouped[grain.which].sum()
        days = cells.index.get_level_values("day")
        found = [len(cells), int(cells.sum()), int((cells.to_numpy() * days.to_numpy()).sum())]
        held = answer.get(grain.measure, [0, 0, 0])
        answer[grain.measure] = [a + b for a, b in zip(held, found, strict=True)]
    return answer


def measure_rebuild(folder: Path, *, rows: int, turns: int) -> Section:
    """Return our roll-up's time as a multiple of DuckDB's and as a share of pandas'."""
    path = folder / "records.parquet"
    doses.write_stored(path, rows=rows, seed=21)
    taken: dict[str, list[Child]] = {"rebuild_ours": [], "rebuild_duckdb": []}
    for turn in range(turns):
        for task in sorted(taken, reverse=turn % 2 == 1):
            taken[task].append(in_child(task, path=str(path)))
    taken["rebuild_pandas"] = [in_child("rebuild_pandas", path=str(path))]
    # Once more beside pandas, so that the two stand next to each other in time.
    beside = in_child("rebuild_ours", path=str(path))
    answers = [child.answer for children in taken.values() for child in children]
    if any(answer != answers[0] for answer in answers):
        raise RuntimeError("the three roll-ups do not agree")
    n_cells = sum(found[0] for found in answers[0].values())
    pandas_found = beside.seconds / taken["rebuild_pandas"][0].seconds
    return Section(
        title=f"Rebuild of the cube from {rows:,} records (Parquet), {len(GRAINS)} grains, "
        f"{n_cells:,} cells",
        figures=(_against_duckdb(taken), _against_pandas(taken, found=pandas_found)),
        remarks=("All three gave the same cells. Memory is the peak of a process of its own.",),
    )


def _against_duckdb(taken: dict[str, list[Child]]) -> Figure:
    ours, theirs = taken["rebuild_ours"], taken["rebuild_duckdb"]
    ratios = [a.seconds / b.seconds for a, b in zip(ours, theirs, strict=True)]
    return Figure(
        name="our roll-up ÷ DuckDB, time",
        found=statistics.median(ratios),
        goal=DUCKDB_GOAL,
        note=f"{_shown(ours)} against {_shown(theirs)}; {min(ratios):.2f} to {max(ratios):.2f}",
    )


def _against_pandas(taken: dict[str, list[Child]], *, found: float) -> Figure:
    ours, theirs = taken["rebuild_ours"], taken["rebuild_pandas"]
    return Figure(
        name="our roll-up ÷ pandas, time",
        found=found,
        goal=PANDAS_GOAL,
        note=f"{_shown(ours)} against {_shown(theirs)}, run once",
    )


def _shown(children: list[Child]) -> str:
    seconds = statistics.median(child.seconds for child in children)
    peak = max(child.peak_mib for child in children)
    return f"{seconds:.2f} s, {peak:,.0f} MiB"
