"""Every address below /api/v1. A further one is one line here and one in `openapi.PATHS`."""

from starlette.routing import Mount, Route, Router

from dashboard.api import openapi, records
from dashboard.api.answers import Answered

ROUTES = (
    Route("/openapi.json", openapi.openapi),
    Route("/records/{platform}", records.deliver, methods=["POST"]),
    Route("/records/{platform}/template", records.csv_template),
    Route("/records/{platform}/dictionary", records.dictionary),
)
API = Mount(openapi.PREFIX, app=Answered(Router(routes=list(ROUTES), redirect_slashes=False)))
