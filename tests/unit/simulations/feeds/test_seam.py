"""What is asked of a feed."""

from datetime import date

import pytest

from simulations.feeds.model import FeedSpec


@pytest.mark.parametrize(("days", "thin"), [(0, 1.0), (-1, 1.0), (1, 0.0), (1, 1.1)])
def test_a_spec_that_means_nothing_is_refused(days: int, thin: float) -> None:
    with pytest.raises(ValueError, match="days is|thin is"):
        FeedSpec(first_day=date(2021, 9, 2), days=days, seed=1, thin=thin)
