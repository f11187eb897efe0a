"""The documents of `openapi/` are sound by themselves, and say nothing that 3GPP does not."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

Node = dict[str, Any]

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted((ROOT / "openapi").glob("*.yaml"))
COMPARE = ROOT.parent / "shared" / "conformance" / "compare.py"
METHODS = ("get", "put", "post", "patch", "delete")
SESSIONS = ROOT / "openapi" / "as-session-with-qos.yaml"

each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)


@cache
def load(path: Path) -> Node:
    document: Node = yaml.safe_load(path.read_text("utf-8"))
    return document


def nodes(node: Any) -> Iterator[Node]:
    """Every object of a document, the outer ones first."""
    if isinstance(node, dict):
        yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from nodes(child)


def refs(node: Any) -> Iterator[str]:
    return (n["$ref"] for n in nodes(node) if isinstance(n.get("$ref"), str))


def resolve(document: Node, node: Node) -> Node:
    while "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def reachable(document: Node) -> set[str]:
    """Every reference that leads somewhere from the paths."""
    found: set[str] = set()
    waiting = list(refs(document["paths"]))
    while waiting:
        ref = waiting.pop()
        if ref not in found:
            found.add(ref)
            waiting.extend(refs(resolve(document, {"$ref": ref})))
    return found


def operations(document: Node) -> Iterator[tuple[str, Node]]:
    """Every operation that the service offers."""
    for path, item in document["paths"].items():
        for method in item.keys() & set(METHODS):
            yield f"{method.upper()} {path}", item[method]


def with_callbacks(document: Node) -> Iterator[tuple[str, Node]]:
    """Every operation, those included that the service calls on others."""
    for name, operation in operations(document):
        yield name, operation
        for callback in operation.get("callbacks", {}).values():
            yield from operations({"paths": callback})


def as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` in the words of JSON Schema."""
    if isinstance(node, list):
        return [as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: as_json_schema(value) for key, value in node.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain


def errors(document: Node, schema: Node, value: Any) -> list[str]:
    root = {"allOf": [schema], "components": {"schemas": document["components"]["schemas"]}}
    validator = jsonschema_rs.Draft4Validator(as_json_schema(root))
    return [error.message for error in validator.iter_errors(value)]


def examples(document: Node) -> Iterator[tuple[Node, Any]]:
    """Every example of a body, with the schema that it has to obey."""
    for node in nodes(document):
        if "schema" not in node:
            continue
        if "example" in node:
            yield node["schema"], node["example"]
        for example in (node.get("examples") or {}).values():
            yield node["schema"], resolve(document, example)["value"]


@each_document
def test_a_document_is_openapi_3_0_served_below_one_root(path: Path) -> None:
    document = load(path)
    assert document["openapi"].startswith("3.0.")
    [server] = document["servers"]
    assert server["url"].startswith("{apiRoot}/")
    assert server["variables"]["apiRoot"]["default"] == "http://127.0.0.1:8080"


@each_document
def test_every_reference_leads_somewhere_in_the_same_document(path: Path) -> None:
    document = load(path)
    for ref in refs(document):
        assert ref.startswith("#/"), f"{ref} leaves the document"
        resolve(document, {"$ref": ref})


def test_operation_ids_are_unique_over_all_documents() -> None:
    named = [op["operationId"] for path in DOCUMENTS for _, op in operations(load(path))]
    assert [name for name, times in Counter(named).items() if times > 1] == []


@each_document
def test_every_parameter_of_a_path_is_declared(path: Path) -> None:
    document = load(path)
    for template, item in document["paths"].items():
        wanted = {part.split("}")[0] for part in template.split("{")[1:]}
        for method in item.keys() & set(METHODS):
            declared = item.get("parameters", []) + item[method].get("parameters", [])
            found = [resolve(document, parameter) for parameter in declared]
            in_path = {p["name"] for p in found if p["in"] == "path" and p["required"]}
            assert in_path == wanted, f"{method} {template}"


@each_document
def test_every_operation_answers_errors_with_problem_details(path: Path) -> None:
    document = load(path)
    for name, operation in with_callbacks(document):
        answers = {str(status): answer for status, answer in operation["responses"].items()}
        failures = {s: a for s, a in answers.items() if s == "default" or s[0] in "45"}
        assert failures, f"{name} never fails"
        for status, answer in failures.items():
            content = resolve(document, answer).get("content", {})
            assert list(content) == ["application/problem+json"], f"{name} {status}"


@each_document
def test_every_operation_has_a_summary_and_every_answer_a_description(path: Path) -> None:
    document = load(path)
    for name, operation in with_callbacks(document):
        assert operation["summary"], name
        for status, answer in operation["responses"].items():
            assert resolve(document, answer)["description"], f"{name} {status}"


@each_document
def test_the_client_credentials_of_3gpp_are_what_a_document_may_ask_for(path: Path) -> None:
    document = load(path)
    (scheme,) = document["components"]["securitySchemes"]
    assert document["security"] == [{}, {scheme: []}]
    # As it stands in 3GPP's own files.
    flows = {"clientCredentials": {"tokenUrl": "{tokenUrl}", "scopes": {}}}
    assert (scheme, document["components"]["securitySchemes"][scheme]["flows"]) == (
        "oAuth2ClientCredentials",
        flows,
    )


@each_document
def test_every_component_is_used(path: Path) -> None:
    document = load(path)
    components = document["components"].items()
    kinds = ((kind, named) for kind, named in components if kind != "securitySchemes")
    kept = {f"#/components/{kind}/{name}" for kind, named in kinds for name in named}
    assert kept - reachable(document) == set()


@each_document
def test_every_schema_and_every_property_of_its_own_says_what_it_means(path: Path) -> None:
    schemas = load(path)["components"]["schemas"]
    silent = [name for name, schema in schemas.items() if not schema.get("description")]
    for name, schema in schemas.items():
        own = {k: p for k, p in schema.get("properties", {}).items() if "$ref" not in p}
        silent += [
            f"{name}.{key}" for key, property_ in own.items() if "description" not in property_
        ]
    assert silent == []


@each_document
def test_objects_are_open(path: Path) -> None:
    closed = [node for node in nodes(load(path)) if node.get("additionalProperties") is False]
    assert closed == []


@each_document
def test_what_may_be_null_says_its_type(path: Path) -> None:
    """OpenAPI 3.0 gives `nullable` a meaning only beside `type`."""
    untyped = [n for n in nodes(load(path)) if n.get("nullable") is True and "type" not in n]
    assert untyped == []


@each_document
def test_every_example_obeys_its_schema(path: Path) -> None:
    document = load(path)
    for schema, value in examples(document):
        assert errors(document, schema, value) == [], value


def refusals(schema: str, body: Node) -> list[str]:
    return errors(load(SESSIONS), {"$ref": f"#/components/schemas/{schema}"}, body)


def session(**changes: Any) -> Node:
    return {"notificationDestination": "http://af.example.com/n", **changes}


def component(**changes: Any) -> Node:
    return session(multiModDatFlows={"1": {"medCompN": 1, **changes}})


@pytest.mark.parametrize(
    "body",
    [
        session(),
        session(somethingNew=1, events=["AN_EVENT_OF_RELEASE_19"], ueIpv4Addr="999"),
        component(qosReference="gold", altSerReqs=["silver"]),
        component(tsnQos={"maxPer": "1E-5"}, altSerReqsData=[{"altQosParamSetRef": "small"}]),
    ],
)
def test_a_session_as_3gpp_allows_it_is_accepted(body: Node) -> None:
    assert refusals("AsSessionWithQoSSubscription", body) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        session(flowInfo=[]),
        session(flowInfo=[{"flowDescriptions": ["permit out ip from any to any"]}]),
        session(flowInfo=[{"flowId": 1, "flowDescriptions": ["a", "b", "c"]}]),
        session(multiModDatFlows={}),
        session(tscQosReq={"reqGbrDl": "-3 Mbps"}),
        session(tscQosReq={"req5Gsdelay": 0}),
        session(tscQosReq={"maxTscBurstSize": 4095}),
        session(qosMonInfo={"reqQosMonParams": ["DOWNLINK"]}),
        session(snssai={"sst": 1, "sd": "12345"}),
        session(supportedFeatures="0x10"),
        session(avrgWndw=4096),
        session(usageThreshold={"totalVolume": -1}),
        session(qosReference=None),
        component(altSerReqs=["silver"], altSerReqsData=[{"altQosParamSetRef": "small"}]),
        component(qosReference="gold", altSerReqsData=[{"altQosParamSetRef": "small"}]),
        component(altSerReqsData=[{"gbrDl": "2 Mbps"}]),
        component(tsnQos={"maxPer": "0.001"}),
    ],
)
def test_a_session_that_3gpp_forbids_is_refused(body: Node) -> None:
    assert refusals("AsSessionWithQoSSubscription", body) != []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"usageThreshold": None, "qosDuration": None},
        {"tscQosReq": {"reqGbrDl": None}},
        {"multiModDatFlows": {"2": None}},
        {"multiModDatFlows": {"2": {"medCompN": 2, "qosReference": None, "tsnQos": None}}},
    ],
)
def test_a_patch_may_remove_what_3gpp_lets_be_removed(body: Node) -> None:
    assert refusals("AsSessionWithQoSSubscriptionPatch", body) == []


