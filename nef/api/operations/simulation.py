"""The control API of the simulation, which is ours."""

from typing import Any

from nef.api.replies import Handler, Reply, ok
from nef.schemas import measurements, simulation
from nef.services.deliveries import DeliveryService
from nef.services.simulation import SimulationService


def operations(service: SimulationService, deliveries: DeliveryService) -> dict[str, Handler]:
    """The handler of each operationId."""

    def load(body: Any) -> Reply:
        return ok(simulation.status_document(service.load(**simulation.load_of(body))))

    def force_radio(ue_id: str, body: Any) -> Reply:
        return ok(simulation.ue_document(service.force_sinr(ue_id, body["sinrDb"])))

    def free_radio(ue_id: str) -> Reply:
        return ok(simulation.ue_document(service.force_sinr(ue_id, None)))

    def attach(ue_id: str, body: Any) -> Reply:
        ue = service.attach(ue_id, attached=body["attached"])
        return ok(simulation.ue_document(ue))

    def outage(cell_id: str, body: Any) -> Reply:
        cell = service.set_outage(cell_id, outage=body["outage"])
        return ok(simulation.cell_document(cell))

    def measured(body: Any) -> Reply:
        return ok({"flowsTaken": service.record(*measurements.counts_of(body))})

    def notifications(
        subscription_id: str | None = None, state: str | None = None, limit: int = 100
    ) -> Reply:
        found = deliveries.find(subscription_id, simulation.state_of(state), limit)
        return ok(simulation.deliveries_document(found))

    return {
        "listScenarios": lambda: ok(simulation.scenarios_document(service.scenarios())),
        "getSimulation": lambda: ok(simulation.status_document(service.status())),
        "listChanges": lambda: ok(simulation.changes_document(service.changes_s())),
        "loadSimulation": load,
        "resetSimulation": lambda: ok(simulation.status_document(service.reset())),
        "stepSimulation": lambda body: ok(
            simulation.status_document(service.step(body["seconds"]))
        ),
        "listUes": lambda: ok(simulation.ues_document(service.ues())),
        "getUe": lambda ue_id: ok(simulation.ue_document(service.ue(ue_id))),
        "forceUeRadio": force_radio,
        "freeUeRadio": free_radio,
        "setUeAttachment": attach,
        "listCells": lambda: ok(simulation.cells_document(service.cells())),
        "setCellState": outage,
        "listFlows": lambda ue_id=None: ok(
            simulation.flows_document(service.status(), *service.carried(), ue_id)
        ),
        "reportMeasurements": measured,
        "listMeasurements": lambda: ok(measurements.measurements_document(service.measurements())),
        "listNotifications": notifications,
        "listQosProfiles": lambda: ok(simulation.profiles_document(service.profiles())),
    }
