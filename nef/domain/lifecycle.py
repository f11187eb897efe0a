"""The life cycle of a session as a table; the state diagram in the docs is drawn from it."""

from enum import StrEnum

from nef.domain.errors import Conflict


class SessionState(StrEnum):
    """Where a session stands between the AF, the store and the network."""

    REQUESTED = "requested"
    ACTIVE = "active"
    UPDATING = "updating"
    RELEASING = "releasing"


class Trigger(StrEnum):
    """What moves a session on."""

    ADMIT = "admit"
    CHANGE = "change"
    SETTLE = "settle"
    RELEASE = "release"


_S, _T = SessionState, Trigger

#: (state, trigger) -> next state. A pair that is absent is a conflict.
TRANSITIONS: dict[tuple[SessionState, Trigger], SessionState] = {
    (_S.REQUESTED, _T.ADMIT): _S.ACTIVE,
    # The answer to the AF was lost, so it cannot know the session: a restart gives it up.
    (_S.REQUESTED, _T.RELEASE): _S.RELEASING,
    (_S.ACTIVE, _T.CHANGE): _S.UPDATING,
    (_S.ACTIVE, _T.RELEASE): _S.RELEASING,
    # Admitted or refused, the session goes on: with the new request or with the old one.
    (_S.UPDATING, _T.SETTLE): _S.ACTIVE,
    (_S.UPDATING, _T.RELEASE): _S.RELEASING,
}

#: States out of which a session vanishes with its row: when it is refused, when it is released.
ENDING = (_S.REQUESTED, _S.RELEASING)

#: States in which a crash leaves work that the next tick settles.
UNSETTLED = frozenset({_S.REQUESTED, _S.UPDATING, _S.RELEASING})

#: States in which somebody waits for the network, and confirms what it says.
UNDER_WAY = frozenset({_S.REQUESTED, _S.UPDATING})

#: States in which the AF sees the resource.
VISIBLE = frozenset({_S.ACTIVE, _S.UPDATING})


def after(state: SessionState, trigger: Trigger) -> SessionState:
    """The next state; raises Conflict where the table has no such step."""
    try:
        return TRANSITIONS[state, trigger]
    except KeyError:
        raise Conflict(
            f"the session is {state.value} and cannot {trigger.value} now; try again"
        ) from None


def mermaid() -> str:
    """The table as a Mermaid state diagram."""
    start = [f"    [*] --> {_S.REQUESTED.value}"]
    arrows = [
        f"    {state.value} --> {then.value}: {trigger.value}"
        for (state, trigger), then in TRANSITIONS.items()
    ]
    ends = [f"    {state.value} --> [*]" for state in ENDING]
    return "\n".join(["stateDiagram-v2", *start, *arrows, *ends])
