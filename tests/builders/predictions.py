"""What a simulated network predicts of a transfer."""

from builders.simulations import Simulated
from nef.domain.analytics import AnalyticsEvent, Question, Target, Volume
from nef.domain.findings import TransferTime
from nef.services.analytics import Analyst


def said(network: Simulated, ue_id: str, n_bytes: int) -> TransferTime | None:
    """What analytics say of a volume that begins to flow now."""
    gpsi = next(ue.gpsi for ue in network.ues(network.now_s) if ue.ue_id == ue_id)
    question = Question(
        AnalyticsEvent.E2E_DATA_VOL_TRANS_TIME,
        "",
        target=Target(gpsi=gpsi),
        volumes=(Volume(n_bytes),),
    )
    answer = Analyst(network.information).answer(question, network.now_s)
    assert answer is not None
    found = [one for one in answer.findings if isinstance(one, TransferTime)]
    return found[0] if found else None
