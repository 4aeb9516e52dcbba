"""Cuts a text file into blocks of whole records, as UTF-8 in NFC. Knows no columns.

The encoding is settled first by one pass over the whole file, so that a file is read in one
encoding or refused; nothing is guessed halfway through.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from data_access.errors import BadInput

BLOCK_BYTES = 8 * 2**20
LONGEST_RECORD_BYTES = 64 * 2**20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Control characters that no text file holds; more than a few of them mean a binary file.
_CONTROLS = bytes(set(range(32)) - {9, 10, 13, 26}) + b"\x7f"
_BINARY_SHARE = 0.01
# Zero-width space and stray byte-order marks come along when text is copied from a page.
_WIDTHLESS = ("\u200b".encode(), "\ufeff".encode())


def text_encoding(path: Path, *, encoding: str | None = None) -> str:
    """Return the name of the file's encoding, having read all of it.

    Order: what the mapping says, the byte-order mark, UTF-8 if all of it is valid, cp1258.

    Raises:
        BadInput: if the file is not text in any of them.
    """
    with path.open("rb") as file:
        start = file.read(4)
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    wanted = encoding or marked
    for candidate in (wanted,) if wanted else ("utf-8", "cp1258"):
        if _decodes(path, candidate):
            return candidate
    if wanted:
        raise BadInput(f"{path.name}: not valid {wanted.removesuffix('-sig').upper()} text")
    raise BadInput(f"{path.name}: neither UTF-8 nor cp1258 text; is it a text file?")


def _decodes(path: Path, encoding: str) -> bool:
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError as error:
        raise BadInput(f"unknown encoding {encoding!r}") from error
    with path.open("rb") as file:
        try:
            while block := file.read(BLOCK_BYTES):
                _refuse_binary(block, path=path, is_wide=encoding.startswith("utf-16"))
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeError:
            return False
    return True


def _refuse_binary(block: bytes, *, path: Path, is_wide: bool) -> None:
    if is_wide:
        return
    n_controls = len(block) - len(block.translate(None, _CONTROLS))
    if n_controls > _BINARY_SHARE * len(block) + 3:
        raise BadInput(f"{path.name}: a binary file, not text")


def text_blocks(path: Path, *, encoding: str | None, quoted: bool) -> Iterator[bytes]:
    """Yield the file as UTF-8 in NFC with line feeds alone, cut only between records.

    Args:
        path: the file.
        encoding: of the file; None to find out.
        quoted: whether a line end inside quotation marks belongs to the record (CSV).

    Raises:
        BadInput: if the file is not text, or a record does not end within 64 MB.
    """
    left = b""
    blocks = _utf8_blocks(path, encoding=text_encoding(path, encoding=encoding))
    following = next(blocks, b"")
    while following:
        text, following = left + following, next(blocks, b"")
        if not following:
            yield _composed(_line_ends(text))
            return
        # A \r at the very end may be half of \r\n.
        held = b"\r" if text.endswith(b"\r") else b""
        block, left = _cut(_line_ends(text.removesuffix(held)), quoted=quoted)
        left += held
        if len(left) > LONGEST_RECORD_BYTES:
            raise BadInput(f"{path.name}: a quotation mark is opened and never closed")
        if block:
            yield _composed(block)


def _utf8_blocks(path: Path, *, encoding: str) -> Iterator[bytes]:
    """Yield the file recoded to UTF-8; a UTF-8 file passes through, it was decoded once already."""
    with path.open("rb") as file:
        if encoding in {"utf-8", "utf-8-sig"}:
            start = file.read(BLOCK_BYTES).removeprefix(codecs.BOM_UTF8)
            while start:
                yield start
                start = file.read(BLOCK_BYTES)
            return
        decoder = codecs.getincrementaldecoder(encoding)()
        while raw := file.read(BLOCK_BYTES):
            # Half a character, or a mark alone, decodes to nothing yet.
            if text := decoder.decode(raw):
                yield text.encode("utf-8")


def _line_ends(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text


def _cut(text: bytes, *, quoted: bool) -> tuple[bytes, bytes]:
    """Split at the last line end that lies outside quotation marks."""
    end = text.rfind(b"\n") + 1
    if quoted and b'"' in text:
        n_quotes = text.count(b'"', 0, end)
        while end and n_quotes % 2:
            before = text.rfind(b"\n", 0, end - 1) + 1
            n_quotes -= text.count(b'"', before, end)
            end = before
    return text[:end], text[end:]


def _composed(block: bytes) -> bytes:
    """Drop marks without width; compose accents, whose marks begin with one of two bytes."""
    for mark in _WIDTHLESS:
        if mark in block:
            block = block.replace(mark, b"")
    if b"\xcc" not in block and b"\xcd" not in block:
        return block
    return unicodedata.normalize("NFC", block.decode("utf-8")).encode("utf-8")


def record_end(block: bytes) -> int:
    """Return where the first record of a block ends, its line end included."""
    end, n_quotes = 0, 0
    while True:
        found = block.find(b"\n", end)
        if found < 0:
            return len(block)
        n_quotes += block.count(b'"', end, found)
        end = found + 1
        if n_quotes % 2 == 0:
            return end


def outside_quotes(block: bytes) -> bytes:
    """Return the block without its quoted text."""
    return re.sub(rb'"[^"]*"', b"", block) if b'"' in block else block


def quotes_are_regular(block: bytes, *, separator: bytes) -> bool:
    """Return whether every quotation mark opens or closes a whole field, or is doubled in one."""
    if b'"' not in block:
        return True
    mark = re.escape(separator)
    n_opening = len(re.findall(rb"(?:(?<=\n)|(?<=" + mark + rb')|\A)"', block))
    n_closing = len(re.findall(rb'"(?=\n|' + mark + rb"|\Z)", block))
    stray = re.compile(rb'[^\n"' + mark + rb']"[^\n"' + mark + rb"]")
    return n_opening == n_closing and stray.search(block) is None
