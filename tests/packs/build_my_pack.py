"""Writes a country pack of Malaysia from the shared test data: another country, no line of code.

The data may not be committed, so tests build the pack in a folder of their own:

    python -m tests.packs.build_my_pack --shared ../shared --out DIR
"""

import argparse
import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VINTAGE = "2021"
NATION = "MY"
GROUPS = {"pop": "all", "pop_18": "18+", "pop_60": "60+"}
PACK_TOML = """\
code = "MY"
name = "Malaysia"
time_zone = "Asia/Kuala_Lumpur"
languages = ["en"]
default_vintage = "2021"
"""
# code (the number of ISO 3166-2:MY), name, aliases, longitude and latitude of its capital
STATES: tuple[tuple[str, str, str, str, str], ...] = (
    ("01", "Johor", "MY-01|Johore", "103.74", "1.49"),
    ("02", "Kedah", "MY-02", "100.37", "6.12"),
    ("03", "Kelantan", "MY-03", "102.24", "6.13"),
    ("04", "Melaka", "MY-04|Malacca", "102.25", "2.19"),
    ("05", "Negeri Sembilan", "MY-05|N. Sembilan|N Sembilan", "101.94", "2.73"),
    ("06", "Pahang", "MY-06", "103.33", "3.81"),
    ("07", "Pulau Pinang", "MY-07|Penang|P. Pinang", "100.33", "5.41"),
    ("08", "Perak", "MY-08", "101.08", "4.60"),
    ("09", "Perlis", "MY-09", "100.20", "6.44"),
    ("10", "Selangor", "MY-10", "101.52", "3.07"),
    ("11", "Terengganu", "MY-11|Trengganu", "103.14", "5.33"),
    ("12", "Sabah", "MY-12", "116.07", "5.98"),
    ("13", "Sarawak", "MY-13", "110.35", "1.55"),
    (
        "14",
        "W.P. Kuala Lumpur",
        "MY-14|WP Kuala Lumpur|Kuala Lumpur|KL|Wilayah Persekutuan Kuala Lumpur",
        "101.69",
        "3.14",
    ),
    (
        "15",
        "W.P. Labuan",
        "MY-15|WP Labuan|Labuan|Wilayah Persekutuan Labuan",
        "115.24",
        "5.28",
    ),
    (
        "16",
        "W.P. Putrajaya",
        "MY-16|WP Putrajaya|Putrajaya|Wilayah Persekutuan Putrajaya",
        "101.69",
        "2.93",
    ),
)
AREA_COLUMNS = (
    "code", "vintage", "level", "parent_code", "name", "name_en", "aliases", "valid_from",
    "valid_to", "lon", "lat",
)  # fmt: skip
POPULATION_COLUMNS = ("code", "vintage", "group", "population", "as_of", "source")


def build(shared: Path, folder: Path) -> Path:
    """Write the pack and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pack.toml").write_text(PACK_TOML, encoding="utf-8")
    nation = (NATION, VINTAGE, "national", "", "Malaysia", "Malaysia", "", "", "", "", "")
    states = [
        (code, VINTAGE, "province", NATION, name, name, aliases, "", "", lon, lat)
        for code, name, aliases, lon, lat in STATES
    ]
    write(folder / "areas.csv", AREA_COLUMNS, [nation, *states])
    write(folder / "population.csv", POPULATION_COLUMNS, populations(shared))
    return folder


def populations(shared: Path) -> Iterable[tuple[str, ...]]:
    """Yield population rows: nation and states, all, 18+ and 60+."""
    codes = {name: code for code, name, *_ in STATES} | {"Malaysia": NATION}
    path = shared / "data" / "my" / "population.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            for column, group in GROUPS.items():
                yield codes[row["state"]], VINTAGE, group, row[column], "2021-08-14", "moh_malaysia"


def write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    build(options.shared, options.out)


if __name__ == "__main__":
    main()
