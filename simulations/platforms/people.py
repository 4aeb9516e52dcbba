"""Invented people whose numbers are well-formed and of nobody. Pure.

A citizen's number (CCCD) says province of birth registration, century with sex, and year of
birth, as Decree 137/2015/NĐ-CP, article 7, lays down. Every number is given once.
"""

from datetime import date

import numpy as np
import polars as pl

from simulations.platforms.setting import Setting

FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan",
          "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý")  # fmt: skip
MIDDLE = {
    "nam": ("Văn", "Đức", "Hữu", "Minh", "Quốc"),
    "nu": ("Thị", "Ngọc", "Thu", "Kim", "Thanh"),
}
GIVEN = {
    "nam": ("An", "Bình", "Cường", "Dũng", "Giang", "Hùng",
            "Khôi", "Long", "Nam", "Phúc", "Quân", "Sơn", "Tuấn", "Việt"),
    "nu": ("Ánh", "Châu", "Dung", "Hạnh", "Hương", "Lan", "Mai",
           "Nga", "Oanh", "Phượng", "Quỳnh", "Thảo", "Trang", "Yến"),
}  # fmt: skip
DAYS_PER_YEAR = 365.25
_SCATTER = 7919
_PHONES, _SERIALS = 10**7, 10**6
"""Telephone numbers of one prefix, and serial numbers of one province, year and sex."""


class Register:
    """Gives out people, no two of whom share a number."""

    def __init__(self, setting: Setting, *, given: int = 0) -> None:
        """Start after the numbers that were given before."""
        self.setting = setting
        self.given = given

    def add_people(
        self, rows: pl.DataFrame, *, youngest: int = 18, oldest: int = 85
    ) -> pl.DataFrame:
        """Add a new person to each row: full_name, birth_date, id_no, insurance_no, phone, sex.

        Needs: province_code, where the person's birth is registered.

        Args:
            rows: one per person.
            youngest: least age (years) on the first day of the period.
            oldest: greatest age (years).
        """
        setting, n = self.setting, rows.height
        running = pl.int_range(self.given, self.given + n, dtype=pl.Int64, eager=True).alias("_n")
        self.given += n
        years = setting.rng.uniform(youngest + 0.1, oldest, size=n)
        lived = pl.Series("_lived", (years * DAYS_PER_YEAR).astype(np.int64) + 1)
        born = pl.lit(setting.first_day) - pl.duration(days=pl.col("_lived"))
        sex = setting.chosen("sex", ("nam", "nu"), n=n)
        return (
            rows.with_columns(running, sex, lived, self._names(sex))
            .with_columns(born.alias("birth_date"))
            .with_columns(_citizen_number(), _insurance_number(), _phone())
            .drop("_n", "_lived")
        )

    def _names(self, sex: pl.Series) -> pl.Series:
        rng = self.setting.rng
        family, middle, given = (rng.integers(0, size, len(sex)) for size in (16, 5, 14))
        middles, givens = (
            pl.Series([*names["nam"], *names["nu"]], dtype=pl.String) for names in (MIDDLE, GIVEN)
        )
        second = (sex == "nu").to_numpy()
        return (
            pl.Series(FAMILY, dtype=pl.String).gather(family)
            + " "
            + middles.gather(middle + 5 * second)
            + " "
            + givens.gather(given + 14 * second)
        ).alias("full_name")


def _citizen_number() -> pl.Expr:
    year = pl.col("birth_date").dt.year()
    century = (year // 100 - 19) * 2 + (pl.col("sex") == "nu").cast(pl.Int32)
    serial = (pl.col("_n") % _SERIALS).cast(pl.String).str.zfill(6)
    yy = (year % 100).cast(pl.String).str.zfill(2)
    number = "0" + pl.col("province_code") + century.cast(pl.String) + yy + serial
    return number.alias("id_no")


def _insurance_number() -> pl.Expr:
    return ("9" + pl.col("_n").cast(pl.String).str.zfill(9)).alias("insurance_no")


def _phone() -> pl.Expr:
    # The factor has no divisor in common with ten: each running number has its own telephone.
    return ("090" + (pl.col("_n") * _SCATTER % _PHONES).cast(pl.String).str.zfill(7)).alias("phone")


def age_on(day: date) -> pl.Expr:
    """Return the age (whole years, Int64) on a day."""
    born = pl.col("birth_date")
    had_birthday = (born.dt.month() * 100 + born.dt.day()) <= day.month * 100 + day.day
    return day.year - born.dt.year().cast(pl.Int64) - 1 + had_birthday.cast(pl.Int64)
