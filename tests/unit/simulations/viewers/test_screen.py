"""A screen built from messages as a browser would."""

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from simulations.viewers.screen import Screen


def menu(**pages: str) -> ForwardMsg:
    message = ForwardMsg()
    for address, code in pages.items():
        page = message.navigation.app_pages.add()
        page.url_pathname, page.page_script_hash = address.strip("_"), code
    message.navigation.page_script_hash = next(iter(pages.values()))
    return message


def select(widget: str, *options: str, default: int = 0, fragment: str = "") -> ForwardMsg:
    message = ForwardMsg()
    box = message.delta.new_element.selectbox
    box.id, box.default = widget, default
    box.options.extend(options)
    message.delta.fragment_id = fragment
    return message


def segments(widget: str, *options: str, default: int = 0) -> ForwardMsg:
    message = ForwardMsg()
    group = message.delta.new_element.button_group
    group.id = widget
    for option in options:
        group.options.add().content = option
    group.default.append(default)
    return message


def ended(status: int = ForwardMsg.FINISHED_SUCCESSFULLY) -> ForwardMsg:
    message = ForwardMsg()
    message.script_finished = status
    return message


def test_what_can_be_chosen_is_read_from_the_screen() -> None:
    screen = Screen()
    for message in (menu(_="a", map="b"), select("s", "x", "y", default=1), segments("g", "1", "2"),
                    select("alone", "x"), ended()):  # fmt: skip
        assert screen.take(message) == ""
    assert screen.pages == {"": "a", "map": "b"}
    assert {control.widget: control.chosen for control in screen.usable()} == {"s": "y", "g": "1"}


def test_a_choice_is_sent_as_its_kind_of_control_sends_it() -> None:
    screen = Screen()
    for message in (menu(_="a"), select("s", "x", "y", fragment="f"), segments("g", "1", "2")):
        screen.take(message)
    first = screen.chosen(screen.controls["s"], "y").rerun_script
    assert (first.fragment_id, first.page_script_hash) == ("f", "a")
    both = screen.chosen(screen.controls["g"], "2").rerun_script.widget_states.widgets
    assert {one.id: one.string_value or list(one.string_array_value.data) for one in both} == {
        "s": "y", "g": ["2"],
    }  # fmt: skip


def test_what_was_set_is_shown_although_the_element_says_what_it_started_with() -> None:
    screen = Screen()
    for message in (menu(_="a"), select("s", "x", "y"), ended()):
        screen.take(message)
    screen.chosen(screen.controls["s"], "y")
    assert screen.controls["s"].chosen == "y"
    for message in (select("s", "x", "y"), ended()):
        screen.take(message)
    assert screen.controls["s"].chosen == "y"


def test_what_another_page_held_is_forgotten_once_a_page_is_whole() -> None:
    screen = Screen()
    for message in (menu(_="a", map="b"), select("s", "x", "y"), segments("g", "1", "2"), ended()):
        screen.take(message)
    screen.chosen(screen.controls["s"], "y")
    screen.opened("map")
    for message in (segments("g", "1", "2"), ended()):
        screen.take(message)
    assert set(screen.controls) == {"g"}
    assert not screen.opened("").rerun_script.widget_states.widgets


def test_a_part_of_a_page_that_runs_alone_leaves_the_rest() -> None:
    screen = Screen()
    for message in (menu(_="a"), select("s", "x", "y"), segments("g", "1", "2"), ended()):
        screen.take(message)
    screen.chosen(screen.controls["s"], "y")
    for message in (select("s", "x", "y"), ended(ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)):
        screen.take(message)
    assert set(screen.controls) == {"s", "g"}


def test_an_exception_on_the_screen_is_an_error() -> None:
    message = ForwardMsg()
    message.delta.new_element.exception.type = "KeyError"
    assert "KeyError" in Screen().take(message)
    incident = ForwardMsg()
    incident.delta.new_element.alert.format = Alert.ERROR
    assert Screen().take(incident) == "error shown in place of figures"
    notice = ForwardMsg()
    notice.delta.new_element.alert.format = Alert.INFO
    assert Screen().take(notice) == ""
    missing = ForwardMsg()
    missing.page_not_found.page_name = "nowhere"
    assert Screen().take(missing) == "page not found"


def kept(text: str, *, fragment: str = "", cacheable: bool = True) -> ForwardMsg:
    message = ForwardMsg()
    message.delta.new_element.selectbox.id = text
    message.delta.new_element.selectbox.options.extend(["x", "y"])
    message.delta.fragment_id = fragment
    message.hash, message.metadata.cacheable = f"hash of {text}", cacheable
    return message


def reference(text: str) -> ForwardMsg:
    message = ForwardMsg()
    message.ref_hash = f"hash of {text}"
    return message


def begun(*fragments: str, most_runs: int = 2) -> ForwardMsg:
    message = ForwardMsg()
    message.metadata.run.fragment_ids.extend(fragments)
    message.new_session.config.max_cached_message_age = most_runs
    return message


def hashes(screen: Screen) -> set[str]:
    return set(screen.first(query="").rerun_script.cached_message_hashes)


def test_a_kept_message_is_named_and_a_reference_to_it_is_shown_as_itself() -> None:
    screen = Screen()
    for message in (begun(), kept("large"), kept("small", cacheable=False), ended()):
        assert screen.take(message) == ""
    assert hashes(screen) == {"hash of large"}
    for message in (begun(), reference("large"), ended()):
        assert screen.take(message) == ""
    assert list(screen.controls) == ["large"]


def test_a_reference_to_nothing_is_an_error() -> None:
    assert Screen().take(reference("gone")) == "a message that is not held"


def test_a_message_not_shown_again_is_let_go_after_the_runs_the_server_allows() -> None:
    screen = Screen()
    for message in (begun(), kept("old"), ended()):
        screen.take(message)
    for _ in range(2):
        assert hashes(screen) == {"hash of old"}
        for message in (begun(), ended()):
            screen.take(message)
    assert hashes(screen) == set()


def test_a_run_of_one_fragment_ages_only_its_own_messages() -> None:
    screen = Screen()
    for message in (begun(), kept("mine", fragment="f"), kept("other", fragment="g"), ended()):
        screen.take(message)
    for _ in range(3):
        for message in (begun("f"), ended(ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)):
            screen.take(message)
    assert hashes(screen) == {"hash of other"}
