"""The whole HTTP surface, a noun a file: parse, one service call, reply.

The keys of `handlers` are the operationIds of the documents in `openapi/`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from nef.api.operations import analytics, faults, monitoring_events, plans, sessions, simulation
from nef.api.replies import Handler
from nef.services.analytics import AnalyticsService
from nef.services.deliveries import DeliveryService
from nef.services.faults import FaultService
from nef.services.monitoring_events import MonitoringService
from nef.services.plans import PlanService
from nef.services.sessions import SessionService
from nef.services.simulation import SimulationService


@dataclass(frozen=True)
class Services:
    """What the handlers call."""

    sessions: SessionService
    analytics: AnalyticsService
    monitoring: MonitoringService
    plans: PlanService
    deliveries: DeliveryService
    simulation: SimulationService
    faults: FaultService


def handlers(services: Services, api_root: str) -> Mapping[str, Handler]:
    """Every operation of the contract; `api_root` is how AFs reach this service."""
    return (
        sessions.operations(services.sessions, api_root)
        | analytics.operations(services.analytics, api_root)
        | monitoring_events.operations(services.monitoring, api_root)
        | plans.operations(services.plans, api_root)
        | simulation.operations(services.simulation, services.deliveries)
        | faults.operations(services.faults)
    )
