"""Which cells of a bulletin are not for publication: decided once, when it is cut."""

from dataclasses import replace

import polars as pl

from data_access.bulletins.frozen import Frozen, FrozenCube
from data_access.bulletins.model import MASK_SCHEMA
from data_access.codes import Clearance
from data_access.cube.query import measures_of
from data_access.disclosure.mask import mask_of, public_measures
from data_access.viewer import Viewer


def withheld_cells(cube: FrozenCube, before: Frozen | None, *, viewer: Viewer) -> pl.DataFrame:
    """Return the cells that are withheld: columns of MASK_SCHEMA.

    Args:
        cube: the bulletin that is being cut.
        before: the last one that was published; what it withheld stays withheld,
            and its values are what an attacker knows.
        viewer: the system at its cut-off.
    """
    # Sources that are not public are none of those that a public figure comes from.
    public = replace(viewer, clearance=Clearance.PUBLIC)
    keys = public_measures(cube.view({}, viewer=public))
    catalogue = cube.state(viewer=public).catalogue
    needed = {key: None for one in keys for key in measures_of(catalogue, catalogue.measures[one])}
    view = cube.view(needed, viewer=public)
    last = None
    if before is not None:
        # As it was read then: at its cut-off, from its own cells.
        then = replace(public, now=before.cut_off)
        last = FrozenCube(before, withheld=None).view(needed, viewer=then)
    found = mask_of(view, measures=keys, previous=before.mask if before else None, last=last)
    areas = cube.geography.areas.frame.select(
        pl.col("area_id").cast(pl.Int32), pl.col("code").alias("area_code"), "vintage"
    )
    return found.join(areas, on="area_id").select(list(MASK_SCHEMA)).sort(list(MASK_SCHEMA))
