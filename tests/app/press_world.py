"""The small country with bulletins, and the server's public addresses over it."""

from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard import server
from tests.cube_world import DAY, Cell, days
from tests.db.bulletins.desk import Desk

FORMULA = "=cmd|' /C calc'!A0"


def deliver_first(desk: Desk) -> None:
    """Ten days of cases, deaths and doses; the doses of one district are few."""
    cells: list[Cell] = []
    for number, area in enumerate(("01", "02", "03"), 1):
        cells += days(DAY, [100.0 * number + day for day in range(10)], area=area)
        cells += days(DAY, [2.0 * number] * 10, area=area, measure="deaths")
    cells += days(DAY, [3.0] * 10, area="011", measure="doses", source=FORMULA)
    cells += days(DAY, [40.0] * 10, area="012", measure="doses", source=FORMULA)
    desk.deliver("first.csv", *cells)


def correct(desk: Desk, value: float, *, day: int = 3, area: str = "01") -> None:
    """Deliver another value of one day's cases."""
    found = days(DAY, [value], area=area, known=desk.world.now)
    desk.deliver(f"correction-{value:g}.csv", *days(found[0].day, [None] * day + [value],
                                                    area=area, known=desk.world.now))  # fmt: skip


def client_of() -> TestClient:
    """Return a client of the routes with their middleware, without Streamlit behind them."""
    return TestClient(Starlette(routes=list(server.ROUTES), middleware=list(server.MIDDLEWARE)))
