"""An answer that ends a request. Imports nothing of the dashboard, so that all of it may use it."""

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

NOT_KEPT = {"Cache-Control": "no-store"}


class Refusal(Exception):
    """An answer that ends a request.

    Attributes:
        status: HTTP status.
        code: stable word for programs.
        headers: further headers.
    """

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """Return the answer."""
        body = {"error": " ".join(str(self).split()), "code": self.code}
        return JSONResponse(body, self.status, headers={**NOT_KEPT, **self.headers})


def later(status: int, code: str, message: str, *, seconds: int) -> Refusal:
    """Return a refusal that says when to come again."""
    return Refusal(status, code, message, headers={"Retry-After": str(seconds)})
