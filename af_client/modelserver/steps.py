"""What a negotiation wants done, what it is answered, and what it decides."""

from collections.abc import Mapping
from dataclasses import dataclass

from af_client.messages import MediaFlow, Session, SessionRequest
from af_client.modelserver.selection import Choice, Rung
from af_client.plans import Candidate, Plan, TransferQos, Window


@dataclass(frozen=True, slots=True)
class FetchOutlook:
    """Ask what the network can give to the device, now and in the next `within_s` seconds.

    `volumes` are bytes on the wire whose transfer time is wanted; of `rates_bps`, the largest
    first, the one is wanted that will last.
    """

    gpsi: str
    volumes: tuple[int, ...] = ()
    rates_bps: tuple[int, ...] = ()
    within_s: int = 0


@dataclass(frozen=True, slots=True)
class CreateSession:
    """Create the device's only session; what an earlier process left for this UE goes first."""

    request: SessionRequest
    choice: Choice


@dataclass(frozen=True, slots=True)
class ModifySession:
    """Let a session ask for another ladder."""

    session_id: str
    flows: tuple[MediaFlow, ...]
    choice: Choice


@dataclass(frozen=True, slots=True)
class DeleteSession:
    """End a session that is no longer wanted."""

    session: Session


@dataclass(frozen=True, slots=True)
class CheckSession:
    """See whether the NEF still knows a session, after it could not be reached for a while."""

    session_id: str


@dataclass(frozen=True, slots=True)
class PlanTransfer:
    """Ask when the device could be sent something within the next seconds, and choose a time."""

    gpsi: str
    qos: TransferQos
    within_s: float


@dataclass(frozen=True, slots=True)
class ChooseWindow:
    """Choose another window of a plan."""

    plan: Plan
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class DropPlan:
    """Give up a plan that is no longer wanted."""

    plan: Plan


PlanCommand = PlanTransfer | ChooseWindow | DropPlan
Command = FetchOutlook | CreateSession | ModifySession | CheckSession | DeleteSession | PlanCommand


@dataclass(frozen=True, slots=True)
class Reported:
    """The bandwidth that a new flow of the device could get, and what is foreseen.

    `seconds` says how long a volume takes; one that is absent is not foreseen to arrive. It is None
    where nothing was foretold.
    `lasting_bps` is the largest of the asked rates that will last, 0 where none will, None where
    the network does not say. `confidence` is that of the forecast, in per cent.
    """

    bandwidth_bps: int
    seconds: Mapping[int, float] | None = None
    lasting_bps: int | None = None
    confidence: int = 100


@dataclass(frozen=True, slots=True)
class Accepted:
    """The NEF created or modified the session."""

    session: Session


@dataclass(frozen=True, slots=True)
class Planned:
    """The NEF holds a plan with a chosen window, from `from_s` until `until_s`.

    Both in the time of the server's own clock, in which everything else is due too.
    """

    plan: Plan
    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class Declined:
    """The network refused a session, its change or a plan.

    It would accept so much for each component; 0 is the session as a whole. Empty where it did
    not say.
    """

    acceptable_bps: dict[int, int]
    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The NEF did not answer, or not sensibly: the same may work later."""

    text: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The NEF does not know the session (any more)."""

    text: str


Answer = Reported | Accepted | Planned | Declined | Failed | Gone


@dataclass(frozen=True, slots=True)
class Decision:
    """Which variant is right from now on, None for none; `cause` and `reason` say why.

    `cause` is "notification", "bandwidth", "outlook", "plan", "refusal" or "failure".
    """

    rung: Rung | None
    cause: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlanNews:
    """How a plan for a variant stands; `window` is the chosen one.

    `state` is "planned", "warned", "begun", "refused" or "over".
    """

    variant: str
    state: str
    window: Window | None
    reason: str


Step = Command | Decision | PlanNews
