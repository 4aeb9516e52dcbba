"""The TOML that turns a province's own spreadsheet into our fields: `[columns]` theirs = ours,
`[joined]` ours = their columns put together, `[constants]` ours = one value for every row,
`[values.FIELD]` theirs = ours, `[formats]`. A key that is not known is named with the nearest one.
"""  # noqa: D205, D212 -- the three tables belong in one sentence

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_access.contracts.model import RecordKind
from data_access.errors import BadInput
from data_access.ingest.sheet_rule import SHEET_KEYS, SheetRule, sheet_rule

_TABLES = ("columns", "joined", "constants", "values", "formats")
_FORMATS = ("dates", "numbers", "encoding", "missing", "whole", "first_year")
JOINED_BY = ">"
"""Stands between the parts of a joined value: from one to another."""
LAST_FIRST_YEAR = 2200
NUMBER_STYLES = ("auto", "vi", "en")


@dataclass(frozen=True, kw_only=True)
class RecordMapping:
    """How another spreadsheet is read as one of our record kinds.

    Attributes:
        columns: their column → our field; columns not named keep their own name.
        joined: our field → their columns, whose texts are put together; empty where one is.
        constants: our field → the text every row has.
        values: our field → their value (lower case) → ours.
        dates: "auto", "excel", or a strptime pattern (or dd/mm/yyyy words).
        numbers: "auto", "vi" or "en".
        encoding: encoding of the file, empty to find out.
        missing: texts that stand for nothing.
        whole: our fields whose values lose a trailing `.0`, which a spreadsheet gave them.
        first_year: days of earlier years are not read.
        sheet: how a spreadsheet is read.
        name: file name, for messages.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    joined: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    dates: str = "auto"
    numbers: str = "auto"
    encoding: str = ""
    missing: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    first_year: int = 1900
    sheet: SheetRule = field(default_factory=SheetRule)
    name: str = ""

    @property
    def theirs(self) -> tuple[str, ...]:
        """Their columns that are read, each once."""
        parts = [column for columns in self.joined.values() for column in columns]
        return tuple(dict.fromkeys([*self.columns, *parts]))


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises:
        BadInput: if it cannot be opened or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadInput(f"{path.name}: cannot be opened ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path.name}: a mapping must be UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        reason = " ".join(str(error).split())
        raise BadInput(f"{path.name}: not valid TOML: {reason}") from error


def check_keys(found: Iterable[str], *, known: Iterable[str], where: str) -> None:
    """Refuse keys that are not known.

    Raises:
        BadInput: naming the key and the nearest known one.
    """
    choices = list(known)
    for key in found:
        if key not in choices:
            raise BadInput(f"{where}: unknown key {key!r}{_nearest(key, choices)}")


def _nearest(key: str, choices: list[str]) -> str:
    near = difflib.get_close_matches(key.casefold(), choices, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(choices)}"


def load_record_mapping(path: Path) -> RecordMapping:
    """Return the record mapping in a TOML file.

    Raises:
        BadInput: one line that names the file, the key and what is wrong with it.
    """
    content = read_toml(path)
    check_keys(content, known=(*_TABLES, *SHEET_KEYS), where=path.name)
    for table in _TABLES:
        if not isinstance(content.get(table, {}), dict):
            raise BadInput(f"{path.name}: [{table}] must be a table")
    formats = content.get("formats", {})
    check_keys(formats, known=(*_FORMATS, *SHEET_KEYS), where=f"{path.name} [formats]")
    numbers = str(formats.get("numbers", "auto"))
    if numbers not in NUMBER_STYLES:
        raise BadInput(f"{path.name} [formats]: numbers must be auto, vi or en, not {numbers!r}")
    first_year = formats.get("first_year", 1900)
    if not isinstance(first_year, int) or not 1 <= first_year <= LAST_FIRST_YEAR:
        raise BadInput(f"{path.name} [formats]: first_year must be a year, not {first_year!r}")
    values = content.get("values", {})
    if not all(isinstance(table, dict) for table in values.values()):
        raise BadInput(f"{path.name}: write [values.FIELD] with theirs = ours below it")
    return RecordMapping(
        columns={_plain(theirs): str(ours) for theirs, ours in content.get("columns", {}).items()},
        joined={
            str(ours): tuple(_plain(str(theirs)) for theirs in _listed(parts))
            for ours, parts in content.get("joined", {}).items()
        },
        constants={str(ours): _scalar(v) for ours, v in content.get("constants", {}).items()},
        values={
            name: {_plain(theirs).casefold(): _scalar(ours) for theirs, ours in table.items()}
            for name, table in values.items()
        },
        dates=str(formats.get("dates", "auto")),
        numbers=numbers,
        encoding=str(formats.get("encoding", "")),
        missing=tuple(str(word) for word in _listed(formats.get("missing", []))),
        first_year=first_year,
        whole=tuple(str(name) for name in _listed(formats.get("whole", []))),
        sheet=sheet_rule({**content, **formats}, where=path.name),
        name=path.name,
    )


def _plain(text: str) -> str:
    return " ".join(text.split())


def _scalar(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def check_fields(mapping: RecordMapping, *, kind: RecordKind) -> None:
    """Refuse a mapping that names fields the record kind does not have.

    Raises:
        BadInput: naming the field and the nearest one there is.
    """
    known = [each.name for each in kind.all_fields()]
    check_keys(mapping.columns.values(), known=known, where=f"{mapping.name} [columns]")
    for table in ("joined", "constants", "values"):
        check_keys(getattr(mapping, table), known=known, where=f"{mapping.name} [{table}]")
    check_keys(mapping.whole, known=known, where=f"{mapping.name} [formats] whole")
    ours = list(mapping.columns.values())
    twice = sorted({name for name in ours if ours.count(name) > 1})
    if twice:
        raise BadInput(f"{mapping.name} [columns]: two columns are mapped to {twice[0]!r}")
    given = [*ours, *mapping.joined, *mapping.constants]
    again = sorted({name for name in given if given.count(name) > 1})
    if again:
        raise BadInput(f"{mapping.name}: {again[0]!r} is given in two ways")
