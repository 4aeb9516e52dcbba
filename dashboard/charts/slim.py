"""What of a chart goes to the browser: the same drawing, said in fewer bytes. Pure.

A day is told by the first one and the step, a value by the digits that anybody is shown, a mark's
size once where all have it. What is drawn, and what is said when pointed at, stays the same;
downloads and table twins never come this way.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

DAY_MS = 86_400_000
DAY_LETTERS = len("2021-09-02")
FEWEST = 4
"""Points from which a series is worth saying shorter."""
DIGITS, DECIMALS, EXTRA = 5, 5, 2
"""Digits of a value: significant ones, a chart has less than a thousand pixels; and one decimal
more than is ever shown, percentages included. Some more where a value would become a tie."""
MOST_WHOLE = 1e15
"""Up to here every whole number has its own floating point number."""
GAPS_SHARE = 0.25
"""Of a row of columns, how many days may be without one before each day is named instead. Below a
half two neighbours are always left, so that columns stay as wide as they were."""
_POINTS = ("y", "text", "hovertext", "customdata", "ids")
_MARKS = ("size", "color", "symbol", "opacity")
_NUMBERS = ("x", "y", "base", "array", "arrayminus", "customdata")

Trace = dict[str, Any]


def slim(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return a figure's description, shorter.

    Args:
        described: a figure as Plotly describes it in plain JSON types; it is not changed.
    """
    axis = described.get("layout", {}).get("xaxis", {})
    traces = [_trace(trace, axis) for trace in described.get("data", [])]
    slimmer = {**described, "data": traces}
    if any("x0" in trace for trace in traces):
        layout = described.get("layout", {})
        slimmer["layout"] = {**layout, "xaxis": {**axis, "type": "date"}}
    return slimmer


def _trace(trace: Mapping[str, Any], axis: Mapping[str, Any]) -> Trace:
    shorter: Trace = {key: _numbers(key, value) for key, value in trace.items()}
    if isinstance(shorter.get("marker"), dict):
        shorter["marker"] = _marker(shorter["marker"])
    has_days = axis.get("type", "date") == "date" and not {"xaxis", "stackgroup"} & set(shorter)
    return _days(shorter, is_framed="range" in axis) if has_days else shorter


def _numbers(key: str, value: object) -> object:
    """Return a property's numbers with the digits that matter; anything else as it is."""
    if isinstance(value, dict):
        return {name: _numbers(name, one) for name, one in value.items()}
    if key not in _NUMBERS or not isinstance(value, list):
        return value
    return [short(one) if isinstance(one, float) else _numbers(key, one) for one in value]


def short(value: float) -> float:
    """Return a number with as few digits as draw and say the same.

    Method: rounded further back than anything is shown, and never to something that ends in a five:
        shown with one decimal less it would be a tie, and might be shown otherwise than the value.
    """
    if not math.isfinite(value) or abs(value) >= MOST_WHOLE:
        return value
    if value == int(value):
        return int(value)
    places = max(DECIMALS, DIGITS - 1 - math.floor(math.log10(abs(value))))
    for decimals in range(places, places + EXTRA + 1):
        rounded = round(value, decimals)
        if not str(rounded).endswith("5") and rounded:
            return short(rounded) if rounded == int(rounded) else rounded
    return value


def _marker(marker: Mapping[str, Any]) -> dict[str, Any]:
    size = marker.get("size")
    if isinstance(size, list) and len(size) >= FEWEST and len(set(size)) == 1:
        return {**marker, "size": size[0]}
    return dict(marker)


def _days(trace: Trace, *, is_framed: bool) -> Trace:
    """Return a series over days with its first day and step in place of each day."""
    days = _dates(trace.get("x"))
    if not days or not isinstance(trace.get("y"), list) or len(trace["y"]) != len(days):
        return trace
    if trace.get("type") == "bar" and trace.get("orientation") != "h":
        trace, days = _filled(trace, days)
    steps = {later - earlier for earlier, later in zip(days, days[1:], strict=False)}
    if len(steps) != 1 or (step := steps.pop()) <= timedelta(0):
        return trace
    first, last = _known(trace) if is_framed else (0, len(days))
    kept = _cut(trace, first, last)
    del kept["x"]
    return {**kept, "x0": days[first].isoformat(), "dx": DAY_MS * step.days}


def _dates(value: object) -> list[date]:
    """Return the dates of an axis; none where it has other things than dates."""
    if not isinstance(value, list) or len(value) < FEWEST:
        return []
    if not all(isinstance(one, str) and len(one) == DAY_LETTERS for one in value):
        return []
    try:
        return [date.fromisoformat(one) for one in value]
    except ValueError:
        return []


def _filled(trace: Trace, days: Sequence[date]) -> tuple[Trace, list[date]]:
    """Return columns with a gap for each day that has none; one that is not there is none.

    Only where days and heights are all that the columns have, and the gaps are few.
    """
    count = (max(days) - min(days)).days + 1
    parts = [*trace.items(), *trace.get("marker", {}).items()]
    is_plain = not any(isinstance(one, list) for key, one in parts if key not in ("x", "y"))
    gaps = count - len(days)
    if not is_plain or not 0 < gaps <= GAPS_SHARE * count or len(set(days)) < len(days):
        return trace, list(days)
    heights = dict(zip(days, trace["y"], strict=True))
    every = [min(days) + timedelta(days=n) for n in range(count)]
    return {**trace, "y": [heights.get(day) for day in every]}, every


def _known(trace: Trace) -> tuple[int, int]:
    """Return from where to where a series has values: what is outside draws nothing.

    Where bars of error go with the days, everything is kept.
    """
    values = trace["y"]
    known = [n for n, value in enumerate(values) if value is not None]
    if not known or {"error_x", "error_y"} & set(trace):
        return 0, len(values)
    return known[0], known[-1] + 1


def _cut(trace: Trace, first: int, last: int) -> Trace:
    """Return a series with the points of some of its days."""
    count = len(trace["y"])

    def cut(of: Mapping[str, Any], keys: Sequence[str]) -> Trace:
        return {
            key: value[first:last]
            if key in keys and isinstance(value, list) and len(value) == count
            else value
            for key, value in of.items()
        }

    shorter = cut(trace, _POINTS)
    if isinstance(trace.get("marker"), dict):
        shorter["marker"] = cut(trace["marker"], _MARKS)
    return shorter
