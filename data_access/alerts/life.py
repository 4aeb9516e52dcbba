"""The life of an alert as a state machine. Pure.

raised → acknowledged → assigned → escalated → closed; escalating may come at any time, assigning
takes an escalated alert up again. Whoever closes has acknowledged before, and says why.
"""

from collections.abc import Mapping

from data_access.alerts.model import OPEN, Action, AlertRefused, State
from data_access.errors import BadUse

FROM: Mapping[Action, tuple[State, ...]] = {
    Action.ACKNOWLEDGE: (State.RAISED,),
    Action.ASSIGN: OPEN,
    Action.ESCALATE: (State.RAISED, State.ACKNOWLEDGED, State.ASSIGNED),
    Action.NOTE: tuple(State),
    Action.CLOSE: (State.ACKNOWLEDGED, State.ASSIGNED, State.ESCALATED),
}
"""Where an alert must stand for each step."""
TO: Mapping[Action, State] = {
    Action.ACKNOWLEDGE: State.ACKNOWLEDGED,
    Action.ASSIGN: State.ASSIGNED,
    Action.ESCALATE: State.ESCALATED,
    Action.CLOSE: State.CLOSED,
}
"""Where it stands afterwards; a note leaves it where it is."""
NEEDS_NOTE = frozenset({Action.ESCALATE, Action.NOTE, Action.CLOSE})
LONGEST_NOTE = 1000
LONGEST_NAME = 100


def possible(state: State) -> tuple[Action, ...]:
    """Return what may be done with an alert that stands there."""
    return tuple(action for action, states in FROM.items() if state in states)


def following(state: State, action: Action, *, note: str, assignee: str) -> State:
    """Return where an alert stands after a step.

    Raises:
        AlertRefused: if it may not be taken from there.
        BadUse: if it lacks the note or the name that it needs, or one is too long.
    """
    if state not in FROM.get(action, ()):
        raise AlertRefused(f"cannot {action} an alert that is {state}")
    if action in NEEDS_NOTE and not note.strip():
        raise BadUse(f"to {action} an alert, say why in a note")
    if (action is Action.ASSIGN) != bool(assignee.strip()):
        raise BadUse("an alert is assigned to somebody, and only then is a name given")
    if len(note) > LONGEST_NOTE or len(assignee) > LONGEST_NAME:
        raise BadUse(f"a note has at most {LONGEST_NOTE} letters, a name {LONGEST_NAME}")
    return TO.get(action, state)
