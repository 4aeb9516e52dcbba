"""Which cells of a bulletin are not for publication: decided once, when it is cut."""

import polars as pl

from data_access.bulletins.frozen import FrozenCube
from data_access.bulletins.model import MASK_SCHEMA
from data_access.viewer import Viewer


def withheld_cells(cube: FrozenCube, *, viewer: Viewer) -> pl.DataFrame:
    """Return the cells that are withheld: columns of MASK_SCHEMA.

    Args:
        cube: the bulletin that is being cut.
        viewer: the system at its cut-off.
    """
    del cube, viewer  # disclosure control joins here
    return pl.DataFrame(schema=MASK_SCHEMA)
