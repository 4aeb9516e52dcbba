"""Finds the areas that delivered codes and names mean, in the vintage of their day. No I/O.

Codes are tried first (a leading zero that a spreadsheet dropped is put back where that is
unambiguous), then names and aliases. Answers are kept, so a place costs one look-up per delivery.
Wards are looked at only once a row names one.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

import polars as pl

from data_access.codes import Level
from data_access.reference.areas import Areas
from data_access.reference.search import AreaIndex

_NUMBER = re.compile(r"^(\d+)(?:\.0)?$")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a row says about its place: each a code, a name or nothing."""

    ward: str | None
    district: str | None
    province: str | None
    vintage: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a row belongs, or why that cannot be said.

    Attributes:
        province_id: number of the province; None where `reason` is given.
        district_id: number of the district; None if none was named.
        codes: (ward, district, province) as they are stored.
        field: the field at fault.
        reason: key of the reason, empty if all is well.
        flag: key of what is odd about a place that was found all the same; empty for nothing.
    """

    province_id: int | None = None
    district_id: int | None = None
    codes: tuple[str | None, str | None, str | None] = (None, None, None)
    field: str = ""
    reason: str = ""
    flag: str = ""


@dataclass(frozen=True)
class _Area:
    area_id: int
    code: str
    level: str
    parent: str


class Places:
    """The areas of a country, ready to place the rows of one delivery."""

    def __init__(self, areas: Areas, *, within: frozenset[int] | None = None) -> None:
        """Index the codes of all vintages.

        Args:
            areas: the country's areas.
            within: numbers of the only provinces that rows may belong to; None: all.
        """
        self._areas = areas
        self._within = within
        self._codes: dict[tuple[str, str], dict[str, _Area]] = {}
        self._by_code: dict[tuple[str, str], _Area] = {}
        self._answers: dict[Asked, Place] = {}
        self._names: dict[tuple[str, str, str, str | None], _Area | str | None] = {}
        self._bare: dict[tuple[str, str], dict[str, _Area]] = {}
        self._has_wards: set[str] | None = None
        self._learn(areas.frame)

    def _learn(self, frame: pl.DataFrame) -> None:
        columns = ("area_id", "code", "vintage", "level", "parent_code")
        found: dict[tuple[str, str], dict[str, _Area]] = {}
        for area_id, code, vintage, level, parent in frame.select(columns).iter_rows():
            area = _Area(area_id, code, level, parent or "")
            found.setdefault((vintage, level), {})[code] = area
            self._by_code[vintage, code] = area
        self._codes |= found
        self._bare |= {place: _without_zeros(known) for place, known in found.items()}

    def _ships_wards(self, vintage: str) -> bool:
        if self._has_wards is None:
            self._learn(self._areas.wards)
            self._has_wards = {v for v, level in self._codes if level == Level.WARD}
        return vintage in self._has_wards

    def vintages_on(self, days: pl.Series) -> pl.Series:
        """Return the vintage in force on each day (String); days must not be null."""
        distinct = days.unique()
        found = [self._areas.vintage_on(day) for day in distinct]
        return days.replace_strict(distinct, pl.Series(found, dtype=pl.String))

    def place(self, asked: pl.DataFrame) -> pl.DataFrame:
        """Return the place of each row.

        Shape: one row per row: province_id, district_id (Int32), ward_code, district_code,
            province_code, place_field, place_reason, place_flag (String; empty where all is well).
        Needs: ward_code, district_code, province_code (String, null for none), vintage.
        """
        names = ("ward_code", "district_code", "province_code", "vintage")
        distinct = asked.select(names).unique()
        questions = [
            Asked(ward=w, district=d, province=p, vintage=v) for w, d, p, v in distinct.iter_rows()
        ]
        new = [each for each in questions if each not in self._answers]
        self._look_up_names(new)
        for each in new:
            self._answers[each] = self._inside(self._answer(each))
        found = [self._answers[each] for each in questions]
        table = distinct.with_columns(
            pl.Series("province_id", [p.province_id for p in found], dtype=pl.Int32),
            pl.Series("district_id", [p.district_id for p in found], dtype=pl.Int32),
            *[
                pl.Series(f"new_{name}", [p.codes[n] for p in found], dtype=pl.String)
                for n, name in enumerate(names[:3])
            ],
            pl.Series("place_field", [p.field for p in found], dtype=pl.String),
            pl.Series("place_reason", [p.reason for p in found], dtype=pl.String),
            pl.Series("place_flag", [p.flag for p in found], dtype=pl.String),
        )
        joined = asked.select(names).join(
            table, on=names, how="left", nulls_equal=True, maintain_order="left"
        )
        return joined.select(
            "province_id", "district_id",
            *[pl.col(f"new_{name}").alias(name) for name in names[:3]],
            "place_field", "place_reason", "place_flag",
        )  # fmt: skip

    def _inside(self, place: Place) -> Place:
        if self._within is None or place.reason or place.province_id in self._within:
            return place
        return Place(field="province_code", reason="area_outside")

    def area(
        self,
        text: str,
        *,
        match: str,
        level: str | None,
        vintage: str,
        parent: str | None = None,
    ) -> tuple[int | None, str]:
        """Return (area number, "") of one code or name, or (None, reason key).

        Args:
            text: the code or name as delivered, trimmed.
            match: "code", "name" or "any" (code first).
            level: level it must have; None for any, the coarsest that fits.
            vintage: vintage it must belong to.
            parent: code or name of the province it must lie in; None for any.
        """
        above = self._area_of("province", vintage, parent, parent=None)
        if isinstance(above, str):
            return None, above
        within = above.code if above else None
        found: _Area | str | None = None
        if match != "name":
            found = self._by_code.get((vintage, text))
            if found is None or (level and found.level != level):
                levels = [level] if level else [each.value for each in Level]
                codes = (self._code(each, vintage, text) for each in levels)
                found = next((each for each in codes if each is not None), None)
        if found is None and match != "code":
            found = self._named(text, level=level, vintage=vintage, parent=within)
        if not isinstance(found, _Area):
            return None, found or "area_unknown"
        if within is not None and found.parent != within:
            return None, "district_not_in_province"
        return found.area_id, ""

    def _code(self, level: str, vintage: str, text: str) -> _Area | None:
        known = self._codes.get((vintage, level), {})
        if text in known:
            return known[text]
        number = _NUMBER.match(text)
        if number:
            return self._bare.get((vintage, level), {}).get(number[1].lstrip("0"))
        return known.get(text.upper())

    def _look_up_names(self, asked: Iterable[Asked]) -> None:
        """Look up in one go the names of provinces that are no codes."""
        wanted: dict[str, list[str]] = {}
        for each in asked:
            if each.province and self._code("province", each.vintage, each.province) is None:
                wanted.setdefault(each.vintage, []).append(each.province)
        for vintage, names in wanted.items():
            self._match(sorted(set(names)), level="province", vintage=vintage, parent=None)
        districts: dict[tuple[str, str | None], set[str]] = {}
        for each in asked:
            if each.district and self._code("district", each.vintage, each.district) is None:
                parent = self._area_of("province", each.vintage, each.province, parent=None)
                code = parent.code if isinstance(parent, _Area) else None
                districts.setdefault((each.vintage, code), set()).add(each.district)
        for (vintage, code), texts in districts.items():
            self._match(sorted(texts), level="district", vintage=vintage, parent=code)
        self._look_up_wards(asked)

    def _look_up_wards(self, asked: Iterable[Asked]) -> None:
        """Look up in one go, by what they must lie in, the names of wards that are no codes."""
        wanted: dict[tuple[str, _Area | None], set[str]] = {}
        for each in asked:
            if not (each.ward and self._ships_wards(each.vintage)):
                continue
            if self._code("ward", each.vintage, each.ward) is None:
                wanted.setdefault((each.vintage, self._around(each)), set()).add(each.ward)
        by_index: dict[str, list[tuple[str, str | None]]] = {}
        for (vintage, within), texts in wanted.items():
            if within is not None and within.level == Level.PROVINCE:
                self._match_wards(
                    [(text, within.code) for text in sorted(texts)], vintage, province=within
                )
            else:
                pairs = [(text, within.code if within else None) for text in sorted(texts)]
                by_index.setdefault(vintage, []).extend(pairs)
        for vintage, pairs in by_index.items():
            self._match_wards(pairs, vintage, province=None)

    def _around(self, asked: Asked) -> _Area | None:
        """Return the district or province that a row names, as far as it can be found."""
        province = self._area_of("province", asked.vintage, asked.province, parent=None)
        code = province.code if isinstance(province, _Area) else None
        district = self._area_of("district", asked.vintage, asked.district, parent=code)
        found = district if isinstance(district, _Area) else province
        return found if isinstance(found, _Area) else None

    def _match_wards(
        self, pairs: list[tuple[str, str | None]], vintage: str, *, province: _Area | None
    ) -> None:
        texts, parents = [text for text, _ in pairs], [code for _, code in pairs]
        if province is None:
            found = self._areas.ward_index(vintage).match(texts, parent=parents)
        else:
            # In a vintage with districts a ward's parent is not the province.
            lies_in = (pl.col("vintage") == vintage) & (pl.col("province_id") == province.area_id)
            found = AreaIndex(self._areas.wards.filter(lies_in)).match(texts)
        for (text, code), row in zip(pairs, found.iter_rows(named=True), strict=True):
            answer: _Area | str | None = None
            if row["ambiguous"]:
                answer = self._as_written(text, vintage, row["candidates"]) or "area_ambiguous"
            elif row["code"] is not None:
                answer = self._by_code[vintage, row["code"]]
            self._names[text, "ward", vintage, code] = answer

    def _as_written(self, text: str, vintage: str, candidates: list[str]) -> _Area | None:
        """Return the one ward whose accents are those of the text: `Minh Quán` is not `Minh Quân`.

        Folded names are what makes them alike; the type word may stand before the name.
        """
        is_candidate = (pl.col("vintage") == vintage) & pl.col("code").is_in(candidates)
        rows = self._areas.wards.filter(is_candidate).select("code", "kind", "name").iter_rows()
        wanted = unicodedata.normalize("NFC", text).casefold()
        fits = [
            code
            for code, kind, name in rows
            if wanted in (name.casefold(), f"{kind} {name}".casefold())
        ]
        return self._by_code[vintage, fits[0]] if len(fits) == 1 else None

    def _match(
        self, names: list[str], *, level: str | None, vintage: str, parent: str | None
    ) -> None:
        found = self._areas.index.match(names, level=level, vintage=vintage, parent=parent)
        for row in found.iter_rows(named=True):
            answer: _Area | str | None = "area_ambiguous" if row["ambiguous"] else None
            if row["code"] is not None:
                answer = self._by_code[vintage, row["code"]]
            self._names[row["name"], level or "", vintage, parent] = answer

    def _named(
        self, text: str, *, level: str | None, vintage: str, parent: str | None
    ) -> _Area | str | None:
        key = (text, level or "", vintage, parent)
        if key not in self._names:
            self._match([text], level=level, vintage=vintage, parent=parent)
        return self._names[key]

    def _area_of(
        self, level: str, vintage: str, text: str | None, *, parent: str | None
    ) -> _Area | str | None:
        """Return the area, or a reason key, or None where nothing was given."""
        if not text:
            return None
        found = self._code(level, vintage, text)
        if found is not None:
            return found
        return self._named(text, level=level, vintage=vintage, parent=parent) or "area_unknown"

    def _answer(self, asked: Asked) -> Place:
        if not (asked.ward or asked.district or asked.province):
            return Place(field="province_code", reason="area_missing")
        province = self._area_of("province", asked.vintage, asked.province, parent=None)
        if isinstance(province, str):
            return Place(field="province_code", reason=province)
        within = province.code if province else None
        district = self._area_of("district", asked.vintage, asked.district, parent=within)
        if isinstance(district, str):
            return Place(field="district_code", reason=district)
        if district and province and district.parent != province.code:
            return Place(field="district_code", reason="district_not_in_province")
        return self._with_ward(asked, province=province, district=district)

    def _with_ward(self, asked: Asked, *, province: _Area | None, district: _Area | None) -> Place:
        if district and province is None:
            province = self._parents(district, vintage=asked.vintage).get("province")
        if not (asked.ward and self._ships_wards(asked.vintage)):
            return _place(asked.ward, district=district, province=province)
        ward = self._ward(asked.ward, asked.vintage, within=district or province)
        if not isinstance(ward, _Area):
            if province is None:
                return Place(field="ward_code", reason=ward)
            # The district or province stands by itself: the record is kept, without its ward.
            found = _place(None, district=district, province=province)
            return replace(found, flag="ward_unknown")
        parents = self._parents(ward, vintage=asked.vintage)
        above = district or province
        if above and above.code not in {each.code for each in parents.values()}:
            return Place(field="ward_code", reason="ward_not_in_district")
        return _place(ward.code, district=parents.get("district"), province=parents.get("province"))

    def _ward(self, text: str, vintage: str, *, within: _Area | None) -> _Area | str:
        """Return the ward of a code or name, or a reason key.

        Args:
            text: the code or name.
            vintage: the vintage of the record's day.
            within: district or province that a ward found by its name must lie in.
        """
        found = self._code("ward", vintage, text)
        if found is not None:
            return found
        return self._names[text, "ward", vintage, within.code if within else None] or "area_unknown"

    def _parents(self, area: _Area, *, vintage: str) -> dict[str, _Area]:
        found: dict[str, _Area] = {}
        above = self._by_code.get((vintage, area.parent))
        while above is not None and above.level not in found:
            found[above.level] = above
            above = self._by_code.get((vintage, above.parent))
        return found


def _place(ward: str | None, *, district: _Area | None, province: _Area | None) -> Place:
    if province is None:
        return Place(field="ward_code", reason="area_unplaced")
    return Place(
        province_id=province.area_id,
        district_id=district.area_id if district else None,
        codes=(ward, district.code if district else None, province.code),
    )


def _without_zeros(known: dict[str, _Area]) -> dict[str, _Area]:
    """Return code without leading zeros → area, for numeric codes that stay distinct."""
    bare: dict[str, _Area] = {}
    clashing: set[str] = set()
    for code, area in known.items():
        if not code.isdecimal():
            continue
        short = code.lstrip("0")
        if short in bare:
            clashing.add(short)
        bare[short] = area
    return {short: area for short, area in bare.items() if short not in clashing}