@pytest.mark.parametrize(
    "body",
    [
        {"notificationDestination": None},
        {"flowInfo": None},
        {"multiModDatFlows": {"2": {"medCompN": None}}},
        {"multiModDatFlows": {"2": {"medCompN": 2, "altSerReqs": ["a"], "altSerReqsData": None}}},
    ],
)
def test_a_patch_may_not_remove_the_rest(body: Node) -> None:
    assert refusals("AsSessionWithQoSSubscriptionPatch", body) != []


@pytest.mark.skipif(
    not COMPARE.exists(), reason="the published documents are not beside the repository"
)
def test_the_published_apis_are_covered_without_conflict_as_far_as_the_readme_says() -> None:
    command = [sys.executable, str(COMPARE), str(ROOT / "openapi"), "--json"]
    run = subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603 - ours
    assert run.returncode in (0, 1), run.stderr
    results = {result["api"]: result for result in json.loads(run.stdout)}
    assert [line for result in results.values() for line in result["conflicts"]] == []
    sessions = results["3gpp-as-session-with-qos"]
    assert sessions["covered"] / sessions["total"] >= 0.75
    told = (ROOT / "openapi" / "README.md").read_text("utf-8")
    figures = [f"{result['covered']} of {result['total']}" for result in results.values()]
    assert [figure for figure in figures if figure not in told] == []
