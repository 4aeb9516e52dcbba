"""Errors that nobody expected: a number on screen, the same number in the log.

Never a value, a name or a path.
"""

import logging
import secrets

from dashboard.metrics import ERRORS

LOG = logging.getLogger("tuyendau.dashboard")
_LETTERS = 4


def record(error: Exception) -> str:
    """Log an unexpected error under a new incident number and return the number."""
    number = secrets.token_hex(_LETTERS).upper()
    place = _place(error)
    # The message itself may hold a value from a record: only its kind and place are written.
    LOG.error("incident %s: %s at %s", number, type(error).__name__, place)
    ERRORS.inc()
    return number


def _place(error: Exception) -> str:
    trace = error.__traceback__
    place = "unknown"
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "?")
        place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
