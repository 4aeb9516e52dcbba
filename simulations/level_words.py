"""What the simulated provinces say for levels: whether their plans for level 4 are ready.

No platform tells it, so that somebody has to. Every text says that it is simulated.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from data_access.levels import hand
from data_access.levels.asked import NO, YES, Said
from data_access.levels.hand import HandBook
from data_access.reference.areas import Areas
from data_access.viewer import system_viewer
from simulations.rollout import ACTOR, MARK

SILENT, READY = 0.08, 0.85
"""Shares of provinces that said nothing, and of the others whose plans are ready."""
SINCE = timedelta(days=30)


def tell(
    engine: Any, *, areas: Areas, provinces: Sequence[str], opening: datetime, seed: int  # noqa: ANN401 -- an engine, which is no word of this layer
) -> int:  # fmt: skip
    """Say it in a database in which nothing of the kind was said; return how many words.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    if hand.count(engine, viewer=system_viewer(opening)):
        return 0
    chance = np.random.default_rng([seed, 13])
    since = opening.astimezone(ZoneInfo(areas.country.time_zone)).date() - SINCE
    said = [
        Said(area=code, key="plans_ready", value=YES if ready else NO, since=since,
             source=f"Báo cáo của Sở Y tế ({MARK})")
        for code, silent, ready in zip(
            sorted(provinces), chance.random(len(provinces)) < SILENT,
            chance.random(len(provinces)) < READY, strict=True,
        )
        if not silent
    ]  # fmt: skip
    book = HandBook(engine=engine, areas=areas)
    return book.put_many(said, actor=ACTOR, at=opening, origin=MARK)
