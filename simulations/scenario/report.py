"""A result as tables and as a few sentences; writes the files of the command."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from simulations.epidemic.parameters import Whole
from simulations.epidemic.summary import quantiles
from simulations.scenario.run import BEDS, FLOWS, QUANTITIES, Result
from simulations.scenario.toml import digest
from simulations.surge.board import Board

NATION = "VN"
BAND_NAMES = ("low95", "low80", "low50", "median", "high50", "high80", "high95")
WORDS = {
    "cases": "Ca mắc mới", "infections": "Ca nhiễm mới", "severe": "Ca nặng đang điều trị",
    "hospital": "Nhu cầu giường có ô xy", "icu": "Nhu cầu giường hồi sức (ICU)",
    "quarantine": "Nhu cầu chỗ cách ly tập trung", "tests": "Người được xét nghiệm",
    "deaths": "Tử vong", "doses": "Liều vắc xin",
}  # fmt: skip
BED_WORDS = {"hospital": "giường có ô xy", "icu": "giường hồi sức", "quarantine": "chỗ cách ly"}
WARNING = (
    "Lưu ý: kết quả mô phỏng, chỉ dùng để so sánh các kịch bản, không phải dự báo số ca; "
    "dải 95 % thường hẹp hơn thực tế (xem docs/calibration.md)."
)


def bands(result: Result) -> pl.DataFrame:
    """Return `date, area_code, quantity` and the seven quantiles; the nation is `VN`."""
    codes = (NATION, *result.codes)
    parts = []
    for name in QUANTITIES:
        nation = quantiles(result.nation[name], result.levels)
        every = np.concatenate([nation[:, :, None], result.bands[name]], axis=2)
        parts.append(
            pl.DataFrame(
                {
                    "date": np.repeat(np.array(result.days, dtype="datetime64[D]"), len(codes)),
                    "area_code": list(codes) * len(result.days),
                    "quantity": [name] * (len(codes) * len(result.days)),
                    **{
                        band: every[i].reshape(-1) for i, band in enumerate(BAND_NAMES)
                    },
                }
            )
        )  # fmt: skip
    return pl.concat(parts)


def runs_out(result: Result) -> pl.DataFrame:
    """Return `beds, area_code, area, capacity, probability, median_date, days_short`.

    Most probable first. The probability is the share of draws in which need exceeds beds on any
    day; the median day is that of these draws alone. Capacity is that of the last day. days_short
    is the number of days on which need exceeds beds, the median (the lower one) of all draws.
    """
    rows = []
    for beds in BEDS:
        for i, code in enumerate(result.codes):
            first = result.runs_out[beds][:, i]
            ran = first[first >= 0]
            day = result.days[_lower_median(ran)] if len(ran) else None
            rows.append((beds, code, result.names[i], int(result.beds[beds][-1, i]),
                         len(ran) / len(first), day,
                         _lower_median(result.days_short[beds][:, i])))  # fmt: skip
    schema = {"beds": pl.String, "area_code": pl.String, "area": pl.String,
              "capacity": pl.Int64, "probability": pl.Float64, "median_date": pl.Date,
              "days_short": pl.Int64}  # fmt: skip
    found = pl.DataFrame(rows, schema=schema, orient="row")
    return found.sort("beds", "probability", "area_code", descending=[False, True, False])


def _lower_median(values: Whole) -> int:
    return int(np.sort(values)[(len(values) - 1) // 2])


def summary(result: Result, moved: Board) -> dict[str, Any]:
    """Return the nation in a few numbers: medians and 95 % bands, days out of beds, transfers."""
    out = runs_out(result).filter(pl.col("probability") >= 0.5)  # noqa: PLR2004 - more likely than not
    return {
        "name": result.scenario.name,
        "author": result.scenario.author,
        "levers": digest(result.scenario),
        "first_day": str(result.days[0]),
        "last_day": str(result.days[-1]),
        "draws": result.scenario.draws,
        "nation": {name: _nation(result, name) for name in QUANTITIES},
        "provinces_out_of_beds": {
            beds: out.filter(pl.col("beds") == beds).height for beds in BEDS
        },
        "transfers": {
            beds: {
                "persons": int(moved.moves.filter(pl.col("beds") == beds)["persons"].sum()),
                "unmet": int(moved.unmet.filter(pl.col("beds") == beds)["unmet"].sum()),
            }
            for beds in BEDS
        },
    }  # fmt: skip


def _nation(result: Result, name: str) -> dict[str, Any]:
    """Return the horizon's sum of a flow; of a stock, its highest day."""
    draws = result.nation[name]
    value = draws.sum(axis=1) if name in FLOWS else draws.max(axis=1)
    low, middle, high = (round(float(one)) for one in quantiles(value, (0.025, 0.5, 0.975)))
    return {"of": "sum" if name in FLOWS else "peak", "low95": low, "median": middle,
            "high95": high}  # fmt: skip


def in_words(told: Mapping[str, Any]) -> str:
    """Return a summary as Vietnamese text."""
    head = (
        f"Kịch bản: {told['name']} — {told['first_day']} đến {told['last_day']}, "
        f"{told['draws']} lượt mô phỏng"
    )
    figures = [
        f"  {WORDS[name]} ({'tổng' if one['of'] == 'sum' else 'đỉnh'}): {_number(one['median'])} "
        f"[{_number(one['low95'])} – {_number(one['high95'])}]"
        for name, one in told["nation"].items()
    ]
    beds = [
        f"  {BED_WORDS[name]}: {told['provinces_out_of_beds'][name]} tỉnh, thành nhiều khả năng "
        f"thiếu; ngày căng nhất điều chuyển được {_number(one['persons'])} người, "
        f"còn thiếu {_number(one['unmet'])}"
        for name, one in told["transfers"].items()
    ]
    return "\n".join([head, *figures, *beds, WARNING])


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")


def write(result: Result, moved: Board, folder: Path) -> dict[str, Any]:
    """Write every file of a result into a folder and return the summary."""
    folder.mkdir(parents=True, exist_ok=True)
    found = bands(result)
    found.write_parquet(folder / "bands.parquet")
    found.write_csv(folder / "bands.csv")
    runs_out(result).write_csv(folder / "runs_out.csv")
    moved.moves.write_csv(folder / "transfers.csv")
    moved.unmet.write_csv(folder / "unmet.csv")
    told = summary(result, moved)
    text = json.dumps(told, ensure_ascii=False, indent=2)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
    return told
