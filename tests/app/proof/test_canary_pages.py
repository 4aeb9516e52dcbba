"""What one may not see may change without a trace on any page, in any file, under any link."""

import re

import pytest

from dashboard.navigation import PAGES
from dashboard.view import LAYERS
from data_access.codes import Role
from tests.app.proof import world
from tests.app.proof.conftest import Countries, Open
from tests.app.proof.screen import ADDRESS, incidents
from tests.depth import THOROUGH, spread

pytestmark = [pytest.mark.app, pytest.mark.slow]
KEYS = [entry.key for entry in PAGES]
OTHER = world.OTHERS[0]
DAY = "2021-08-31"
TRIED = (
    {"lang": "vi"},
    {"lang": "en", "area": OTHER, "date": DAY},
    {"lang": "vi", "area": OTHER, "bulletin": "1"},
    {"lang": "en", "bulletin": "999", "as_of": "2021-08-20T00:00:00Z"},
)
"""Links that are tried on every page: as it opens, of another's province, of a bulletin."""
MORE: dict[str, tuple[dict[str, str], ...]] = {
    "map": (
        *({"layer": layer} for layer in LAYERS),
        {"indicator2": "deaths", "area": OTHER},
        {"level": "district", "area": OTHER},
    ),
    "compare": ({"areas": "48,79,01", "scale": "index"},),
    "tracing": ({"cluster": "OD-0000011-DAU48"}, {"setting": "cho", "area": OTHER}),
    "data_sync": ({"cell": f"{OTHER}.{DAY}"}, {"platform": "testing"}),
    "levels": ({"level": "district", "area": OTHER},),
}
"""Further links of a page: what it has and others have not."""


def links(page: str) -> list[dict[str, str]]:
    """Return what is tried on a page: one link of every kind, or all; the pages take turns."""
    if THOROUGH:
        return [*TRIED, *MORE.get(page, ())]
    turn = KEYS.index(page)
    return [kind[turn % len(kind)] for kind in (TRIED, MORE.get(page, ())) if kind]


def others(found: list[str]) -> list[str]:
    """Return where a mark of another province stands."""
    marks = re.compile("|".join(map(world.mark, world.OTHERS)))
    return [
        text[max(0, hit.start() - 80) : hit.end() + 20]
        # The address, and the way back from the sign-in, repeat what was asked for.
        for text in [re.sub(r"next=%2F[^\s\"\\]*", "", one) for one in found]
        for hit in [marks.search(text)]
        if hit and not text.startswith(ADDRESS)
    ]


def test_every_link_of_a_page_is_of_a_page_that_is() -> None:
    assert set(MORE) <= set(KEYS)


COMING = re.compile(
    r"<p>(Bản tin tiếp theo|Chưa có lịch|The next bulletin|The time of the next)[^<]*</p>"
)


def plain(text: str) -> str:
    """Return a text without what is told on purpose and tells nothing of figures.

    The hash of a whole bulletin, also its begin; and when the next one comes out.
    """
    text = re.sub(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{12}(?=\b|…)", "sha256", text)
    return COMING.sub("<p>next</p>", text)


def differences(first: list[str], second: list[str]) -> list[tuple[str, str]]:
    """Return where two screens differ, each a little around the place."""
    found = []
    for one, two in zip(map(plain, first), map(plain, second), strict=False):
        if one != two:
            at = next((n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), 0)
            found.append((one[max(0, at - 160) : at + 120], two[max(0, at - 160) : at + 120]))
    if len(first) != len(second):
        found.append((f"{len(first)} elements", f"{len(second)} elements"))
    return found


@pytest.mark.parametrize("page", KEYS)
def test_a_province_cannot_tell_what_the_others_report(
    page: str, countries: Countries, visit: Open, caplog: pytest.LogCaptureFixture
) -> None:
    seen = []
    for url in (countries.plain, countries.changed):
        session = visit(url)
        seen.append(
            [session.open(page, **{"as": f"province:{world.OWN}"}, **link) for link in links(page)]
        )
    for link, first, second in zip(links(page), *seen, strict=True):
        assert incidents(first) == [], link
        assert others(first) == [], link
        assert differences(first, second) == [], link
    assert others([caplog.text]) == []


@pytest.mark.parametrize("page", KEYS)
def test_the_press_cannot_tell_what_is_not_published(
    page: str, countries: Countries, visit: Open
) -> None:
    tried = [*links(page), *spread([{"bulletin": "3"}, {"bulletin": "2"}], 1)]
    seen = []
    for url in (countries.plain, countries.later):
        session = visit(url)
        seen.append([session.open(page, **{"as": Role.PRESS.value}, **link) for link in tried])
    for link, first, second in zip(tried, *seen, strict=True):
        assert incidents(second) == [], link
        assert differences(first, second) == [], link
        assert secrets(second) == [], link


def secrets(found: list[str]) -> list[str]:
    """Return where a number of the later state stands, written in any way."""
    numbers = [*world.SECRET.values(), sum(world.SECRET.values())]
    ways = {f"{n}" for n in numbers} | {f"{n:,}" for n in numbers}
    ways |= {f"{n:,}".replace(",", ".") for n in numbers}
    return [way for way in sorted(ways) for text in found if way in text]


def test_the_canary_is_really_there(countries: Countries, visit: Open) -> None:
    """Whoever may see the later state and the other provinces sees them: the tests can fail."""
    nation = {"as": "national", "lang": "en"}
    session = visit(countries.later)
    assert secrets(session.open("overview", **nation))
    assert others(session.open("quarantine", **nation, date=DAY))
    assert others(session.open("testing", **nation, date=DAY))
    first = visit(countries.plain).open("testing", **nation)
    second = visit(countries.changed).open("testing", **nation)
    assert differences(first, second)
