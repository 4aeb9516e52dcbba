"""Small country packs, written by hand."""

from pathlib import Path

TOML = """\
code = "XX"
name = "Xứ"
time_zone = "Asia/Ho_Chi_Minh"
languages = ["vi", "en"]
default_vintage = "new"

[vintages.old]
valid_from = 2000-01-01
valid_to = 2019-12-31
aliases = ["before"]

[vintages.new]
valid_from = 2020-01-01
"""
AREAS = """\
code,vintage,level,parent_code,name,name_en,aliases,valid_from,valid_to,lon,lat
XX,old,national,,Xứ,Land,,,,,
01,old,province,XX,Một,One,Mot|Uno,,,105.5,20.1
02,old,province,XX,Hai,Two,,,,,
03,old,province,XX,Ba,Three,,,,,
011,old,district,01,Nhỏ,Small,,,,,
XX,new,national,,Xứ,Land,,,,,
01,new,province,XX,Gộp,Merged,,,,,
03,new,province,XX,Ba,Three,,,,,
"""
POPULATION = """\
code,vintage,group,population,as_of,source
01,old,all,100,2019-04-01,census
02,old,all,50,2019-04-01,census
03,old,all,7,2019-04-01,census
01,old,18+,60,2019-04-01,census
03,new,all,8,2021-01-01,estimate
"""
SUCCESSION = """\
old_code,old_vintage,new_code,new_vintage,from
01,old,01,new,2020-01-01
02,old,01,new,2020-01-01
03,old,03,new,2020-01-01
"""
NEIGHBOURS = """\
vintage,code_a,code_b,border_km
old,02,01,12.5
old,02,03,
"""
GEOJSON = """\
{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"code": "01"},
"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}}]}
"""
FILES = {
    "pack.toml": TOML,
    "areas.csv": AREAS,
    "population.csv": POPULATION,
    "succession.csv": SUCCESSION,
    "neighbours.csv": NEIGHBOURS,
    "boundaries-province-old.geojson": GEOJSON,
    "boundaries-province-old-medium.geojson": GEOJSON,
}
SMALL_TOML = 'country_code = "YY"\nname = "Land"\ntimezone = "UTC"\ndefault_vintage = 2021\n'
SMALL_AREAS = "code,vintage,level,parent_code,name\nA,2021,province,,Alpha\nB,2021,province,,Beta\n"


def write_pack(folder: Path, **changed: str | None) -> Path:
    """Write the pack with some files changed or (None) left out; names as `areas_csv`."""
    wanted = FILES | {name.replace("__", "-").replace("_", "."): t for name, t in changed.items()}
    folder.mkdir(exist_ok=True)
    for name, text in wanted.items():
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
    return folder


def write_small_pack(folder: Path) -> Path:
    """Write a pack of the two required files, with the fewest columns."""
    folder.mkdir(exist_ok=True)
    (folder / "pack.toml").write_text(SMALL_TOML, encoding="utf-8")
    (folder / "areas.csv").write_text(SMALL_AREAS, encoding="utf-8")
    return folder
