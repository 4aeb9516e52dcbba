"""People who had a dose before a feed began, as numbers: who is due, the longest due first.

A person is made of a number only when the next dose is given, so that a feed that begins late costs
no more memory for the millions before it. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]
SECOND, THIRD = "2", "3"
ADDITIONAL, BOOSTER = "bo_sung", "nhac_1"
THIRD_DOSES_FROM = date(2021, 12, 1)
"""Dispatch 10225/BYT-DP of 1 December 2021 (from memory; no third dose is counted before it)."""
BOOSTER_SOONER_FROM = date(2021, 12, 17)
"""Dispatch 10722/BYT-DP of 17 December 2021 (from memory): three months instead of six."""
ADDITIONAL_DAYS, BOOSTER_DAYS, BOOSTER_SOONER_DAYS = 28, 180, 90
ADDITIONAL_OF = "VC"
"""Whose course was of this product is given an additional dose, the others a booster."""


def least_days(products: Mapping[str, tuple[int, int]], *, dose: str, day: date) -> dict[str, int]:
    """Return the days that must have passed since the dose before, by its product.

    Args:
        products: product → shortest and longest interval of the primary course.
        dose: SECOND, or THIRD for an additional dose or a booster.
        day: on which it is to be given; a product that is left out has none then.
    """
    if dose == SECOND:
        return {code: least for code, (least, _) in products.items()}
    if day < THIRD_DOSES_FROM:
        return {}
    booster = BOOSTER_SOONER_DAYS if day >= BOOSTER_SOONER_FROM else BOOSTER_DAYS
    return {code: ADDITIONAL_DAYS if code == ADDITIONAL_OF else booster for code in products}


@dataclass
class Cohorts:
    """Numbers of people by the day, product and province of their last dose.

    Attributes:
        first_day: of the first entry.
        products: in the order of the second axis.
        n: shape (days, products, provinces).
    """

    first_day: date
    products: Sequence[str]
    n: Numbers

    def take(self, wanted: Numbers, *, day: date, least: Mapping[str, int]) -> Numbers:
        """Return who is given the next dose, in the shape of `n`, and forget them here.

        Args:
            wanted: doses of each province on the day.
            day: of the doses.
            least: as `least_days` gives it.
        """
        today = (day - self.first_day).days
        never = today + 1
        waits = np.array([least.get(code, never) for code in self.products])
        due = (np.arange(len(self.n))[:, None] + waits).ravel()
        order = np.argsort(due, kind="stable")
        order = order[due[order] <= today]
        line = self.n.reshape(-1, self.n.shape[2])[order]
        before = np.cumsum(line, axis=0) - line
        taken = np.zeros((len(due), self.n.shape[2]), dtype=np.int64)
        taken[order] = np.clip(wanted - before, 0, line)
        self.n = self.n - taken.reshape(self.n.shape)
        return taken.reshape(self.n.shape)


def before_the_feed(
    firsts: Numbers, seconds: Numbers, thirds: Numbers, *, first_day: date,
    products: Mapping[str, tuple[int, int]], rng: np.random.Generator,
) -> tuple[Cohorts, Cohorts]:  # fmt: skip
    """Return who waits for a second dose when a feed begins, and who for a third.

    Args:
        firsts: first doses of each day and province before it, shape (days, provinces).
        seconds: second doses, likewise; where too few wait, the rest was not given.
        thirds: additional doses and boosters, likewise.
        first_day: of the first row.
        products: product → shortest and longest interval; each is given as often.
        rng: of the division among products.
    """
    codes = tuple(products)
    shares = np.full(len(codes), 1 / len(codes))
    split = np.moveaxis(rng.multinomial(firsts, shares), 2, 1)
    once = Cohorts(first_day=first_day, products=codes, n=split)
    twice = Cohorts(first_day=first_day, products=codes, n=np.zeros_like(split))
    for number in range(len(firsts)):
        day = first_day + timedelta(days=number)
        if seconds[number].any():
            least = least_days(products, dose=SECOND, day=day)
            twice.n[number] += once.take(seconds[number], day=day, least=least).sum(axis=0)
        if thirds[number].any():
            twice.take(thirds[number], day=day, least=least_days(products, dose=THIRD, day=day))
    return once, twice
