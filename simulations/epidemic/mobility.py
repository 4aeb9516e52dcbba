"""Who meets whom across provinces: a gravity model on great circles. Pure."""

import numpy as np

from simulations.epidemic.parameters import Floats

EARTH_KM = 6371.0088
NEAREST_KM = 20.0


def distances_km(lon: Floats, lat: Floats) -> Floats:
    """Return great-circle distances between points, shape (n, n), km (haversine)."""
    x, y = np.radians(lon), np.radians(lat)
    half = (
        np.sin((y[:, None] - y[None, :]) / 2) ** 2
        + np.cos(y)[:, None] * np.cos(y)[None, :] * np.sin((x[:, None] - x[None, :]) / 2) ** 2
    )
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


def gravity(persons: Floats, distance_km: Floats, *, decay: float = 2.0) -> Floats:
    """Return where contacts away from home are made: rows sum to 1, the diagonal is 0.

    Row i is proportional to persons of j / distance^decay. One province alone meets itself.

    Args:
        persons: residents of each province.
        distance_km: distances between them; below 20 km counts as 20 km.
        decay: exponent of distance (Xia, Bjørnstad & Grenfell 2004, Am Nat 164:267: 1 to 2).
    """
    if len(persons) == 1:
        return np.ones((1, 1))
    pull = persons[None, :] / np.maximum(distance_km, NEAREST_KM) ** decay
    np.fill_diagonal(pull, 0.0)
    return np.asarray(pull / pull.sum(axis=1, keepdims=True))
