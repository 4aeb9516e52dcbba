"""What is expected of a feed and what data debt weighs: each number with its reason. Pure.

Records cannot say "zero", so expectation comes from a feed's own history, or from a mandate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from data_access.contracts.registry import CONTRACTS

ON_TIME, LATE, PARTIAL, SILENT = "on_time", "late", "partial", "silent"
NOT_DUE, NOT_EXPECTED, NEVER = "not_due", "not_expected", "never"
STATES = (ON_TIME, LATE, PARTIAL, SILENT, NEVER, NOT_DUE, NOT_EXPECTED)
BEST_FIRST = (ON_TIME, LATE, PARTIAL, NOT_DUE, SILENT, NEVER, NOT_EXPECTED)
"""Of several feeds of a platform and province the best one speaks: the figure is known from it."""

MANDATED: Mapping[str, date] = {
    "checkpoints": date(2021, 7, 27),
    "testing": date(2021, 7, 27),
    "vaccination": date(2021, 7, 27),
}
"""Platforms every province must use, since when: letter of 26-27 July 2021 to all provinces."""

LOOK_BACK_DAYS = 56
"""Days before the ones asked for that say what is usual: eight of each weekday."""
MIN_DAYS = 4
"""Fewer days with figures than this are no history to judge by."""
EXPECTED_SHARE = 0.6
"""A day is expected where the feed had figures on at least this share of its past days."""
PARTIAL_RATIO = 0.5
"""Partial means less than this share of the usual volume ..."""
PARTIAL_MADS = 3.0
"""... and more than this many (scaled) median absolute deviations below it."""
MIN_VOLUME = 10.0
"""Below this usual volume a small day says nothing."""
MAD_SCALE = 1.4826
DEADLINE_HOUR = 16


def deadline_hour(platform: str) -> int:
    """Return the local hour by which a platform's figures are due, from its contract."""
    hours = [one.kinds[0].deadline_hour for one in CONTRACTS if one.platform == platform]
    return hours[0] if hours else DEADLINE_HOUR


@dataclass(frozen=True, kw_only=True)
class DebtPart:
    """One kind of data debt: points = count × weight, never more than `cap`."""

    key: str
    weight: float
    cap: float
    why: str


DEBT_PARTS = (
    DebtPart(key="days_silent", weight=3.0, cap=120.0,
             why="a day without figures cannot be decided on"),
    DebtPart(key="platforms_never", weight=5.0, cap=30.0,
             why="a mandated platform not in use: counted once; for rollout to solve"),
    DebtPart(key="days_partial", weight=1.5, cap=60.0,
             why="figures are there, but too few: half a silent day"),
    DebtPart(key="hours_late", weight=1 / 24, cap=40.0,
             why="one point for each whole day late: the figure did arrive"),
    DebtPart(key="rows_rejected", weight=0.02, cap=40.0,
             why="fifty refused rows weigh as one point: one file to correct and send again"),
    DebtPart(key="contradictions", weight=2.0, cap=60.0,
             why="two platforms disagree: somebody has to look, on both sides"),
    DebtPart(key="identities", weight=0.02, cap=20.0,
             why="records whose person cannot be matched to other platforms"),
    DebtPart(key="flags", weight=0.005, cap=10.0,
             why="accepted rows that look odd: worth a question, not a return"),
)  # fmt: skip
"""Weights of the debt, once, with their reason. Caps keep one part from hiding all the others."""
IDENTITY_FLAGS = frozenset({"flag:person_without_identity", "flag:identity_on_pool"})
