"""Rt, growth and nowcast of one place together: what is complete, what is shown, what is not."""

from datetime import date, timedelta

import numpy as np
import pytest

from dashboard.charts.transmission import rt_figure
from dashboard.i18n import translator
from data_access.estimates import nowcast as nowcasting
from data_access.estimates.nowcast import MAX_DELAY, Triangle
from data_access.estimates.reproduction import Hidden, Incidence, reproduction
from data_access.estimates.serial_interval import SerialInterval
from data_access.estimates.transmission import transmission
from tests.unit.estimates.test_nowcast import simulated, triangle_of

FIRST = date(2021, 5, 1)
DELTA = SerialInterval(mean=4.0, sd=2.5)


def last_of(days: int) -> date:
    return FIRST + timedelta(days=days - 1)


def test_days_usually_incomplete_are_left_out_of_rt_and_growth() -> None:
    total = [100.0] * 60 + [5.0] * 3
    found = transmission(FIRST, total, usually_complete_until=last_of(60))
    assert found.newest is not None
    assert (found.newest.day, found.complete_until) == (last_of(60), last_of(60))
    assert found.newest.r is not None
    assert found.newest.r.mean == pytest.approx(1, abs=0.02)
    assert [one.hidden for one in found.rt[-3:]] == [Hidden.RECENT] * 3
    assert found.growth is not None
    assert found.growth.rate == 0
    assert found.hidden is None
    assert (found.expected, found.not_expected) == ((), nowcasting.Hidden.NO_DELAYS)


def test_sensitivity_is_rt_of_the_same_window_with_the_other_intervals() -> None:
    total = [float(one) for one in np.round(80 * np.exp(0.05 * np.arange(50)))]
    found = transmission(FIRST, total, usually_complete_until=last_of(48))
    for mean, r in found.sensitivity:
        other = SerialInterval(mean=mean, sd=2.5)
        [window] = [one for one in reproduction(Incidence(local=total), other) if one.t_end == 48]
        assert r == window.r
    short, long = (r.mean for _, r in found.sensitivity)
    assert found.newest is not None
    assert found.newest.r is not None
    assert short < found.newest.r.mean < long


def test_cases_from_abroad_infect_and_are_not_infected_here() -> None:
    total, abroad = [60.0] * 50, [20.0] * 50
    apart = transmission(FIRST, total, imported=abroad, usually_complete_until=last_of(50))
    together = transmission(FIRST, total, usually_complete_until=last_of(50))
    assert apart.imported_apart
    assert not together.imported_apart
    assert apart.newest is not None
    assert apart.newest.r is not None
    assert apart.newest.r.mean == pytest.approx(2 / 3, abs=0.02)


def test_the_age_at_which_a_day_is_complete_is_learnt() -> None:
    full = simulated(11)
    triangle = triangle_of(full)
    total = [float(triangle.known[row, min(119 - row, MAX_DELAY)]) for row in range(120)]
    found = transmission(
        FIRST, total, triangle=(FIRST, triangle), usually_complete_until=last_of(120)
    )
    # .97 of a day are known on its seventh day, .92 on its sixth.
    assert found.complete_until in {last_of(120 - 6), last_of(120 - 7), last_of(120 - 5)}
    assert found.not_expected is None
    assert found.expected[-1].day == last_of(120)
    assert all(one.reported <= one.estimate for one in found.expected)
    assert found.newest is not None
    assert found.newest.day == found.complete_until


def test_a_history_of_another_series_gives_no_estimate() -> None:
    triangle = triangle_of(simulated(11))
    found = transmission(
        FIRST, [500.0] * 120, triangle=(FIRST, Triangle(known=triangle.known * 0.5)),
        usually_complete_until=last_of(118),
    )  # fmt: skip
    assert found.expected == ()
    assert found.not_expected is nowcasting.Hidden.NO_DELAYS
    assert found.complete_until == last_of(118)


def test_a_day_in_the_past_knows_no_later_days() -> None:
    triangle = triangle_of(simulated(11))
    total = [float(triangle.known[row, min(119 - row, MAX_DELAY)]) for row in range(100)]
    found = transmission(
        FIRST, total, triangle=(FIRST, triangle), usually_complete_until=last_of(118)
    )
    assert found.expected == ()
    assert found.newest is not None
    assert found.newest.day == last_of(100)


@pytest.mark.parametrize(
    ("total", "hidden"),
    [
        ([7.0], Hidden.TOO_EARLY),
        ([0.0] * 40, Hidden.FEW_CASES),
        ([40.0] * 30 + [None] * 10, Hidden.GAP),
        ([40.0] * 39 + [-3.0], Hidden.NEGATIVE),
    ],
)
def test_the_reason_is_that_of_the_newest_window(total, hidden) -> None:
    found = transmission(FIRST, total, usually_complete_until=last_of(len(total)))
    assert found.hidden is hidden
    shown = found.newest
    assert shown is None or shown.day < last_of(len(total))
    assert found.growth is None


def test_the_band_has_no_bridge_over_days_that_are_not_shown() -> None:
    total = [40.0] * 30 + [0.0] * 20 + [40.0] * 30
    found = transmission(FIRST, total, usually_complete_until=last_of(80))
    figure = rt_figure(found.rt, t=translator("vi"), language="vi")
    bands = [trace for trace in figure.data if trace.fill == "toself"]
    assert len(bands) == 2
    hidden = {one.day for one in found.rt if one.r is None}
    assert hidden
    assert not hidden & {day for band in bands for day in band.x}
    [line] = [trace for trace in figure.data if trace.fill != "toself"]
    assert [day for day, value in zip(line.x, line.y, strict=True) if value is None] == sorted(
        hidden
    )
    assert line.connectgaps is False
