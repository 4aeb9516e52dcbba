"""Which areas are alike: near in population and in people per square kilometre. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

N_PEERS = 8


@dataclass(frozen=True, kw_only=True)
class Peers:
    """The areas most like one.

    Attributes:
        codes: the nearest first.
        by_density: whether density counted; False: population alone.
    """

    codes: tuple[str, ...]
    by_density: bool


def peers_of(
    code: str, *, people: Mapping[str, float], km2: Mapping[str, float], n: int = N_PEERS
) -> Peers:
    """Return the areas nearest to one by population and density.

    Method: distance between (log population, log density); twice the people weighs as much as twice
        the density. Density counts only where the surface of every area is known: a measure that
        some lack would compare them by less. Equal distances: by code.

    Args:
        code: the area; without a population it has no peers.
        people: persons by code; areas without people are left out.
        km2: surface by code.
        n: how many.
    """
    known = {one: float(count) for one, count in people.items() if count > 0}
    if code not in known:
        return Peers(codes=(), by_density=False)
    by_density = all(km2.get(one, 0.0) > 0 for one in known)

    def at(one: str) -> tuple[float, float]:
        size = math.log(known[one])
        return (size, size - math.log(km2[one]) if by_density else 0.0)

    own = at(code)
    # Rounded: two areas equally far must not be told apart by the last digit of a logarithm.
    order = sorted((round(math.dist(own, at(one)), 9), one) for one in known if one != code)
    return Peers(codes=tuple(one for _, one in order[:n]), by_density=by_density)
