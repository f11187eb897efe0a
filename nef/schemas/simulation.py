"""The control API on the wire; its contract is openapi/simulator.yaml."""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from nef.domain.destinations import shown
from nef.domain.notifications import Delivery, DeliveryState
from nef.domain.qos import QosProfile, ServiceDataFlow
from nef.ports.simulation import CarriedFlow, CellStatus, SimulationStatus, UeStatus
from nef.schemas.notifications import event_names
from nef.schemas.times import date_time


def load_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a load."""
    scenario = document.get("scenario") or document.get("document")
    return {"scenario": scenario, "seed": document.get("seed"), "mode": document.get("mode")}


def state_of(text: str | None) -> DeliveryState | None:
    """The state that a query asks for."""
    return None if text is None else DeliveryState(text)


def scenarios_document(names: Sequence[str]) -> dict[str, Any]:
    """The scenarios that ship."""
    return {"scenarios": list(names)}


def status_document(status: SimulationStatus) -> dict[str, Any]:
    """Where the simulation stands."""
    return {
        "scenario": status.scenario,
        "description": status.description,
        "seed": status.seed,
        "mode": status.mode,
        "timeS": status.time_s,
        "durationS": status.duration_s,
        "version": status.version,
    }


def changes_document(changes_s: Sequence[float]) -> dict[str, Any]:
    """When a scenario changes something."""
    return {"changesS": list(changes_s)}


def ue_document(ue: UeStatus) -> dict[str, Any]:
    """A UE now."""
    return {
        "ueId": ue.ue_id,
        "gpsi": ue.gpsi,
        "supi": ue.supi,
        "cellId": ue.cell_id,
        "attached": ue.attached,
        "sinrDb": ue.sinr_db,
        "sinrForced": ue.sinr_forced,
        "rateDlBps": ue.rate_dl_bps,
    } | _addresses(ue.ipv4, ue.ipv6)


def ues_document(ues: Iterable[UeStatus]) -> dict[str, Any]:
    """Every UE now."""
    return {"ues": [ue_document(ue) for ue in ues]}


def cell_document(cell: CellStatus) -> dict[str, Any]:
    """A cell now, in resource blocks."""
    return {
        "cellId": cell.cell_id,
        "blocks": cell.blocks,
        "blocksGranted": cell.blocks_granted,
        "outage": cell.outage,
    }


def cells_document(cells: Iterable[CellStatus]) -> dict[str, Any]:
    """Every cell now."""
    return {"cells": [cell_document(cell) for cell in cells]}


def flows_document(
    status: SimulationStatus, version: int, flows: Iterable[CarriedFlow], ue_id: str | None
) -> dict[str, Any]:
    """What the user plane must carry; with `ue_id` for one UE only."""
    wanted = [flow for flow in flows if ue_id in (None, flow.ue_id)]
    return {
        "version": version,
        "seed": status.seed,
        "flows": [_flow(f) for f in wanted if f.component is not None],
        "defaultBearers": [_bearer(f) for f in wanted if f.component is None],
    }


def _bearer(flow: CarriedFlow) -> dict[str, Any]:
    return {
        "ueId": flow.ue_id,
        "rateDlBps": flow.rate_dl_bps,
        "per": str(flow.per),
        "delayMs": flow.delay_ms,
    } | _addresses(flow.ipv4, flow.ipv6)


def _flow(flow: CarriedFlow) -> dict[str, Any]:
    return _bearer(flow) | {
        "flowKey": f"{flow.session_id}/{flow.component}",
        "component": flow.component,
        "filters": [_filter(part) for part in flow.flows],
        "guaranteed": flow.guaranteed,
        "level": flow.level,
        "priority": flow.priority,
    }


def _filter(part: ServiceDataFlow) -> dict[str, Any]:
    own: dict[str, Any] = {"flowDescriptions": list(part.descriptions)}
    return own if part.tos is None else own | {"tosTC": str(part.tos)}


def _addresses(ipv4: IPv4Address | None, ipv6: IPv6Address | None) -> dict[str, str]:
    given = {"ueIpv4Addr": ipv4, "ueIpv6Addr": ipv6}
    return {key: str(value) for key, value in given.items() if value is not None}


def deliveries_document(deliveries: Iterable[Delivery]) -> dict[str, Any]:
    """What was, is, or could not be notified."""
    return {"notifications": [_delivery(delivery) for delivery in deliveries]}


def _delivery(delivery: Delivery) -> dict[str, Any]:
    note = delivery.notification
    document = {
        "id": str(delivery.id),
        "subscriptionId": note.subscription_id,
        "scsAsId": note.af_id,
        "destination": shown(note.destination),
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "events": event_names(note),
        "createdAt": date_time(note.created_at_s),
    }
    if delivery.state is DeliveryState.PENDING and delivery.attempts:
        document["dueAt"] = date_time(delivery.due_at_s)
    if delivery.settled_at_s is not None:
        document["settledAt"] = date_time(delivery.settled_at_s)
    if delivery.last_error is not None:
        document["lastError"] = delivery.last_error
    return document


def profiles_document(profiles: Iterable[QosProfile]) -> dict[str, Any]:
    """The operator's catalogue."""
    return {"qosProfiles": [_profile(profile) for profile in profiles]}


def _profile(profile: QosProfile) -> dict[str, Any]:
    level = profile.level
    rates = {
        "gbrDl": level.gbr_dl,
        "gbrUl": level.gbr_ul,
        "minGbrDl": profile.min_gbr_dl,
        "maxGbrDl": profile.max_gbr_dl,
    }
    return {
        "reference": profile.reference,
        "description": profile.description,
        "fiveQi": profile.five_qi,
        "resourceType": level.resource_type.value,
        "priority": level.priority,
        "delayMs": level.delay_ms,
        "per": str(level.per),
    } | {key: str(rate) for key, rate in rates.items() if rate is not None}
