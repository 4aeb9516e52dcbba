"""The criteria by which proposals are scored, and their weights, from `criteria.toml`."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from data_access.errors import BadInput

FILE = Path(__file__).resolve().parent / "criteria.toml"
LOWEST, HIGHEST = 0, 10


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One evaluation.

    Attributes:
        state: state of the flow in which it takes place.
        field: names its evaluators where they are assigned.
        weight: how much it counts in the whole, 0 to 1.
        criteria: id → how much it counts within the stage, 0 to 1.
    """

    state: str
    field: str
    weight: float
    criteria: Mapping[str, float]


@cache
def stages() -> Mapping[str, Stage]:
    """Return the evaluations by state, in their order.

    Raises:
        BadInput: if the file's weights do not add up.
    """
    found = parse(FILE.read_text(encoding="utf-8"))
    return MappingProxyType({stage.state: stage for stage in found})


def parse(text: str) -> tuple[Stage, ...]:
    """Return the evaluations that a file of criteria declares.

    Raises:
        BadInput: if weights are negative or do not add up to 1.
    """
    found = tuple(
        Stage(state=state, field=str(said["field"]), weight=float(said["weight"]),
              criteria=MappingProxyType({key: float(n) for key, n in said["criteria"].items()}))
        for state, said in tomllib.loads(text).items()
    )  # fmt: skip
    for name, weights in [
        ("stages", [stage.weight for stage in found]),
        *((stage.state, list(stage.criteria.values())) for stage in found),
    ]:
        if min(weights, default=0.0) < 0 or not math.isclose(math.fsum(weights), 1.0):
            raise BadInput(f"criteria.toml: the weights of {name} do not add up to 1")
    return found
