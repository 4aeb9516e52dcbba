"""Makes a country's deliveries in a process of its own, while whoever sends them gets ready.

The same bytes come out as in the process that sends: it is the same feed, asked for elsewhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

from data_access.errors import DataAccessError
from data_access.reference.pack import resolve_pack
from simulations.live.country import Country
from simulations.live.ticks import Tick, cut


def made(country: Country, *, pack: str) -> list[Tick]:
    """Return the deliveries of a country's fast build.

    Args:
        country: what runs.
        pack: folder or name of the country pack; empty for the bundled one.

    Raises:
        PackError: if the pack is not sound.
    """
    held = resolve_pack(pack)
    zone = held.time_zone
    return list(cut(country.feed(held.areas), edges=country.edges(zone=zone), zone=zone))


@contextmanager
def ahead(country: Country, *, pack: str) -> Iterator[Iterator[Tick]]:
    """Yield the deliveries of `made`; they are being made from now on, and waited for when asked.

    The process is a fresh one: a copy of ours would hold the locks of threads that it lacks. It
    ends with the block, done or not.
    """
    context = get_context("spawn")
    coming, going = context.Pipe(duplex=False)
    maker = context.Process(target=_tell, args=(going, country, pack), daemon=True)
    maker.start()
    going.close()
    try:
        yield _awaited(coming)
    finally:
        maker.terminate()
        maker.join()
        coming.close()


def _tell(going: Connection, country: Country, pack: str) -> None:
    try:
        found: list[Tick] | DataAccessError = made(country, pack=pack)
    except DataAccessError as error:
        found = error
    going.send(found)


def _awaited(coming: Connection) -> Iterator[Tick]:
    found = coming.recv()
    if isinstance(found, DataAccessError):
        raise found
    yield from found
