"""What an address of the public part asks for: every parameter known, once, short and plain.

Pure. The vocabulary is that of the `query` command. Anything else is refused, never ignored: a
misspelt filter would answer another question.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from dashboard.api.problem import Problem, bad
from data_access.codes import Level
from data_access.cube.query import Ask

FORMATS = ("json", "csv")
LEVELS = (Level.NATIONAL, Level.PROVINCE, Level.DISTRICT)
DEFAULT_LIMIT, MOST_ROWS = 10_000, 50_000
MOST_IDS, MOST_AREAS, LONGEST = 20, 100, 4000
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
MOST_DAYS = 1100
MOST_CELLS = 600_000
_LARGEST_NUMBER = 999_999
PAGED = ("bulletin", "limit", "cursor")
OF_DATA = ("ids", "level", "area", "from", "to", "by", "vintage", "denominator", "format", *PAGED)
_SEVERAL = frozenset({"ids", "area"})


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """Where a page begins: of which bulletin, of which question, after how many rows."""

    number: int
    sha256: str
    question: str
    offset: int

    def text(self) -> str:
        """Return it as an address carries it."""
        held = [self.number, self.sha256, self.question, self.offset]
        return base64.urlsafe_b64encode(json.dumps(held).encode()).decode().rstrip("=")


@dataclass(frozen=True, kw_only=True)
class Paged:
    """What every list takes.

    Attributes:
        bulletin: number asked for; None: the latest.
        limit: rows on a page.
        cursor: where it begins; None: at the first row.
        question: digest of everything else that was asked.
    """

    bulletin: int | None
    limit: int
    cursor: Cursor | None
    question: str

    @property
    def number(self) -> int | None:
        """The bulletin that answers; None: the latest."""
        return self.cursor.number if self.cursor else self.bulletin

    @property
    def offset(self) -> int:
        """Rows before the page."""
        return self.cursor.offset if self.cursor else 0


def plain(parameters: QueryParams, known: Iterable[str]) -> Mapping[str, str]:
    """Return the parameters by name, lists joined by commas.

    Raises:
        Problem: 400, for one that is not known, said twice, too long or not printable.
    """
    allowed = tuple(known)
    found: dict[str, str] = {}
    for name, text in parameters.multi_items():
        if name not in allowed:
            raise bad("unknown_parameter", f"known parameters: {', '.join(allowed) or 'none'}")
        if name in found and name not in _SEVERAL:
            raise bad("repeated_parameter", f"{name} may be given once")
        found[name] = f"{found[name]},{text}" if name in found else text
        if len(found[name]) > LONGEST or not found[name].isprintable():
            raise bad("bad_parameter", f"{name} is too long, or holds what cannot be printed")
    return found


def paged(given: Mapping[str, str]) -> Paged:
    """Return which page of which bulletin is asked for.

    Raises:
        Problem: 400, if that cannot be: also a cursor of another question or bulletin.
    """
    asked = {name: text for name, text in given.items() if name not in (*PAGED, "format")}
    question = digest(sorted(asked.items()))
    number = _number(given, "bulletin", most=_LARGEST_NUMBER)
    limit = _number(given, "limit", most=MOST_ROWS) or DEFAULT_LIMIT
    cursor = _cursor(given["cursor"]) if "cursor" in given else None
    if cursor and (cursor.question != question or number not in (None, cursor.number)):
        raise bad("bad_cursor", "the cursor is of another question: begin anew without it")
    return Paged(bulletin=number, limit=limit, cursor=cursor, question=question)


def question_of(given: Mapping[str, str]) -> Ask:
    """Return the question about figures.

    Raises:
        Problem: 400, naming the parameter that cannot be used.
    """
    ids = _list(given, "ids", most=MOST_IDS)
    if not ids:
        raise bad("missing_parameter", "ids is missing: measures or indicators, joined by commas")
    level = given.get("level")
    if level is not None and level not in LEVELS:
        raise bad("bad_parameter", f"level is one of {', '.join(LEVELS)}")
    start, end = _day(given, "from"), _day(given, "to")
    if start and end and start > end:
        raise bad("bad_parameter", "from lies after to")
    if start and end and (end - start).days >= MOST_DAYS:
        raise bad("too_much", f"at most {MOST_DAYS} days at a time")
    return Ask(
        ids=ids, level=Level(level) if level else None, areas=_list(given, "area", most=MOST_AREAS),
        start=start, end=end, by=given.get("by", ""), vintage=given.get("vintage") or None,
        denominator=given.get("denominator", ""),
    )  # fmt: skip


def n_cells(ask: Ask, *, n_areas: int, last: date, first: date) -> int:
    """Return how many figures a question is about, at most.

    Args:
        ask: the question.
        n_areas: areas of its level.
        last: last day that can have figures.
        first: first day that has.
    """
    start = max(ask.start or first, FIRST_DAY)
    days = max((min(ask.end, LAST_DAY) if ask.end else last) - start, date.resolution).days + 1
    return len(ask.ids) * n_areas * days * (8 if ask.by else 1)


def wants(given: Mapping[str, str], accept: str, *, choices: tuple[str, ...] = FORMATS) -> str:
    """Return the format: what `format` says, else the best that the Accept header allows.

    Raises:
        Problem: 400 for another `format`; 406 if nothing that is accepted can be given.
    """
    if "format" in given:
        if given["format"] not in choices:
            raise bad("bad_parameter", f"format is one of {', '.join(choices)}")
        return given["format"]
    return accepted(accept, {"json": "application/json", "csv": "text/csv"}, choices)


def accepted(accept: str, media: Mapping[str, str], choices: tuple[str, ...]) -> str:
    """Return the choice of which the header speaks best; the first one of equals.

    Raises:
        Problem: 406.
    """
    best, chosen = 0.0, ""
    ranges = dict(_ranges(accept)) or {"*/*": 1.0}
    for choice in choices:
        kind = media[choice].split("/", maxsplit=1)[0]
        worth = next(
            (ranges[name] for name in (media[choice], f"{kind}/*", "*/*") if name in ranges), 0.0
        )
        if worth > best:
            best, chosen = worth, choice
    if not chosen:
        offered = ", ".join(media[choice] for choice in choices)
        raise Problem(406, "not_acceptable", f"this address gives {offered}")
    return chosen


def _ranges(accept: str) -> Iterable[tuple[str, float]]:
    for part in accept[:LONGEST].split(","):
        name, *rest = (piece.strip().lower() for piece in part.split(";"))
        if not name:
            continue
        said = next((one[2:] for one in rest if one.startswith("q=")), "1")
        try:
            worth = float(said)
        except ValueError:
            worth = 0.0
        yield name, worth if 0.0 <= worth <= 1.0 else 0.0


def address(path: str, given: Mapping[str, str], **changed: str) -> str:
    """Return an address of this server with its parameters in order."""
    return f"{path}?{urlencode(sorted({**given, **changed}.items()))}"


def digest(told: object) -> str:
    """Return a short digest of something JSON can hold."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _list(given: Mapping[str, str], name: str, *, most: int) -> tuple[str, ...]:
    parts = (part.strip() for part in given.get(name, "").split(","))
    found = tuple(dict.fromkeys(part for part in parts if part))
    if len(found) > most:
        raise bad("too_much", f"at most {most} of {name} at a time")
    return found


