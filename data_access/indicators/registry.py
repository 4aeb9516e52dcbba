"""Every indicator of the product, each declared once, by platform. Pure.

Cards, maps, tables, tooltips, the dictionary and the command line all read this.
"""

from collections.abc import Mapping
from types import MappingProxyType

from data_access.indicators.entry import CHECKPOINTS, DECLARATIONS
from data_access.indicators.model import Indicator
from data_access.indicators.quarantine import QUARANTINE
from data_access.indicators.response import RESPONSE
from data_access.indicators.surveillance import SURVEILLANCE
from data_access.indicators.testing import TESTING
from data_access.indicators.vaccination import VACCINATION

INDICATORS: Mapping[str, Indicator] = MappingProxyType(
    {
        one.key: one
        for one in (
            *SURVEILLANCE,
            *QUARANTINE,
            *TESTING,
            *VACCINATION,
            *DECLARATIONS,
            *CHECKPOINTS,
            *RESPONSE,
        )
    }
)
