"""The contract as the framework is given it."""

from importlib.resources import files
from typing import Any

import pytest
from connexion.spec import OpenAPISpecification, Specification

from nef.api.application import contract_application
from nef.api.documents import NAMES, base_path, operation_ids, resource_at, served
from nef.api.replies import done

METHODS = ("get", "put", "post", "patch", "delete")


def operations(name: str) -> list[dict[str, Any]]:
    items = served(name)["paths"].values()
    return [item[method] for item in items for method in METHODS if method in item]


@pytest.mark.parametrize("name", NAMES)
def test_no_parameter_is_left_in_the_form_that_connexion_fails_at(name: str) -> None:
    document = served(name)
    shared = list(document.get("components", {}).get("parameters", {}).values())
    own = [p for operation in operations(name) for p in operation.get("parameters", [])]
    assert all("content" not in parameter for parameter in shared + own)


def test_the_query_that_is_json_is_handed_over_as_text() -> None:
    document = served("as-session-with-qos")
    listing = document["paths"]["/{scsAsId}/subscriptions"]["get"]
    known = document.get("components", {}).get("parameters", {})
    resolved = [known.get(p.get("$ref", "").rsplit("/", 1)[-1], p) for p in listing["parameters"]]
    (query,) = (p for p in resolved if p.get("name") == "ip-addrs")
    assert query["schema"] == {"type": "string"}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_sent_and_not_served_is_taken_out(name: str) -> None:
    assert all("callbacks" not in operation for operation in operations(name))
    assert all("security" not in operation for operation in operations(name))
    assert "security" not in served(name)


def test_the_documents_themselves_stay_as_they_are() -> None:
    first = served("as-session-with-qos")
    first["paths"].clear()
    assert served("as-session-with-qos")["paths"]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("as-session-with-qos", "/3gpp-as-session-with-qos/v1"),
        ("analytics-exposure", "/3gpp-analyticsexposure/v1"),
        ("simulator", "/simulator/v1"),
    ],
)
def test_each_document_is_served_below_its_own_path(name: str, path: str) -> None:
    assert base_path(served(name)) == path


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/3gpp-as-session-with-qos/v1/af/subscriptions", ("GET", "POST")),
        ("/3gpp-as-session-with-qos/v1/af/subscriptions/x", ("GET", "PUT", "PATCH", "DELETE")),
        ("/3gpp-analyticsexposure/v1/af/fetch", ("POST",)),
        ("/simulator/v1/ues/ue-1/radio", ("PUT", "DELETE")),
        ("/simulator/v1/ues", ("GET",)),
    ],
)
def test_the_methods_of_a_path_are_those_of_its_resource(
    path: str, methods: tuple[str, ...]
) -> None:
    resource = resource_at(path)
    assert resource
    assert set(resource.methods) == set(methods)


def test_what_varies_in_a_path_has_its_name() -> None:
    resource = resource_at("/3gpp-as-session-with-qos/v1/af/subscriptions/x")
    assert resource
    assert resource.variables == ("scsAsId", "subscriptionId")


@pytest.mark.parametrize(
    "path",
    [
        "/3gpp-as-session-with-qos/v1/af/subscriptions/",
        "/3gpp-as-session-with-qos/v1/af/subscriptions/x/y",
        "/elsewhere",
    ],
)
def test_at_other_paths_there_is_nothing(path: str) -> None:
    assert resource_at(path) is None


def test_an_operation_without_a_handler_fails_at_the_start_and_not_at_the_first_request() -> None:
    with pytest.raises(KeyError, match="FetchAllASSessionWithQoSSubscriptions"):
        contract_application({})


@pytest.mark.parametrize("name", NAMES)
def test_every_document_keeps_to_openapi_so_that_no_start_has_to_check_it(name: str) -> None:
    checked = Specification.load(served(name))
    assert checked.version[:2] == (3, 0)
    assert checked.raw == OpenAPISpecification(served(name)).raw, "its keys are all text"


def test_applications_are_alike_and_do_not_read_the_documents_anew() -> None:
    handlers = {name: done for document in NAMES for name in operation_ids(document)}
    first, second = (contract_application(handlers).middleware.apis for _ in range(2))
    assert [api.base_path for api in first] == [base_path(served(name)) for name in NAMES]
    assert all(a.specification is b.specification for a, b in zip(first, second, strict=True))


def _parameters(name: str) -> list[dict[str, Any]]:
    document = served(name)
    shared = document["components"].get("parameters", {})
    items = document["paths"].values()
    lists = [item.get("parameters", []) for item in items]
    lists += [op.get("parameters", []) for i in items for op in i.values() if isinstance(op, dict)]
    named = [parameter for parameters in lists for parameter in parameters]
    return [shared[p["$ref"].rpartition("/")[2]] if "$ref" in p else p for p in named]


@pytest.mark.parametrize("name", NAMES)
def test_the_validation_of_parameters_knows_every_kind_that_the_documents_have(name: str) -> None:
    for parameter in _parameters(name):
        if parameter["in"] == "path":
            assert parameter["schema"] == {"type": "string"}
        else:
            assert parameter["in"] == "query"
            assert not parameter.get("required")


def test_every_document_that_ships_is_served() -> None:
    shipped = {path.name for path in files("openapi").iterdir()}
    assert {f"{name}.yaml" for name in NAMES} == {n for n in shipped if n.endswith(".yaml")}
