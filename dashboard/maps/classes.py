"""Classes of a map: where the colours change. Pure.

Zero and every kind of "no figure" are classes of their own, never part of the colours.
"""

import math
from collections.abc import Sequence

MAX_CLASSES = 6
FEWEST = 3
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def breaks(values: Sequence[float], *, decimals: int = 0) -> tuple[float, ...]:
    """Return the upper limits of all classes but the last, ascending.

    Method: quantiles of the values above zero, moved to round numbers, so that a few very large
        areas do not leave all others in one colour; where that leaves too few classes, because
        most areas are alike, equal round steps from the smallest quantile to the largest. Each
        limit belongs to the class below it.

    Args:
        values: all values on the map, over all its days, so that a colour means one thing while
            the days play.
        decimals: places shown; limits are no finer than what a reader can see.
    """
    above = sorted(value for value in values if value > 0)
    if not above:
        return ()
    smallest = 10.0**-decimals
    wanted = [_quantile(above, share / MAX_CLASSES) for share in range(1, MAX_CLASSES)]
    rounded = {max(_round_up(value), smallest) for value in wanted}
    limits = tuple(sorted(limit for limit in rounded if limit < above[-1]))
    return limits if len(limits) >= FEWEST else _steps(above, smallest) or limits


def _steps(ordered: Sequence[float], smallest: float) -> tuple[float, ...]:
    """Return equal round steps over the middle of the values; none where all are the same."""
    low, high = _quantile(ordered, 0.05), _quantile(ordered, 0.95)
    if high - low < smallest:
        return ()
    step = max(_round_up((high - low) / (MAX_CLASSES - 1)), smallest)
    first = math.floor(low / step) + 1
    found = (float(f"{(first + n) * step:.10g}") for n in range(MAX_CLASSES - 1))
    return tuple(limit for limit in found if limit < ordered[-1])


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def _round_up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    step = next((s for s in _STEPS if value <= s * power * (1 + 1e-9)), _STEPS[-1])
    # 0.1 * 3 is not 0.3: a limit that is printed must be the limit that is used.
    return float(f"{step * power:.10g}")


def class_of(value: float, limits: Sequence[float]) -> int:
    """Return the number of a value's class: the first whose limit is not below it."""
    return next((i for i, limit in enumerate(limits) if value <= limit), len(limits))
