"""Whatever the description allows, and what it does not, is answered as the description says."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.applications import Starlette

from dashboard import resources, server
from tests.app.press_world import correct, deliver_first
from tests.conftest import Database
from tests.cube_world import make_world
from tests.db.bulletins.conftest import desk_of

pytestmark = [
    pytest.mark.app, pytest.mark.slow, pytest.mark.filterwarnings("default"),
]  # fmt: skip
PATHS = ("/api/v1/data", "/api/v1/indicators", "/api/v1/areas", "/api/v1/bulletins",
         "/api/v1/bulletins/{number}", "/feeds/corrections.atom")  # fmt: skip
FEW = settings(
    max_examples=25, deadline=None, phases=[Phase.generate], database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_schemathesis_finds_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of(make_world(database.engine, tmp_path / "pack"))
    deliver_first(desk)
    desk.issue()
    correct(desk, 140.0)
    desk.wait()
    desk.issue()
    monkeypatch.setattr(resources, "shared", lambda: desk.shared)
    app = Starlette(routes=list(server.ROUTES), middleware=list(server.MIDDLEWARE))
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    for path in PATHS:
        assert n_valid(schema[path]["GET"]) > 0, path


def n_valid(operation: Any) -> int:  # noqa: ANN401 -- schemathesis types it by specification
    """Ask an operation whatever its description allows; return how often it was asked."""
    asked: list[object] = []

    @FEW
    @given(case=operation.as_strategy())
    def answers(case: schemathesis.Case) -> None:
        # An id or area that does not exist fits the description, and is refused all the same.
        asked.append(case.call_and_validate(excluded_checks=[positive_data_acceptance]))

    answers()
    return len(asked)
