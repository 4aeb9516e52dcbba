"""What the back-test of each rule came to on simulated outbreaks.

The figures stand in `backtested.toml`, which `python -m benchmarks.alerts` writes.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).resolve().parent / "backtested.toml"


@dataclass(frozen=True, kw_only=True)
class Backtested:
    """Figures of one version of a rule.

    Attributes:
        per_area_week: alerts per area and week.
        false_per_area_week: those of them that no outbreak stands behind.
        sensitivity: share of the outbreaks found.
        delay: median days to detection.
    """

    per_area_week: float
    false_per_area_week: float
    sensitivity: float
    delay: float


@cache
def backtested() -> Mapping[tuple[str, int], Backtested]:
    """Return the figures by rule and version; a rule without outbreaks to find has none."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {
        (one.pop("rule"), one.pop("version")): Backtested(**one) for one in found.get("rule", [])
    }
