"""How far a figure may move between bulletins before somebody must say why."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from data_access.errors import SettingsError

SHIPPED = Path(__file__).resolve().parent / "tolerances.toml"
FILE_NAME = "tolerances.toml"
"""Name under which a country pack may bring its own."""


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """The limits of one figure.

    Attributes:
        absolute: in the figure's unit.
        relative: of the figure as last published.
        jump: how many times the largest of the week before a new day may be.
    """

    absolute: float
    relative: float
    jump: float


@dataclass(frozen=True, kw_only=True)
class Tolerances:
    """The limits of every figure.

    Attributes:
        default: where nothing else is said.
        units: by unit.
        ids: by id; before those of the unit.
        watch: ids that are compared though they are not public.
    """

    default: Tolerance
    units: Mapping[str, Tolerance]
    ids: Mapping[str, Tolerance]
    watch: tuple[str, ...]

    def of(self, key: str, unit: str) -> Tolerance:
        """Return the limits of an id of some unit."""
        return self.ids.get(key) or self.units.get(unit) or self.default


def read_tolerances(path: Path | None = None) -> Tolerances:
    """Return the limits of a file (None: those that ship with the program).

    Raises:
        SettingsError: if the file cannot be read or says something else.
    """
    chosen = path or SHIPPED
    try:
        found = tomllib.loads(chosen.read_text(encoding="utf-8"))
        return Tolerances(
            default=Tolerance(**found["default"]),
            units={name: Tolerance(**one) for name, one in found.get("unit", {}).items()},
            ids={name: Tolerance(**one) for name, one in found.get("id", {}).items()},
            watch=tuple(found.get("watch", ())),
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise SettingsError(f"{chosen.name} does not say the tolerances of bulletins") from error


def chosen_file(setting: str, pack: str) -> Path | None:
    """Return the file to use: the one a setting names, else the pack's own, else None."""
    if setting:
        return Path(setting)
    own = Path(pack) / FILE_NAME if pack else None
    return own if own is not None and own.is_file() else None
