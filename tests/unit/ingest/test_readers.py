"""Files as they come: encodings, delimiters, broken lines, files that are not what they say."""

import json
import os
import unicodedata
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_access.errors import BadInput
from data_access.ingest import readers, text_blocks
from data_access.ingest.readers import MAX_COLUMNS, file_format, read_chunks


def read(path: Path, **options: str) -> tuple[pl.DataFrame, list[tuple[int, str]]]:
    chunks = list(read_chunks(path, **options))
    broken = pl.concat([chunk.broken for chunk in chunks])
    rows = pl.concat([chunk.rows for chunk in chunks])
    assert sum(chunk.n_read for chunk in chunks) == rows.height + broken.height
    return rows, broken.select("row_no", "reason").rows()


def written(tmp_path: Path, content: bytes, name: str = "file.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(tmp_path: Path, delimiter: str, line_end: str) -> None:
    text = line_end.join(["a,b", "1,x", '"2","y,z"', ""]).replace('"y,z"', "\0")
    text = text.replace(",", delimiter).replace("\0", f'"y{delimiter}z"')
    rows, broken = read(written(tmp_path, text.encode()))
    assert rows.rows() == [(2, "1", "x"), (3, "2", f"y{delimiter}z")]
    assert broken == []


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
    ],
)
def test_unicode_encodings(tmp_path: Path, encoding: str, mark: bytes) -> None:
    path = written(tmp_path, mark + "tên,nơi\nNguyễn,Huế\n".encode(encoding))
    assert read(path)[0].to_dicts() == [{"row_no": 2, "tên": "Nguyễn", "nơi": "Huế"}]


def test_cp1258_is_found_and_composed(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "Thừa Thiên Huế, Đắk Lắk")
    # cp1258 holds vowels with their shape, and tones as marks of their own.
    partly = "".join(unicodedata.normalize("NFC", c) for c in _vowels_with_tones_apart(decomposed))
    path = written(tmp_path, f'tỉnh\n"{partly}"\n'.replace("tỉnh", "tinh").encode("cp1258"))
    assert read(path)[0]["tinh"].to_list() == ["Thừa Thiên Huế, Đắk Lắk"]


def _vowels_with_tones_apart(decomposed: str) -> list[str]:
    tones = "\u0300\u0301\u0303\u0309\u0323"
    groups: list[str] = []
    for c in decomposed:
        if unicodedata.combining(c) and c not in tones:
            last = next(n for n in range(len(groups) - 1, -1, -1) if groups[n] not in tones)
            groups[last] += c
        else:
            groups.append(c)
    return groups


def test_decomposed_text_is_composed(tmp_path: Path) -> None:
    text = unicodedata.normalize("NFD", "tên\nNguyễn Thị Hường\n")
    rows, _ = read(written(tmp_path, text.encode()))
    assert rows.columns == ["row_no", "tên"]
    assert rows["tên"].to_list() == ["Nguyễn Thị Hường"]


def test_quoted_line_ends_belong_to_their_cell(tmp_path: Path) -> None:
    rows, broken = read(written(tmp_path, b'a,b\n"x\r\ny",1\nz,2\n'))
    assert rows.rows() == [(2, "x\ny", "1"), (3, "z", "2")]
    assert broken == []


def test_blank_lines_are_counted_but_not_read(tmp_path: Path) -> None:
    rows, broken = read(written(tmp_path, b"a,b\n\n1,2\n,\n3,4"))
    assert rows["row_no"].to_list() == [3, 5]
    assert broken == []


