"""Generates rows of any declared record kind from the declaration alone."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from data_access.contracts.model import Field, Kind, RecordKind

EARLIEST = date(2021, 8, 1)
DAYS = 60
CODE_TEXT = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=8)
VIETNAMESE = st.text("AaăĂâđĐêÔơưỨễỵ Ơ-.,'0123456789<>&", min_size=1, max_size=20)
# Provinces with a district of theirs; both of the vintage in force in 2021.
PLACES = (("01", "001"), ("79", "760"), ("48", "490"), ("96", "964"))
# Fields that a rule of a contract ties to one another are drawn so that the rule holds.
EARLY = ("start_ts", "vaccinated_at", "opened_on", "day", "date", "ledger_date", "ts")
LATE = ("recorded_at", "actual_end", "closed_on", "planned_end", "expiry")


def days(first: date, span: int) -> st.SearchStrategy[date]:
    """Return days from `first` on."""
    return st.integers(0, span - 1).map(lambda n: first + timedelta(days=n))


def _early(field: Field) -> st.SearchStrategy[object]:
    at = days(EARLIEST, DAYS)
    return at if field.kind is Kind.DATE else _moments(at)


def _late(field: Field) -> st.SearchStrategy[object]:
    at = days(EARLIEST + timedelta(days=DAYS), DAYS)
    return at if field.kind is Kind.DATE else _moments(at)


def _moments(at: st.SearchStrategy[date]) -> st.SearchStrategy[datetime]:
    seconds = st.integers(0, 86_399)
    return st.builds(
        lambda day, s: datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=s),
        at,
        seconds,
    )


def value_of(field: Field) -> st.SearchStrategy[object]:
    """Return valid values of a field, in its parsed type."""
    if field.name in (*EARLY, *LATE):
        return _early(field) if field.name in EARLY else _late(field)
    if field.allowed:
        return _codes(field)
    if field.kind is Kind.BOOLEAN:
        return st.booleans()
    if field.kind in {Kind.INTEGER, Kind.NUMBER}:
        return _numbers(field)
    longest = min(field.max_length, 20)
    free = VIETNAMESE.map(lambda t: " ".join(t.split())[:longest].strip())
    safe = free.filter(lambda t: bool(t) and t[0] not in "=+-@")
    return CODE_TEXT if field.required else safe


def _codes(field: Field) -> st.SearchStrategy[object]:
    if field.kind is Kind.CODE:
        return st.sampled_from(field.allowed)
    chosen = st.sets(st.sampled_from(field.allowed), min_size=1, max_size=3)
    return chosen.map(lambda codes: "|".join(sorted(codes)))


def _numbers(field: Field) -> st.SearchStrategy[object]:
    low, high = int(field.minimum or 0), min(int(field.maximum or 10**6), 10**6)
    if field.kind is Kind.INTEGER:
        return st.integers(low, high)
    return st.integers(low * 10, high * 10).map(lambda tenths: tenths / 10)


def rows(kind: RecordKind) -> st.SearchStrategy[dict[str, object]]:
    """Return valid rows of a kind: parsed values by field, absent where left blank."""
    own = {
        field.name: value_of(field)
        for field in kind.fields
        # Derived fields follow from others; more beds than usable ones is a rule of its own.
        if not field.personal and field.name != "beds_total"
    }
    required = {f.name: own.pop(f.name) for f in kind.fields if f.required and f.name in own}
    place = st.sampled_from(PLACES)
    version = st.integers(0, 50)
    return st.builds(
        lambda must, may, where, v: {
            **must,
            **may,
            "province_code": where[0],
            "district_code": where[1],
            "version": v,
        },
        st.fixed_dictionaries(required),
        st.fixed_dictionaries({}, optional=own),
        place,
        version,
    ).filter(possible)


def possible(row: dict[str, object]) -> bool:
    """Return whether the dose a row speaks of exists."""
    dose, product = row.get("dose_no"), row.get("vaccine_code")
    return not ((dose == "3" and product != "AB") or (dose == "2" and product == "JJ"))


def written(value: object) -> str:
    """Return a value as a file holds it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "có" if value else "0"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return str(value)
