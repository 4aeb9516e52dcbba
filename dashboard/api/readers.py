"""Who reads over HTTP: a token that reads as a role makes a viewer; nobody is the press."""

from datetime import datetime

from dashboard.api.refusal import Refusal
from data_access.codes import Role
from data_access.shared import Shared
from data_access.tokens import Purpose, authenticate, touch_token
from data_access.viewer import Viewer, make_viewer, system_viewer


def reader(shared: Shared, secret: str, *, now: datetime, unknown: Refusal) -> Viewer:
    """Return the viewer of whoever shows a token; without one, the press.

    Args:
        shared: the shared database.
        secret: the token; empty for nobody.
        now: the machine's clock, by which tokens live.
        unknown: what to raise for a token that opens nothing.

    Raises:
        Refusal: `unknown`, the same whether the token never was, has ended or was revoked.
    """
    moment = shared.clock()
    if not secret:
        return make_viewer(Role.PRESS, now=moment)
    token = authenticate(
        shared.engine, secret, purpose=Purpose.API, now=now, viewer=system_viewer(now)
    )
    if token is None:
        raise unknown
    touch_token(shared.engine, token, now=now)
    return make_viewer(Role(token.role), areas=token.areas, now=moment)