def test_rows_of_another_width_are_refused(tmp_path: Path) -> None:
    rows, broken = read(written(tmp_path, b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n6,7,8,\n"))
    assert rows.rows() == [(2, "1", "2", "3"), (5, "6", "7", "8")]
    assert broken == [(3, "ragged"), (4, "ragged")]


def test_a_stray_quotation_mark_stays_in_its_cell(tmp_path: Path) -> None:
    rows, broken = read(written(tmp_path, b'a,b\n5" pipe,1\nx,2\n'))
    assert rows["a"].to_list() == ['5" pipe', "x"]
    assert broken == []


def test_a_column_without_a_name_is_left_out(tmp_path: Path) -> None:
    rows, _ = read(written(tmp_path, b"a,,b,\n1,2,3,4\n"))
    assert rows.to_dicts() == [{"row_no": 2, "a": "1", "b": "3"}]


def test_excels_separator_line_is_no_header(tmp_path: Path) -> None:
    rows, _ = read(written(tmp_path, b"sep=;\na;b\n1;2\n"))
    assert rows.select("a", "b").rows() == [("1", "2")]


def test_header_alone_gives_no_rows(tmp_path: Path) -> None:
    rows, _ = read(written(tmp_path, b"a,b\n"))
    assert rows.columns == ["row_no", "a", "b"]
    assert rows.height == 0


def test_blocks_join_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_blocks, "BLOCK_BYTES", 7)
    lines = [f'{n},"ô {n}\r\nx"' for n in range(50)]
    rows, broken = read(written(tmp_path, "\r\n".join(["n,tên", *lines]).encode()))
    assert rows["n"].to_list() == [str(n) for n in range(50)]
    assert rows["tên"].to_list() == [f"ô {n}\nx" for n in range(50)]
    assert rows["row_no"].to_list() == list(range(2, 52))
    assert broken == []


def test_utf16_blocks_join_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_blocks, "BLOCK_BYTES", 5)
    text = "\n".join(["tên", *[f"Nguyễn {n}" for n in range(30)]])
    rows, _ = read(written(tmp_path, b"\xff\xfe" + text.encode("utf-16-le")))
    assert rows["tên"].to_list() == [f"Nguyễn {n}" for n in range(30)]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "empty (0 bytes)"),
        ("a.csv", bytes(range(256)) * 40, "binary"),
        ("a.csv", b"a,a\n1,2\n", "'a' appears more than once"),
        ("a.csv", b"a,A\n1,2\n", "'a' appears more than once"),
        ("a.csv", b"\n1,2\n", "first line is blank"),
        ("a.csv", b"abc\n\x8d\x8d\xd2\n", "neither UTF-8 nor cp1258"),
        ("a.csv", b"\xff\xfea\x00,\x00\x00\xd8", "not valid UTF-16"),
        ("a.parquet", b"PAR1 but no more", "not a whole Parquet file"),
        ("a.parquet", b"a,b\n1,2\n", "not a whole Parquet file"),
        ("a.csv", b"PK\x03\x04" + bytes(60), "binary"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = written(tmp_path, content, name)
    with pytest.raises(BadInput) as caught:
        read(path)
    message = str(caught.value)
    assert said in message
    assert name in message
    assert str(tmp_path) not in message
    assert "\n" not in message


def test_random_bytes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        read(written(tmp_path, os.urandom(5000)))


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.csv: cannot be opened"):
        read(tmp_path / "none.csv")


@pytest.mark.parametrize("n_columns", [MAX_COLUMNS, MAX_COLUMNS + 1, 10_000])
def test_too_many_columns(tmp_path: Path, n_columns: int) -> None:
    header = ",".join(f"c{n}" for n in range(n_columns))
    path = written(tmp_path, f"{header}\n{','.join('1' * n_columns)}\n".encode())
    if n_columns <= MAX_COLUMNS:
        assert read(path)[0].width == n_columns + 1
    else:
        with pytest.raises(BadInput, match=f"{n_columns} columns"):
            read(path)


def test_a_quotation_mark_that_never_closes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_blocks, "LONGEST_RECORD_BYTES", 100)
    monkeypatch.setattr(text_blocks, "BLOCK_BYTES", 50)
    with pytest.raises(BadInput, match="never closed"):
        read(written(tmp_path, b'a,b\n"x,1\n' + b"y,2\n" * 100))


@pytest.mark.parametrize("content", [b'a,b\n1,x\n2,"y\n3,z\n', b'a,b\n1,x\n"2,y\n3,z'])
def test_an_open_quotation_mark_does_not_swallow_the_rest(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BadInput, match=r"opened in row 3 is never closed"):
        read(written(tmp_path, content))


def test_truncated_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"a": range(1000)}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BadInput, match="damaged or cut off"):
        read(path)


