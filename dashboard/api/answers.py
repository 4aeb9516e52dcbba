"""What the API answers when it cannot do what was asked: JSON, one clear line, never a traceback.

No message repeats what a stranger sent.
"""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.api.refusal import Refusal, later
from dashboard.incidents import record
from data_access.errors import (
    BadInput,
    BadUse,
    DataAccessError,
    DatabaseUnavailable,
    SchemaMismatch,
    ScopeDenied,
    SettingsError,
    StorageUnavailable,
)

_AWAY_S, _BROKEN_S = 10, 60
_NOT_READY: Mapping[type[DataAccessError], str] = {
    StorageUnavailable: "this server cannot write a file of its own",
    SchemaMismatch: "the shared database is not at the version of this server",
}
_HTTP_WORDS = {404: ("not_found", "no such address"), 405: ("bad_method", "not with this method")}


def refusal_of(error: Exception) -> Refusal:
    """Return the refusal that an error means; an unexpected one is logged under a number."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, HTTPException):
        code, message = _HTTP_WORDS.get(error.status_code, ("refused", "refused"))
        return Refusal(error.status_code, code, message, headers=error.headers)
    if isinstance(error, ClientDisconnect):
        return Refusal(400, "cut_off", "the body was cut off; nothing was changed")
    return _of_the_gate(error) if isinstance(error, DataAccessError) else _fault(error)


def _of_the_gate(error: DataAccessError) -> Refusal:
    if isinstance(error, SettingsError):
        record(error)
        message = "this server is not set up to take that in; tell whoever runs it"
        return later(503, "not_set_up", message, seconds=_BROKEN_S)
    if isinstance(error, BadInput | BadUse):
        return Refusal(400, "bad_input", str(error))
    if isinstance(error, ScopeDenied):
        return Refusal(403, "denied", "this token may not do that")
    if isinstance(error, DatabaseUnavailable):
        message = "the shared database does not answer; nothing was changed, come again"
        return later(503, "unavailable", message, seconds=_AWAY_S)
    if isinstance(error, StorageUnavailable | SchemaMismatch):
        number = record(error)
        message = f"{_NOT_READY[type(error)]} (number {number}); nothing was changed, come again"
        return later(503, "not_ready", message, seconds=_BROKEN_S)
    return _fault(error)


def _fault(error: Exception) -> Refusal:
    number = record(error)
    return Refusal(500, "fault", f"a fault of ours, number {number}; nothing was changed")


class Answered:
    """Turns whatever goes wrong below it into a JSON answer."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the routes."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await self.app(scope, receive, send)
        except Exception as error:  # noqa: BLE001 -- the last line of defence; logged with a number
            await refusal_of(error).response()(scope, receive, send)
