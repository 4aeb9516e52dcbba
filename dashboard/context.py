"""What every section of a page needs to know: who looks, at which day, in which words."""

from dataclasses import dataclass
from datetime import date, datetime

from dashboard import access, filters, loaders, loaders_bulletins, navigation, resources
from dashboard.i18n import Translate
from dashboard.live import Beat
from data_access.bulletins.model import Bulletin
from data_access.viewer import Viewer


@dataclass(frozen=True, kw_only=True)
class Context:
    """One look at the figures.

    Attributes:
        viewer: who looks, from which moment.
        beat: state of the database.
        day: the day on screen; None while there are no figures.
        newest: the newest day that most of the country has reported, the one to open with.
        last: the newest day with any figure, the last that can be chosen.
        home: code of the province the viewer is bound to; None for the nation.
        language: `vi` or `en`.
        t: texts of that language.
        zone: the country's time zone.
        head: the bulletin on screen; None: the shared database as it is.
    """

    viewer: Viewer
    beat: Beat
    day: date | None
    newest: date | None
    last: date | None
    home: str | None
    language: str
    t: Translate
    zone: str
    head: Bulletin | None = None

    @property
    def moment(self) -> datetime:
        """The instant that the figures are of: a bulletin's stands still."""
        return self.head.cut_off if self.head else self.viewer.now

    @property
    def token(self) -> str:
        """The change token, for cache keys: the press's moves with publications alone."""
        return self.beat.public if self.viewer.published_only else self.beat.token


def look(page: str) -> Context:
    """Return the context of a page at this moment.

    Raises:
        ScopeDenied: if the viewer may not open the page, or nothing has been published for them.
        DatabaseUnavailable: if the database does not answer and no earlier figures are kept.
    """
    viewer = access.require_page(page)
    beat = resources.beat(settled=navigation.page(page).settled)
    token = beat.public if viewer.published_only else beat.token
    head = loaders_bulletins.head(viewer=viewer, token=token)
    known = loaders.days_known(viewer=viewer, token=token)
    newest, last = known or (None, None)
    chosen = filters.current().day
    return Context(
        viewer=viewer,
        beat=beat,
        day=chosen if chosen and last and chosen <= last else newest,
        newest=newest,
        last=last,
        home=access.home(viewer),
        language=filters.language(),
        t=filters.translate(),
        zone=resources.shared().areas.country.time_zone,
        head=head,
    )
