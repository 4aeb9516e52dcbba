"""The frame of every public address: GET from any site, at a bounded pace, problems as JSON."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from dashboard import resources
from dashboard.api.given import EVERY_SITE
from dashboard.api.problem import Problem, problem_of

METHODS = ("GET", "HEAD", "OPTIONS")
ANY_METHOD = [*METHODS, "POST", "PUT", "PATCH", "DELETE", "TRACE"]
_PREFLIGHT = {
    "Access-Control-Allow-Methods": ", ".join(METHODS),
    "Access-Control-Allow-Headers": "Accept, If-None-Match",
    "Access-Control-Max-Age": "86400",
    "Allow": ", ".join(METHODS),
}
Endpoint = Callable[[Request], Awaitable[Response]]


def everybody(answer: Callable[[Request], Response]) -> Endpoint:
    """Return the endpoint of a public address.

    Args:
        answer: gives the answer; called in a thread of the window.
    """

    async def endpoint(request: Request) -> Response:
        try:
            found = await _answered(request, answer)
        except Exception as error:  # noqa: BLE001 -- the last line of defence; logged with a number
            found = problem_of(error).response()
        found.headers.update(EVERY_SITE)
        return found

    return endpoint


async def _answered(request: Request, answer: Callable[[Request], Response]) -> Response:
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=_PREFLIGHT)
    if request.method not in METHODS:
        allowed = {"Allow": ", ".join(METHODS)}
        raise Problem(405, "bad_method", "this address is for reading", headers=allowed)
    window = resources.window()
    window.pace.take(request.client.host if request.client else "")
    return await window.work(lambda: answer(request))
