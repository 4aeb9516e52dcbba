"""Every address below /api/v1. A further one is one line here and one in `openapi.PATHS`."""

from starlette.routing import Mount, Route, Router

from dashboard.api import feed, openapi, public, records
from dashboard.api.answers import Answered
from dashboard.api.everybody import ANY_METHOD, everybody

ROUTES = (
    Route("/openapi.json", openapi.openapi),
    Route("/records/{platform}", records.deliver, methods=["POST"]),
    Route("/records/{platform}/template", records.csv_template),
    Route("/records/{platform}/dictionary", records.dictionary),
    *(
        Route(path, everybody(answer), methods=ANY_METHOD)
        for path, answer in (
            ("/data", public.data),
            ("/indicators", public.indicators),
            ("/areas", public.areas),
            ("/bulletins", public.bulletins),
            ("/bulletins/{number}", public.bulletin),
            ("/bulletins/{number}/download.zip", public.download),
        )
    ),
)
API = Mount(openapi.PREFIX, app=Answered(Router(routes=list(ROUTES), redirect_slashes=False)))
FEED = Route(feed.PATH, everybody(feed.corrections), methods=ANY_METHOD)
