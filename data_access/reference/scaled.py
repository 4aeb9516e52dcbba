"""Makes a country pack of a thinned country: the same places, a share of the people."""

import shutil
from pathlib import Path

import polars as pl

from data_access.reference.model import Pack
from data_access.reference.pack import POPULATION, load_pack
from data_access.reference.pack_toml import FILE


def scaled_pack(pack: Path, into: Path, *, scale: int) -> Pack:
    """Write a pack with populations divided by `scale`; areas, boundaries, contacts as they are.

    Persons are rounded to whole ones; where there are any, at least one is left.

    Args:
        pack: folder of the pack to thin.
        into: folder to write, replaced if it is there.
        scale: one person for so many, at least 1.

    Raises:
        ValueError: if the scale is below 1.
        PackError: if the pack is not sound.
    """
    if scale < 1:
        raise ValueError(f"scale must be at least 1, not {scale}")
    if into.exists():
        shutil.rmtree(into)
    shutil.copytree(pack, into)
    people = pl.read_csv(pack / POPULATION, infer_schema_length=0)
    count = pl.col("population").cast(pl.Float64)
    thinned = pl.when(count > 0).then((count / scale).round(0).clip(lower_bound=1)).otherwise(0)
    people.with_columns(thinned.cast(pl.Int64).alias("population")).write_csv(into / POPULATION)
    _rename(into / FILE, scale=scale)
    return load_pack(into)


def _rename(path: Path, *, scale: int) -> None:
    names = {"name": f" (mô phỏng 1:{scale})", "name_en": f" (simulated 1:{scale})"}
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        key = line.partition(" = ")[0]
        suffix = names.pop(key, "")
        lines.append(f'{line.removesuffix(chr(34))}{suffix}"' if suffix else line)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
