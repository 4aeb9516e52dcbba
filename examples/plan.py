"""Which mapping reads which file, and from which moment the file's figures were known.

The files lie in the folder that `--data` names, laid out as in its PROVENANCE.md. A moment is local
time of the country: the morning after the last day of a file that grew day by day, the day of
publication of a census. So a look back in time sees each file from then on.
"""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, kw_only=True)
class Step:
    """One delivery.

    Attributes:
        mapping: table mapping.
        file: the figures, relative to the data folder.
        known_at: local time at which they were known.
    """

    mapping: Path
    file: str
    known_at: str


def _step(country: str, mapping: str, *, file: str, known_at: str) -> Step:
    folder = HERE / country
    return Step(mapping=folder / f"{mapping}.toml", file=f"{country}/{file}", known_at=known_at)


def _vn(mapping: str, file: str, known_at: str) -> Step:
    return _step("vn", mapping, file=f"vn_{file}.csv", known_at=known_at)


def _my(mapping: str, file: str, known_at: str) -> Step:
    return _step("my", mapping, file=f"{file}.csv", known_at=known_at)


VIETNAM = (
    _vn("census_2019_province", "census2019_province", "2019-12-19"),
    _vn("census_2019_district", "census2019_district_sex_urban", "2019-12-19"),
    _vn("hospital_capacity_gso", "province_health_capacity_gso", "2020-01-01"),
    _vn("district_daily", "district_daily_cases_antoancovid_20210427_20210713", "2021-07-14"),
    _vn("vaccination_20210805", "province_vaccination_snapshot_tiemchung_20210805", "2021-08-06"),
    _vn("vncdc_daily", "province_daily_detection_setting_vncdc_20210427_20210914", "2021-09-15"),
    _vn("vnexpress_national", "national_daily_vnexpress_20210427_20210915", "2021-09-16"),
    _vn("ncsc_snapshot_20210919", "province_snapshot_ncsc_20210919", "2021-09-20"),
    _vn(
        "ncsc_cumulative",
        "province_cumulative_ncsc_covidregionaldata_20200318_20210919",
        "2021-09-20",
    ),
    _vn("vnexpress_daily", "province_daily_vnexpress_20210427_20211117", "2021-11-18"),
    _vn("ncsc_daily", "province_daily_ncsc_20200318_20220122", "2022-01-23"),
    _vn("ncsc_vaccination_national", "national_vaccination_ncsc_20210913_20220122", "2022-01-23"),
    _vn("hanoi_hospital", "hanoi_daily_cases_deaths_hospital_icu_autumn", "2022-06-20"),
    _vn("hcmc_hospital", "ho_chi_minh_city_daily_cases_deaths_hospital_icu_autumn", "2022-07-01"),
    _vn("jhu_national", "national_daily_jhu_20200122_20230309", "2023-03-10"),
    _vn("owid_national", "national_daily_owid_20200103_20230412", "2023-04-13"),
    _vn("population_2025", "34provinces_2025_area_population", "2025-07-01"),
)
MALAYSIA = (
    _my("population", "population", "2021-07-31"),
    _my("cases_state", "cases_state", "2021-08-15"),
    _my("cases_national", "cases_malaysia", "2021-08-15"),
    _my("deaths_state", "deaths_state", "2021-08-15"),
    _my("pkrc", "pkrc", "2021-08-15"),
    _my("hospital", "hospital", "2021-08-15"),
    _my("icu", "icu", "2021-08-15"),
    _my("tests", "tests_malaysia", "2021-08-15"),
    _my("checkin_state", "checkin_state", "2021-08-15"),
    _my("checkin_national", "checkin_malaysia", "2021-08-15"),
    _my("tracing", "trace_malaysia", "2021-08-15"),
    _my("clusters", "clusters", "2021-08-15"),
    _my("clusters_state", "clusters", "2021-08-15"),
    _my("clusters_active", "clusters", "2021-08-15"),
    _my("vaccination", "vax_state", "2021-08-16"),
)
PLANS = {"VN": VIETNAM, "MY": MALAYSIA}
