"""The platforms that are declared so far. A further one is one new module and one line here."""

from data_access.contracts.checkpoints import CHECKPOINTS
from data_access.contracts.declarations import DECLARATIONS
from data_access.contracts.model import Contract, RecordKind
from data_access.contracts.quarantine import QUARANTINE
from data_access.contracts.testing import TESTING
from data_access.contracts.tracing import TRACING
from data_access.contracts.vaccination import VACCINATION
from data_access.errors import UnknownId

CONTRACTS: tuple[Contract, ...] = (
    DECLARATIONS,
    CHECKPOINTS,
    TRACING,
    QUARANTINE,
    TESTING,
    VACCINATION,
)


def contract(platform: str) -> Contract:
    """Return the contract of a platform.

    Raises:
        UnknownId: if there is no such platform; the message lists those that there are.
    """
    found = next((each for each in CONTRACTS if each.platform == platform), None)
    if found is None:
        known = ", ".join(each.platform for each in CONTRACTS)
        raise UnknownId(f"unknown platform {platform!r}; choose from {known}")
    return found


def record_kind(platform: str, *, kind: str | None = None) -> RecordKind:
    """Return a record kind of a platform; the platform's default kind when none is named.

    Raises:
        UnknownId: if there is no such platform or kind; the message lists those that there are.
    """
    declared = contract(platform)
    found = declared.kind(kind)
    if found is None:
        known = ", ".join(each.name for each in declared.kinds)
        raise UnknownId(f"platform {platform} has no record kind {kind!r}; choose from {known}")
    return found