def test_parquet_keeps_its_types_and_counts_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "ROWS_PER_CHUNK", 3)
    path = tmp_path / "a.parquet"
    pl.DataFrame({"n": range(8), "t": [f"x{n}" for n in range(8)]}).write_parquet(path)
    rows, _ = read(path)
    assert rows["row_no"].to_list() == list(range(1, 9))
    assert rows.schema["n"] == pl.Int64
    assert rows["t"].to_list() == [f"x{n}" for n in range(8)]


@pytest.mark.parametrize("in_dictionary", [False, True])
def test_parquet_texts_that_are_no_text(tmp_path: Path, *, in_dictionary: bool) -> None:
    """A changed byte in a text column: Polars trusts it, and panics somewhere later."""
    ends = pa.py_buffer(np.array([0, 3, 6], dtype=np.int32))
    texts = pa.Array.from_buffers(pa.string(), 2, [None, ends, pa.py_buffer(b"abc\xb70z")])
    column = pa.DictionaryArray.from_arrays([1, 0], texts) if in_dictionary else texts
    pq.write_table(pa.table({"a": column}), tmp_path / "a.parquet")
    with pytest.raises(BadInput, match="a.parquet: not a whole Parquet file"):
        read(tmp_path / "a.parquet")


def test_parquet_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"n": [1]}).clear().write_parquet(path)
    assert read(path)[0].columns == ["row_no", "n"]


def test_ndjson_lines_and_their_numbers(tmp_path: Path) -> None:
    lines = ['{"a": 1, "b": "x"}', "", '{"b": "y", "c": true}', '{"a": null}']
    rows, broken = read(written(tmp_path, "\n".join(lines).encode(), "a.ndjson"))
    assert rows.select("row_no", "a", "b", "c").rows() == [
        (1, "1", "x", None),
        (3, None, "y", "true"),
        (4, None, None, None),
    ]
    assert broken == []


def test_ndjson_lines_that_are_no_objects(tmp_path: Path) -> None:
    lines = ['{"a": 1}', '{"a": ', "[1]", '{"a": "é"}', "=cmd|x"]
    rows, broken = read(written(tmp_path, "\n".join(lines).encode(), "a.ndjson"))
    assert rows.rows() == [(1, "1"), (4, "é")]
    assert broken == [(2, "not_json"), (3, "not_json"), (5, "not_json")]


@pytest.mark.parametrize("line", ['{"": "x"}', '{"other": 1}', '{"a": null}'])
def test_ndjson_lines_without_any_wanted_key_are_rows_all_the_same(
    tmp_path: Path, line: str
) -> None:
    path = written(tmp_path, f"{line}\nno JSON\n{line}".encode(), "a.ndjson")
    rows, n_read = read_wanted(path, ["a"])
    assert rows["row_no"].to_list() == [1, 3]
    assert n_read == 3


def test_ndjson_key_that_a_sample_would_miss(tmp_path: Path) -> None:
    lines = [json.dumps({"a": n}) for n in range(5000)]
    lines[4321] = json.dumps({"a": 4321, "deleted": True})
    rows, _ = read_wanted(
        written(tmp_path, "\n".join(lines).encode(), "a.ndjson"), ["a", "deleted"]
    )
    assert rows.filter(pl.col("deleted").is_not_null())["row_no"].to_list() == [4322]


def read_wanted(path: Path, wanted: list[str]) -> tuple[pl.DataFrame, int]:
    chunks = list(read_chunks(path, wanted=wanted))
    return pl.concat([chunk.rows for chunk in chunks]), sum(chunk.n_read for chunk in chunks)


@pytest.mark.parametrize(
    ("name", "content", "asked", "found"),
    [
        ("a.csv", b"a,b\n", None, "csv"),
        ("a.ndjson", b"{}", None, "ndjson"),
        ("a.jsonl", b"{}", None, "ndjson"),
        ("a.parquet", b"PAR1", None, "parquet"),
        ("a", b'{"a":1}', None, "ndjson"),
        ("a", b"PAR1", None, "parquet"),
        ("a.dat", b"a;b", None, "csv"),
        ("a.csv", b'{"a":1}', "ndjson", "ndjson"),
    ],
)
def test_format_of_a_file(
    tmp_path: Path, name: str, content: bytes, asked: str | None, found: str
) -> None:
    assert file_format(written(tmp_path, content, name), fmt=asked) == found


def test_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="csv, ndjson, parquet"):
        file_format(written(tmp_path, b"x"), fmt="docx")
