"""What the pages that move less often wait for, worked out before they turn to a new state."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from dashboard import loaders, resources
from dashboard.live import Beat
from dashboard.view import SPANS
from data_access.codes import Role
from data_access.errors import DataAccessError
from data_access.viewer import make_viewer

READS: tuple[Callable[..., object], ...] = (
    loaders.reporting, loaders.contradictions, loaders.data_debt, loaders.sync_deliveries,
)  # fmt: skip


def prepare(beat: Beat) -> None:
    """Work out what the whole nation's sync desk shows; a database that is away is met there."""
    viewer = make_viewer(Role.NATIONAL, now=beat.moment)
    with suppress(DataAccessError):
        end = viewer.now.astimezone(resources.shared().zone).date()
        start = end - timedelta(days=SPANS[1] - 1)
        for read in READS:
            read(viewer=viewer, start=start, end=end, token=beat.token)
