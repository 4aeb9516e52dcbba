"""The pack of a thinned country: the same places, a share of the people."""

from pathlib import Path

import polars as pl
import pytest

from data_access.reference.pack import PACKS, bundled_pack
from data_access.reference.scaled import scaled_pack


def test_people_are_divided_and_everything_else_is_as_it_was(tmp_path: Path) -> None:
    whole, thin = bundled_pack("vn"), scaled_pack(PACKS / "vn", tmp_path / "pack", scale=200)
    key = ["code", "vintage", "group", "source"]
    both = whole.population.join(thin.population, on=key, suffix="_thin")
    assert both.height == whole.population.height == thin.population.height
    off = both.filter((pl.col("population") / 200 - pl.col("population_thin")).abs() > 1)
    shipped = pl.read_csv(PACKS / "vn" / "population.csv", infer_schema_length=0).select(key)
    assert off.join(shipped, on=key).is_empty()
    assert thin.areas.equals(whole.areas)
    assert thin.neighbours.equals(whole.neighbours)
    assert set(thin.boundaries) == set(whole.boundaries)
    assert "mô phỏng 1:200" in thin.name
    assert "simulated 1:200" in thin.name_en


def test_a_scale_below_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        scaled_pack(PACKS / "vn", tmp_path / "pack", scale=0)
    assert not (tmp_path / "pack").exists()
