"""A chart is a function of what it shows: built once for the same content, for everybody. Pure.

Plotly checks every property it is given, which costs more than all else on a page; the same curve
is asked for by many sessions and by each of their runs.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, ParamSpec

import plotly.graph_objects as go
import polars as pl

from dashboard.charts.slim import slim

P = ParamSpec("P")
MOST = 512
"""Charts held; one takes some 50 KB."""
_LOCK = threading.Lock()
_HELD: OrderedDict[Hashable, go.Figure] = OrderedDict()


def once(make: Callable[P, go.Figure]) -> Callable[P, go.Figure]:
    """Make a chart function give the same figure for the same content.

    The figure is everybody's: nobody may change it.
    """

    @wraps(make)
    def held(*args: P.args, **kwargs: P.kwargs) -> go.Figure:
        key = (make.__module__, make.__qualname__, content(args), content(kwargs))
        with _LOCK:
            found = _HELD.get(key)
            if found is not None:
                _HELD.move_to_end(key)
                return found
        made = _settled(make(*args, **kwargs))
        with _LOCK:
            _HELD[key] = made
            while len(_HELD) > MOST:
                _HELD.popitem(last=False)
        return made

    return held


def _settled(figure: go.Figure) -> go.Figure:
    """Return the figure with its description worked out; Plotly would copy it at each drawing."""
    described: dict[str, Any] = slim(json.loads(figure.to_json(validate=False)))
    object.__setattr__(figure, "to_dict", lambda: described)
    return figure


def content(value: object) -> Hashable:
    """Return what is equal exactly when the content of a chart's argument is.

    Raises:
        TypeError: for something whose content cannot be compared.
    """
    if isinstance(value, pl.DataFrame):
        return ("frame", tuple(value.schema.items()), tuple(value.iter_rows()))
    if isinstance(value, Mapping):
        return ("mapping", tuple((key, content(one)) for key, one in value.items()))
    if isinstance(value, list | tuple):
        return (type(value).__name__, tuple(content(one) for one in value))
    if is_dataclass(value) and not isinstance(value, type):
        parts = tuple(content(getattr(value, field.name)) for field in fields(value))
        return (type(value).__qualname__, parts)
    if not isinstance(value, Hashable):
        raise TypeError(f"the content of {type(value).__name__} cannot be compared")
    # 1 == 1.0 == True, but they are not written alike.
    return (type(value), value)
