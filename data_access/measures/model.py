"""What a measure is. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from data_access.codes import Clearance


class MeasureKind(StrEnum):
    """Flows add over time; stocks (beds, people inside) never do."""

    FLOW = "flow"
    STOCK = "stock"


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Something counted; adds over areas and breakdowns.

    Attributes:
        key: id.
        kind: flow or stock.
        unit: what one is ("case", "bed", "dose", "person").
        platform: platform id, or "reference" / "surveillance".
        vi: Vietnamese name.
        en: English name.
        clearance: who may see it.
        dimensions: the dimensions it may be broken down by.
        inflow: for a stock kept by flows: the measure that adds to it.
        outflow: the measure that takes away from it.
        cumulative: the stock measure that holds a flow's running total as reported by sources.
        lag_days: days after the event before it is due.
        higher_is_bad: direction of good; None for neither.
    """

    key: str
    kind: MeasureKind
    unit: str
    platform: str
    vi: str
    en: str
    clearance: Clearance = Clearance.OFFICIAL
    dimensions: tuple[str, ...] = ()
    inflow: str = ""
    outflow: str = ""
    cumulative: str = ""
    lag_days: int = 1
    higher_is_bad: bool | None = None
