"""How much of a large matrix a run walks through: a spread of it, or all of it.

`make test` takes a spread, so that a change is tried within half an hour on two cores; `make
test-thorough` (TUYENDAU_THOROUGH=1) takes every case. Which cases are left out depends on nothing
but their place in the list. Files marked `thinned` also run a quarter of their tests on PostgreSQL.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

THOROUGH = os.environ.get("TUYENDAU_THOROUGH") == "1"
Case = TypeVar("Case")


def spread(cases: Sequence[Case], most: int) -> list[Case]:
    """Return at most so many cases, evenly spread with the first and last; all if thorough."""
    if THOROUGH or len(cases) <= most:
        return list(cases)
    step = (len(cases) - 1) / max(1, most - 1)
    return [cases[round(step * number)] for number in range(most)]
