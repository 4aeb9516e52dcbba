"""Short ways to write a field down, so that a platform's module reads like its form. Pure."""

from collections.abc import Mapping

from data_access.contracts.model import Field, Kind

Labels = Mapping[str, tuple[str, str]]


def text(
    name: str,
    vi: str,
    en: str,
    *,
    required: bool = False,
    personal: bool = False,
    max_length: int = 200,
) -> Field:
    """Return a text field; a personal one is masked in rejects and never stored."""
    return Field(
        name=name,
        kind=Kind.TEXT,
        vi=vi,
        en=en,
        required=required,
        personal=personal,
        max_length=max_length,
    )


def key(name: str, vi: str, en: str) -> Field:
    """Return the field that names a record within its source."""
    return text(name, vi, en, required=True, max_length=100)


def code(
    name: str,
    vi: str,
    en: str,
    *,
    labels: Labels,
    required: bool = False,
    aliases: Mapping[str, str] | None = None,
) -> Field:
    """Return a field that holds one of the labelled codes."""
    return Field(
        name=name,
        kind=Kind.CODE,
        vi=vi,
        en=en,
        required=required,
        allowed=tuple(labels),
        labels=labels,
        aliases=aliases or {},
    )


def codes(name: str, vi: str, en: str, *, labels: Labels) -> Field:
    """Return a field that holds any number of the labelled codes."""
    return Field(name=name, kind=Kind.CODES, vi=vi, en=en, allowed=tuple(labels), labels=labels)


def instant(name: str, vi: str, en: str, *, required: bool = False) -> Field:
    """Return a moment that has already happened: later than the delivery's known-at is wrong."""
    return Field(name=name, kind=Kind.INSTANT, vi=vi, en=en, required=required, not_future=True)


def day(name: str, vi: str, en: str, *, required: bool = False, planned: bool = False) -> Field:
    """Return a calendar day; only a planned one may lie after the delivery's known-at."""
    return Field(name=name, kind=Kind.DATE, vi=vi, en=en, required=required, not_future=not planned)


def count(
    name: str, vi: str, en: str, *, unit: str, required: bool = False, maximum: float = 10_000_000
) -> Field:
    """Return a whole number from 0 to `maximum`."""
    return Field(
        name=name,
        kind=Kind.INTEGER,
        vi=vi,
        en=en,
        required=required,
        minimum=0,
        maximum=maximum,
        unit=unit,
    )
