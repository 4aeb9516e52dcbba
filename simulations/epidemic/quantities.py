"""A number that says what it is: unit, bounds and source beside the value. Pure."""

from dataclasses import dataclass, field, fields
from typing import Any

KEY = "quantity"


@dataclass(frozen=True)
class Quantity:
    """What a field of a parameter class is.

    Attributes:
        unit: of one value.
        low: least value allowed.
        high: greatest value allowed.
        source: where the default is from; `assumed` where nothing better was found.
    """

    unit: str
    low: float
    high: float
    source: str


def quantity(default: Any, *, unit: str, low: float, high: float, source: str) -> Any:  # noqa: ANN401
    """Return a dataclass field with its unit, bounds and source; several values share them."""
    return field(default=default, metadata={KEY: Quantity(unit, low, high, source)})


def check_bounds(parameters: Any) -> None:  # noqa: ANN401
    """Check every quantity of a parameter object.

    Raises:
        ValueError: naming the field, the value and its bounds.
    """
    for name, about in described(parameters).items():
        value = getattr(parameters, name)
        for one in value if isinstance(value, tuple) else (value,):
            if not about.low <= one <= about.high:
                raise ValueError(
                    f"{type(parameters).__name__}.{name} is {one}; it lies between "
                    f"{about.low} and {about.high} {about.unit}"
                )


def described(parameters: Any) -> dict[str, Quantity]:  # noqa: ANN401
    """Return field → what it is, in the order of declaration, of a class or an object."""
    return {f.name: f.metadata[KEY] for f in fields(parameters) if KEY in f.metadata}
