"""What makes a daily count doubtful. Pure: one rule for cards, sentences and movements."""

from collections.abc import Sequence

USUAL_DAYS = 7
SUDDEN = 20.0
"""A daily mean from which a zero is no chance."""


def is_sudden_zero(value: float | None, before: Sequence[float | None]) -> bool:
    """Return whether a daily count is nothing after days of many.

    Args:
        value: count of the day.
        before: counts of the days before it; None where there was none.
    """
    known = [one for one in before if one is not None]
    return value == 0 and bool(known) and sum(known) / len(known) >= SUDDEN
