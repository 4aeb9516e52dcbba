"""What a browser would hold of a session: the pages, and the controls on the screen.

Knows Streamlit's messages and nothing of sockets. Source: the protocol's own definitions in the
package's `streamlit.proto` (1.67).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from simulations.viewers.held import Held

ENDED = ForwardMsg.FINISHED_EARLY_FOR_RERUN
"""A run that gave way to a newer one: the answer is still to come."""
WHOLE = ForwardMsg.FINISHED_SUCCESSFULLY
BROKEN = ForwardMsg.FINISHED_WITH_COMPILE_ERROR


@dataclass(frozen=True, kw_only=True)
class Control:
    """One control that a person could use.

    Attributes:
        widget: id of the widget.
        choices: what it offers, as it is sent back.
        chosen: what it shows now.
        listed: sent back as a list (a segmented control) rather than a text (a select).
    """

    widget: str
    choices: tuple[str, ...]
    chosen: str
    listed: bool

    def state(self, choice: str) -> WidgetState:
        """Return the message part that says that a choice was made."""
        state = WidgetState(id=self.widget)
        if self.listed:
            state.string_array_value.data.append(choice)
        else:
            state.string_value = choice
        return state


@dataclass(kw_only=True)
class Screen:
    """The state of one session's screen.

    Attributes:
        pages: page's address (empty for the first) → hash.
        page: hash of the page that is open.
        controls: widget id → control, of the page that is open.
        values: what this session has set, sent again with every run as a browser does.
        fragments: widget id → the fragment that is run alone when it changes.
        held: messages that need not be sent again.
    """

    pages: dict[str, str] = field(default_factory=dict)
    page: str = ""
    controls: dict[str, Control] = field(default_factory=dict)
    values: dict[str, WidgetState] = field(default_factory=dict)
    fragments: dict[str, str] = field(default_factory=dict)
    held: Held = field(default_factory=Held)
    _drawn: set[str] = field(default_factory=set)
    _about: tuple[str, ...] = ()
    _most_runs: int = 0

    def take(self, message: ForwardMsg) -> str:
        """Take a message in; return what is wrong with the screen, empty for nothing."""
        try:
            message = self.held.whole(message)
        except KeyError:
            return "a message that is not held"
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._about = tuple(message.metadata.run.fragment_ids)
            self._most_runs = message.new_session.config.max_cached_message_age
        elif kind == "script_finished" and message.script_finished != ENDED:
            self.held.ended(self._about, most_runs=self._most_runs)
        if kind == "navigation":
            self.pages = {
                page.url_pathname: page.page_script_hash
                for page in message.navigation.app_pages
                if not page.is_hidden
            }
            self.page = message.navigation.page_script_hash
        elif kind == "page_not_found":
            return "page not found"
        elif kind == "script_finished" and message.script_finished == WHOLE:
            self._forget()
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            return self._place(message.delta.new_element, fragment=message.delta.fragment_id)
        return ""

    def _place(self, element: Element, *, fragment: str) -> str:
        if element.WhichOneof("type") == "exception":
            # The type is withheld where details are, as in production.
            return " ".join(["exception on screen", element.exception.type]).strip()
        if element.WhichOneof("type") == "alert" and element.alert.format == Alert.ERROR:
            return "error shown in place of figures"
        control = read_control(element)
        if control is not None:
            self._drawn.add(control.widget)
            # The element says what it started with; what was set since is what it shows.
            set_here = self.controls.get(control.widget) if control.widget in self.values else None
            shown = replace(control, chosen=set_here.chosen) if set_here else control
            self.controls[control.widget] = shown
            self.fragments[control.widget] = fragment
        return ""

    def _forget(self) -> None:
        """Let go of controls that a whole run did not draw, and of what was set there."""
        for held in (self.controls, self.values, self.fragments):
            for widget in set(held) - self._drawn:
                del held[widget]

    def first(self, *, query: str) -> BackMsg:
        """Return what a browser sends when it opens an address."""
        return self._run(query=query)

    def opened(self, address: str) -> BackMsg:
        """Return what a browser sends when a page of the menu is chosen.

        Raises:
            KeyError: if the menu has no such page.
        """
        self.page = self.pages[address]
        return self._run(query="")

    def chosen(self, control: Control, choice: str, *, query: str = "") -> BackMsg:
        """Return what a browser sends when a control is used."""
        self.values[control.widget] = control.state(choice)
        self.controls[control.widget] = replace(control, chosen=choice)
        return self._run(query=query, fragment=self.fragments.get(control.widget, ""))

    def _run(self, *, query: str, fragment: str = "") -> BackMsg:
        self._drawn.clear()
        message = BackMsg()
        run = message.rerun_script
        run.query_string, run.page_script_hash, run.fragment_id = query, self.page, fragment
        run.widget_states.widgets.extend(self.values.values())
        run.cached_message_hashes.extend(self.held.hashes)
        run.context_info.timezone = "Asia/Ho_Chi_Minh"
        run.context_info.timezone_offset = -420
        run.context_info.locale = "vi-VN"
        return message

    def usable(self) -> Iterator[Control]:
        """Yield the controls that have something else to choose, in the order they came."""
        return (one for one in self.controls.values() if len(one.choices) > 1)


def read_control(element: Element) -> Control | None:
    """Return a select or a segmented control of an element; None if it is neither, or off."""
    kind = element.WhichOneof("type")
    if kind == "selectbox" and not element.selectbox.disabled:
        box = element.selectbox
        options = tuple(box.options)
        at = box.default if box.HasField("default") else -1
        chosen = box.raw_value or (options[at] if 0 <= at < len(options) else "")
        return Control(widget=box.id, choices=options, chosen=chosen, listed=False)
    if kind == "button_group" and not element.button_group.disabled:
        group = element.button_group
        options = tuple(option.content for option in group.options)
        given = list(group.raw_values) or [options[at] for at in group.default]
        return Control(
            widget=group.id, choices=options, chosen=given[0] if given else "", listed=True
        )
    return None
