"""Takes a body in, piece by piece: to a file, hashed as it comes, never more than the limit.

The limit holds for what is unpacked, so a small body that unpacks to a large one stops there.
"""

import asyncio
import hashlib
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from dashboard.api.refusal import Refusal

MB = 2**20
LINGER_BYTES, LINGER_S = MB, 2.0
_GZIP = 16 + zlib.MAX_WBITS
_PIECE = MB
ENCODINGS = ("", "identity", "gzip")

Work = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much, and how slowly.

    Attributes:
        n_bytes: largest body, as sent and unpacked.
        silence_s: seconds a sender may be silent.
        whole_s: seconds the whole body may take.
    """

    n_bytes: int
    silence_s: float = 30.0
    whole_s: float = 900.0

    def too_large(self) -> Refusal:
        """Return the answer to a body beyond the limit."""
        size = f"{self.n_bytes / MB:g} MB"
        return Refusal(413, "too_large", f"more than {size} unpacked; deliver it in parts")


class Sink:
    """A file that a body is written to, unpacked on the way. A context manager.

    Attributes:
        n_bytes: bytes written so far, unpacked.
    """

    def __init__(self, path: Path, *, encoding: str, limits: Limits) -> None:
        """Take the file to write, how the body is packed, and how large it may be.

        Raises:
            Refusal: if it is packed in a way that nobody here unpacks.
        """
        if encoding not in ENCODINGS:
            raise Refusal(415, "bad_encoding", "Content-Encoding must be gzip, or not there")
        self.n_bytes = 0
        self._path = path
        self._limits = limits
        self._n_sent = 0
        self._digest = hashlib.sha256()
        self._unpacker = zlib.decompressobj(_GZIP) if encoding == "gzip" else None

    def __enter__(self) -> "Sink":
        """Open the file."""
        self._file = self._path.open("xb")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._file.close()

    def write(self, piece: bytes) -> None:
        """Take a piece as it was sent.

        Raises:
            Refusal: if it is too much, or cannot be unpacked.
        """
        self._n_sent += len(piece)
        if self._n_sent > self._limits.n_bytes:
            raise self._limits.too_large()
        if self._unpacker is None:
            self._keep(piece)
            return
        try:
            self._unpack(piece)
        except zlib.error as error:
            raise Refusal(400, "bad_gzip", "the body is not whole gzip data") from error

    def finish(self) -> str:
        """Return the SHA-256 of what was written, once all of it has come.

        Raises:
            Refusal: if packed data ends early.
        """
        if self._unpacker is not None and not self._unpacker.eof:
            raise Refusal(400, "bad_gzip", "the gzip data is cut off")
        self._file.flush()
        return self._digest.hexdigest()

    def _unpack(self, piece: bytes) -> None:
        while piece:
            if self._unpacker is None or self._unpacker.eof:  # gzip may come in several members
                self._unpacker = zlib.decompressobj(_GZIP)
            # A piece at a time: what unpacks to a thousand times its size must meet the limit.
            self._keep(self._unpacker.decompress(piece, _PIECE))
            piece = self._unpacker.unconsumed_tail or self._unpacker.unused_data
        while self._unpacker is not None and not self._unpacker.eof:
            held = self._unpacker.decompress(b"", _PIECE)
            if not held:
                return
            self._keep(held)

    def _keep(self, plain: bytes) -> None:
        self.n_bytes += len(plain)
        if self.n_bytes > self._limits.n_bytes:
            raise self._limits.too_large()
        self._digest.update(plain)
        self._file.write(plain)


async def receive(pieces: AsyncIterator[bytes], work: Work, *, limits: Limits) -> None:
    """Hand every piece of a body to `work`, in order.

    Raises:
        Refusal: if the sender is silent or slow beyond the limits.
    """
    try:
        async with asyncio.timeout(limits.whole_s):
            while (piece := await _next(pieces, limits.silence_s)) is not None:
                await work(piece)
    except TimeoutError as error:
        raise Refusal(408, "too_slow", "the body came too slowly; nothing was changed") from error


async def linger(pieces: AsyncIterator[bytes]) -> None:
    """Read on a little after a refusal: who is still sending would not see the answer otherwise."""
    n_bytes = 0
    with suppress(Exception):  # whatever happens here, the refusal is what counts
        async with asyncio.timeout(LINGER_S):
            while n_bytes < LINGER_BYTES and (piece := await _next(pieces, None)) is not None:
                n_bytes += len(piece)


async def _next(pieces: AsyncIterator[bytes], seconds: float | None) -> bytes | None:
    try:
        return await asyncio.wait_for(anext(pieces), seconds)
    except StopAsyncIteration:
        return None
