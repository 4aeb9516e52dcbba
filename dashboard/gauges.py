"""Sets the gauges of `dashboard.metrics` to what is true when somebody asks for them."""

from dashboard import resources
from dashboard.metrics import MOVED, PARTITIONS, SOCKETS, UP
from data_access.errors import DataAccessError


def observe(*, listeners: int) -> None:
    """Set the gauges to what is true now."""
    SOCKETS.set(listeners)
    try:
        beat = resources.beat()
        UP.set(1 if beat.alive else 0)
        MOVED.set(beat.moment.timestamp())
        PARTITIONS.set(resources.shared().cube.size[0])
    except DataAccessError:
        UP.set(0)
