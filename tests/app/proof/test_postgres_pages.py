"""Every page on PostgreSQL: the same elements, the same figures as on SQLite."""

from collections.abc import Iterator

import pytest

from dashboard.navigation import ADMINISTRATORS, PAGES
from tests.app.proof import world
from tests.app.proof.conftest import Countries, Open
from tests.app.proof.screen import incidents
from tests.app.proof.test_canary_pages import differences
from tests.app.test_command_pages import figures_on
from tests.conftest import Postgres, written
from tests.depth import spread

pytestmark = [pytest.mark.app, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture(scope="module")
def on_postgres(
    builder: world.Builder, postgres: Postgres, _migrated_postgres: str
) -> Iterator[str]:
    """The same country, filled through the same gate."""
    address = postgres.create(template=_migrated_postgres)
    builder.fill(written(address), builder.frames, name="p")
    builder.publish(written(address))
    yield written(address)
    postgres.drop(address)


TRIED = spread(PAGES, 8)


@pytest.mark.parametrize("entry", TRIED, ids=[one.key for one in TRIED])
def test_a_page_is_the_same(
    entry: object, countries: Countries, on_postgres: str, visit: Open
) -> None:
    key = entry.key  # type: ignore[attr-defined]
    who = "admin" if entry.roles == ADMINISTRATORS else "national"  # type: ignore[attr-defined]
    seen = [
        visit(url).open(key, lang="en", date="2021-08-31", **{"as": who})
        for url in (countries.plain, on_postgres)
    ]
    assert incidents(seen[1]) == []
    cards = [figures_on(plain_html(found)) for found in seen]
    assert cards[0] == cards[1]
    assert differences(*seen) == []


def plain_html(found: list[str]) -> str:
    """Return what was written as HTML, its quotes as they were."""
    return "\n".join(found).replace('\\"', '"')
