"""The faults of the control API."""

from typing import Any

from nef.api.replies import Handler, Reply, done, ok
from nef.schemas import faults
from nef.services.faults import FaultService


def operations(service: FaultService) -> dict[str, Handler]:
    """The handler of each operationId."""

    def put(fault_name: str, body: Any) -> Reply:
        rule = faults.fault_of(faults.name_of(fault_name), body)
        with faults.as_written():
            state = service.set(rule)
        return ok(faults.fault_document(state))

    def trigger(fault_name: str, body: Any) -> Reply:
        state = service.trigger(faults.name_of(fault_name), body.get("times", 1))
        return ok(faults.fault_document(state))

    def clear(fault_name: str) -> Reply:
        service.clear(faults.name_of(fault_name))
        return done()

    def clear_all() -> Reply:
        service.clear(*faults.NAMES)
        return done()

    return {
        "listFaults": lambda: ok(faults.faults_document(service.all())),
        "setFault": put,
        "triggerFault": trigger,
        "clearFault": clear,
        "clearFaults": clear_all,
    }