def _number(given: Mapping[str, str], name: str, *, most: int) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most))):
        raise bad("bad_parameter", f"{name} is a whole number from 1 to {most}")
    if not 1 <= int(text) <= most:
        raise bad("bad_parameter", f"{name} is a whole number from 1 to {most}")
    return int(text)


def _day(given: Mapping[str, str], name: str) -> date | None:
    text = given.get(name)
    if text is None:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise bad("bad_parameter", f"{name} is a day, as in 2021-09-02") from None
    if not FIRST_DAY <= found <= LAST_DAY:
        raise bad("bad_parameter", f"{name} lies between {FIRST_DAY} and {LAST_DAY}")
    return found


def _cursor(text: str) -> Cursor:
    try:
        padded = text + "=" * (-len(text) % 4)
        held = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        number, sha256, question, offset = held
        found = Cursor(number=number, sha256=sha256, question=question, offset=offset)
        fits = [isinstance(one, int) and 0 <= one < 2**31 for one in (number, offset)]
        words = [isinstance(one, str) for one in (sha256, question)]
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise bad("bad_cursor", "that is no cursor of this server") from None
    # What it says is public whoever wrote it; a wrong one can only ask for other public rows.
    if not all((*fits, *words)) or isinstance(number, bool) or isinstance(offset, bool):
        raise bad("bad_cursor", "that is no cursor of this server")
    return found
