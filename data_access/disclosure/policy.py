"""Which counts are too small to be told, by level and by what they say of a person. Pure.

The figures of the policy stand in `policy.toml`; docs/disclosure.md gives their sources.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from data_access.codes import Level
from data_access.measures.model import Measure

LEVELS = (Level.NATIONAL, Level.PROVINCE, Level.DISTRICT)
"""The levels that are published, by rank: nothing finer is."""
LOWEST = len(LEVELS) - 1
ANY = "*"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The policy of publication.

    Attributes:
        total: threshold by rank of the level (0 = national), of totals.
        breakdown: the same of a figure by one dimension.
        sensitive: the same of what is sensitive; it applies where it is the stricter one.
        sensitive_measures: measures all of whose figures below province are sensitive.
        sensitive_dimensions: measure, or `*` → dimensions.
        exempt: measures that count no persons.
        districts: measures that are told of districts too; whatever else counts persons is not.
        provinces_only: the product's measures that are not: none of their figures needs a mask.
        untold: measure → dimensions that are known and not published.
        published: measure → the dimensions it is published by.
    """

    total: tuple[int, ...]
    breakdown: tuple[int, ...]
    sensitive: tuple[int, ...]
    sensitive_measures: frozenset[str]
    sensitive_dimensions: Mapping[str, frozenset[str]]
    exempt: frozenset[str]
    districts: frozenset[str]
    provinces_only: frozenset[str]
    untold: Mapping[str, frozenset[str]]
    published: Mapping[str, tuple[str, ...]]

    def threshold(self, measure: Measure, rank: int, dimension: str = "") -> int:
        """Return the smallest count that may be told; 0 if every one may.

        Args:
            measure: what is counted. A running total has the threshold of the flow it sums.
            rank: level of the area, 0 = national.
            dimension: what it is broken down by; empty: the total.
        """
        if measure.key in self.exempt:
            return 0
        plain = (self.breakdown if dimension else self.total)[rank]
        return (
            max(plain, self.sensitive[rank]) if self._sensitive(measure, rank, dimension) else plain
        )

    def _sensitive(self, measure: Measure, rank: int, dimension: str) -> bool:
        key = flow_of(measure)
        of_dimension = self.sensitive_dimensions.get(ANY, frozenset()) | (
            self.sensitive_dimensions.get(key, frozenset())
        )
        # The total of a province is told of every measure: provinces have announced single deaths.
        below = rank == LOWEST or bool(dimension)
        return dimension in of_dimension or (below and key in self.sensitive_measures)

    @property
    def without_mask(self) -> frozenset[str]:
        """Measures of whose figures none is withheld: none is small, or none is told at all."""
        return self.exempt | self.provinces_only

    def dimensions(self, measure: Measure) -> tuple[str, ...]:
        """Return the dimensions a measure is published by."""
        return self.published.get(flow_of(measure), ())

    def publishes(self, measure: Measure, rank: int, dimensions: frozenset[str]) -> bool:
        """Return whether figures of a level by some dimensions (none: totals) are protected.

        What is not protected is not shown to whoever sees only what was published.
        """
        if measure.key in self.exempt:
            return True
        if rank >= LOWEST and flow_of(measure) not in self.districts:
            return False
        if rank > LOWEST or (measure.outflow and self.threshold(measure, rank)):
            # A stock that people leave again is not protected against its own flows.
            return False
        known = set(self.dimensions(measure))
        return len(dimensions) <= 1 and set(dimensions) <= known


def flow_of(measure: Measure) -> str:
    """Return the id of the flow that a running total sums, or of the measure itself."""
    return measure.inflow or measure.key


@cache
def default_policy() -> Policy:
    """Return the policy that the product ships with."""
    text = files("data_access.disclosure").joinpath("policy.toml").read_text(encoding="utf-8")
    return parse_policy(text)


def parse_policy(text: str) -> Policy:
    """Return the policy that a TOML text states.

    Raises:
        KeyError: if a table or a level is missing.
        TOMLDecodeError: if it is no TOML.
    """
    found = tomllib.loads(text)
    thresholds = {
        name: tuple(int(of_level[level.value]) for level in LEVELS)
        for name, of_level in found["thresholds"].items()
    }
    return Policy(
        total=thresholds["total"],
        breakdown=thresholds["breakdown"],
        sensitive=thresholds["sensitive"],
        sensitive_measures=frozenset(found["sensitive"]["measures"]),
        sensitive_dimensions={
            key: frozenset(names) for key, names in found["sensitive"]["dimensions"].items()
        },
        exempt=frozenset(found["exempt"]["measures"]),
        districts=frozenset(found["districts"]["measures"]),
        provinces_only=frozenset(found["provinces"]["measures"]),
        untold={key: frozenset(names) for key, names in found["untold"].items()},
        published={key: tuple(names) for key, names in found["published"].items()},
    )
