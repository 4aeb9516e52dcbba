"""Cases of a stream with their households: the chains of its days, as people and moments.

A contact who will fall ill is one person from the day of being listed on: as contact, in
quarantine, and as a case on a day that may lie in a later block.
"""

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from simulations.feeds.chains import FOUND, KIND_WEIGHTS, KINDS, NO_ONSET, NONE, SEVERITIES, Chains
from simulations.feeds.inside import with_ward
from simulations.platforms.epidemic import (
    Epidemic,
    case_moments,
    contact_columns,
    listed,
    visits_of,
)
from simulations.platforms.people import Register
from simulations.platforms.setting import PERSON, PLACE, Setting, numbered

_HELD = pl.Schema({"case_id": pl.String, "stay_id": pl.String})
_WHERE = (*PLACE, "ward_code")


@dataclass(kw_only=True)
class Outbreaks:
    """The epidemic of a stream, block by block.

    Attributes:
        chains: of all its days.
        codes: provinces, in the order of the chains.
        first_day: first local day of the stream.
        coming: cases of later days, who were listed as contacts.
        held: `case_id, stay_id` of the cases to come who are in quarantine.
    """

    chains: Chains
    codes: tuple[str, ...]
    first_day: date
    coming: pl.DataFrame | None = None
    held: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_HELD))

    def of_block(
        self, setting: Setting, register: Register, *, places: pl.DataFrame, wards: pl.DataFrame
    ) -> Epidemic:
        """Return the cases of a block and of later days, contacts, visits and clusters."""
        low, high = self._range(setting)
        parent = self.chains.parent
        new = np.flatnonzero(((parent >= low) & (parent < high)) | (parent == NONE))
        new = new[(parent[new] != NONE) | ((new >= low) & (new < high))]
        rows = case_moments(setting, self._told(new))
        firsts = _placed(setting, rows.filter(pl.col("parent") == NONE), wards=wards)
        firsts = register.add_people(firsts, youngest=1)
        before = [] if self.coming is None else [self.coming]
        now = pl.col("idx") < high
        known = pl.concat([part.select("idx", "reported_at", "interviewed_at")
                           for part in (rows, *before)]).filter(now)  # fmt: skip
        contacts = self._contacts(setting, register, known=known, firsts=firsts, wards=wards)
        who = contacts.filter(pl.col("child").is_not_null()).select(
            pl.col("child").alias("idx"), *PERSON, *PLACE, "ward_code"
        )
        later = rows.filter(pl.col("parent") != NONE).drop("province_code").join(
            who, on="idx", how="inner", maintain_order="left"
        )  # fmt: skip
        every = pl.concat([firsts, later.select(firsts.columns), *before]).sort("idx")
        cases, self.coming = every.filter(now), every.filter(~now)
        return Epidemic(
            cases=cases,
            contacts=_ordered(contacts),
            visits=visits_of(setting, cases, places=places),
            clusters=self._clusters(cases, low=low, high=high),
            later=self.coming,
            held=self.held,
        )

    def hold(self, epidemic: Epidemic, stays: pl.DataFrame) -> None:
        """Remember in which stays of a block the cases of later days are."""
        listed_before = epidemic.contacts.select("case_id", "contact_id").drop_nulls("case_id")
        inside = stays.select(pl.col("id_of_contact").alias("contact_id"), "stay_id")
        now = listed_before.join(inside.drop_nulls(), on="contact_id", how="inner",
                                 maintain_order="left").select(*_HELD)  # fmt: skip
        waits = pl.DataFrame() if self.coming is None else self.coming.select("case_id")
        self.held = pl.concat([self.held, now]).join(
            waits, on="case_id", how="semi", maintain_order="left"
        )

    def _range(self, setting: Setting) -> tuple[int, int]:
        """Return the first case of a block's days, and the first after them."""
        from_day = (setting.first_day - self.first_day).days
        low, high = np.searchsorted(self.chains.day, (from_day, from_day + setting.n_days))
        return int(low), int(high)

    def _told(self, which: np.ndarray) -> pl.DataFrame:
        """Return what the chains say of cases, in working columns."""
        c = self.chains
        texts = {
            "province_code": pl.Series(self.codes).gather(c.province[which]),
            "severity": pl.Series(SEVERITIES).gather(c.severity[which]),
            "found_by": pl.Series(FOUND).gather(c.found[which]),
        }
        rows = pl.DataFrame(
            {"idx": which, "parent": c.parent[which], "_day": c.day[which], **texts,
             "_onset": c.onset[which], "_infector": c.infector[which],
             "_cluster": c.cluster[which]},
            schema_overrides={"idx": pl.Int64, "parent": pl.Int64},
        )  # fmt: skip
        return rows.with_columns(
            self._on("_day").alias("day"),
            pl.when(pl.col("_onset") != NO_ONSET).then(self._on("_onset")).alias("onset_date"),
            _key("BN-", "idx").alias("case_id"),
            pl.when(pl.col("_infector") != NONE).then(_key("BN-", "_infector"))
            .alias("infector_id"),
            _key("OD-", "_cluster").alias("cluster_id"),
        ).drop("_day", "_onset", "_infector", "_cluster")  # fmt: skip

    def _on(self, number: str) -> pl.Expr:
        return pl.lit(self.first_day) + pl.duration(days=pl.col(number))

    def _contacts(
        self, setting: Setting, register: Register, *, known: pl.DataFrame, firsts: pl.DataFrame,
        wards: pl.DataFrame,
    ) -> pl.DataFrame:  # fmt: skip
        """Return who is listed with the cases of a block; `child` is the case a contact becomes."""
        at_home = self._listed_with(known["idx"].to_numpy(), at_home=True).join(
            firsts.select(pl.col("idx").alias("parent"), *_WHERE), on="parent", how="left",
            maintain_order="left",
        )  # fmt: skip
        away = self._listed_with(known["idx"].to_numpy(), at_home=False)
        away = _placed(setting, away, wards=wards).select(at_home.columns)
        rows = pl.concat([at_home, away]).join(
            known.rename({"idx": "parent", "reported_at": "index_reported_at"}), on="parent",
            how="left", maintain_order="left",
        )  # fmt: skip
        rows = listed(setting, register.add_people(rows, youngest=1))
        rows = setting.after(rows, "quarantined_ts", "sampled_ts", 10, 60).with_columns(
            setting.happens("_there", setting.parameters.reached_share, n=rows.height),
            setting.chosen("_met", KINDS, n=rows.height, weights=KIND_WEIGHTS),
        )
        there = pl.col("_there") | pl.col("child").is_not_null()
        elsewhere = pl.when(pl.col("kind") == KINDS[0]).then("_met").otherwise("kind")
        return rows.with_columns(
            *(pl.when(there).then(pl.col(name)).alias(name)
              for name in ("reached_ts", "quarantined_ts", "sampled_ts")),
            pl.when(there).then(pl.lit("quarantined")).otherwise(pl.lit("new")).alias("status"),
            pl.when("is_home").then(pl.lit(KINDS[0])).otherwise(elsewhere).alias("setting"),
            _key("BN-", "parent").alias("index_case_id"),
            pl.when(pl.col("child").is_not_null()).then(_key("BN-", "child")).alias("case_id"),
        ).drop("_there", "_met")  # fmt: skip

    def _listed_with(self, cases: np.ndarray, *, at_home: bool) -> pl.DataFrame:
        """Return `parent, is_home, kind, province_code, child`, one row per contact of cases."""
        c = self.chains
        many = (c.others_home if at_home else c.others_away)[cases]
        parent = np.repeat(cases, many)
        member = np.arange(len(parent)) - np.repeat(np.cumsum(many) - many, many)
        children = np.flatnonzero((c.is_home == int(at_home)) & np.isin(c.parent, cases))
        of = pl.DataFrame({"parent": c.parent[children], "_member": c.member[children],
                           "child": children}).cast(pl.Int64)  # fmt: skip
        rows = pl.DataFrame(
            {"parent": parent, "_member": member,
             "kind": pl.Series(KINDS).gather(c.kind[c.cluster[parent]]),
             "province_code": pl.Series(self.codes).gather(c.province[parent])},
            schema_overrides={"parent": pl.Int64, "_member": pl.Int64},
        )  # fmt: skip
        return rows.join(of, on=["parent", "_member"], how="left", maintain_order="left").select(
            "parent", pl.lit(at_home).alias("is_home"), "kind",
            *([] if at_home else ["province_code"]), "child",
        )  # fmt: skip

    def _clusters(self, cases: pl.DataFrame, *, low: int, high: int) -> pl.DataFrame:
        """Return the clusters whose first case lies in the block, as they will have been."""
        c = self.chains
        which = np.flatnonzero((c.first >= low) & (c.first < high))
        rows = pl.DataFrame(
            {"idx": c.first[which], "_cluster": which, "_last": c.last_day[which],
             "_onset": c.first_onset[which], "setting": pl.Series(KINDS).gather(c.kind[which])},
            schema_overrides={"idx": pl.Int64},
        )  # fmt: skip
        rows = rows.with_columns(_key("OD-", "_cluster").alias("cluster_id")).join(
            cases.select("idx", "day", *PLACE), on="idx", how="left", maintain_order="left"
        )
        return rows.select(
            "cluster_id",
            ("Ổ dịch " + pl.col("cluster_id")).alias("name"),
            "setting",
            pl.col("day").alias("opened_on"),
            pl.when(pl.col("_onset") != NO_ONSET).then(self._on("_onset")).alias("first_onset"),
            self._on("_last").alias("last_case_date"),
            pl.lit("hoat_dong").alias("status"),
            *PLACE,
        )


def _key(prefix: str, number: str) -> pl.Expr:
    return pl.lit(prefix) + (pl.col(number) + 1).cast(pl.String).str.zfill(7)


def _placed(setting: Setting, rows: pl.DataFrame, *, wards: pl.DataFrame) -> pl.DataFrame:
    """Return rows with a district of their province and a ward of it, by chance."""
    return with_ward(setting, setting.placed(rows), wards=wards, name="ward_code",
                     where=pl.lit(value=True))  # fmt: skip


def _ordered(contacts: pl.DataFrame) -> pl.DataFrame:
    rows = contact_columns(contacts, "ward_code").sort("identified_ts", "id_no")
    return numbered(rows, "contact_id", "TX-")
