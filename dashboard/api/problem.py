"""Refusals of the public part: RFC 9457 problem details, open to programs on other sites."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from dashboard.api.answers import refusal_of
from dashboard.api.refusal import NOT_KEPT, Refusal
from data_access.bulletins.model import UnknownBulletin
from data_access.errors import BadUse, ScopeDenied, SettingsError

MEDIA = "application/problem+json"
AGAIN_S = 2
_TITLES = {
    400: "Bad request", 404: "Not found", 405: "Method not allowed", 406: "Not acceptable",
    429: "Too many requests", 500: "Fault", 503: "Unavailable",
}  # fmt: skip


class Problem(Refusal):
    """An answer that ends a request to the public part."""

    def response(self) -> Response:
        """Return the answer; nobody keeps a copy of it."""
        body = {
            "type": "about:blank",
            "title": _TITLES.get(self.status, "Refused"),
            "status": self.status,
            "detail": " ".join(str(self).split()),
            "code": self.code,
        }
        return JSONResponse(
            body, self.status, headers={**NOT_KEPT, **self.headers}, media_type=MEDIA
        )


def bad(code: str, message: str) -> Problem:
    """Return the refusal of a parameter."""
    return Problem(400, code, message)


def unknown_bulletin() -> Problem:
    """Return the one answer to every number that names nothing public at this moment."""
    return Problem(404, "no_bulletin", "there is no such bulletin")


def nothing_published() -> Problem:
    """Return the answer as long as nothing is public."""
    return Problem(404, "nothing_published", "nothing has been published yet")


def too_many(message: str, *, seconds: int = AGAIN_S) -> Problem:
    """Return the refusal that says when to come again."""
    headers: Mapping[str, str] = {"Retry-After": str(seconds)}
    return Problem(429, "too_many", message, headers=headers)


def problem_of(error: Exception) -> Problem:
    """Return the problem that an error means."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, UnknownBulletin):
        return unknown_bulletin()
    if isinstance(error, ScopeDenied):
        return nothing_published()
    if isinstance(error, BadUse) and not isinstance(error, SettingsError):
        return bad("bad_parameter", str(error))
    if isinstance(error, HTTPException):
        return Problem(error.status_code, "refused", "refused", headers=error.headers)
    found = refusal_of(error)
    message = str(found).removesuffix("; nothing was changed")
    return Problem(found.status, found.code, message, headers=found.headers)
