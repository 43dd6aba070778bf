"""The description is the code's: routes, permissions, schemas, examples; and the committed file is current."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from local import openapi
from local.errors import WrongReportType
from local.functions import load_handler
from local.template import Stack
from rapor.errors import Invalid, RequestError
from rapor.http import laravel, listing, orders, report_types, strapi_queries
from rapor.http.gateway import Request
from rapor.http.openapi import document, examples, scores
from rapor.http.openapi.kinds import schema_of
from rapor.http.openapi.operations import OPERATIONS
from rapor.http.orders import order_in
from rapor.http.strapi_orders import score_order
from rapor.listing import Filters, Listing, Page
from rapor.manifest import describe
from rapor.report import Report
from tests.builders import CYBERCERT, a_caller, a_catalogue, a_post, a_type_file

STACK = Stack.load()
CATALOGUE = a_catalogue()
DOCUMENT = document(CATALOGUE, "1.2.3")
PUBLIC = {"GET /openapi.json", "GET /docs", "GET /docs/{file}", "GET /", "GET /console/{file}"}
ORDER = {"title": "A", "report_type": "users"}


def validator(schema: Mapping[str, Any]) -> jsonschema_rs.Validator:
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": DOCUMENT["components"]}
    return jsonschema_rs.validator_for({**whole, **schema}, validate_formats=True)


def component(name: str) -> jsonschema_rs.Validator:
    return validator({"$ref": f"#/components/schemas/{name}"})


def closed(schema: Any) -> Any:
    """The schema without room for what it does not name."""
    match schema:
        case {"type": "object", "properties": dict(properties)}:
            named = {name: closed(inner) for name, inner in properties.items()}
            return {"additionalProperties": False, **schema, "properties": named}
        case dict():
            return {key: closed(inner) for key, inner in schema.items()}
        case list():
            return [closed(inner) for inner in schema]
    return schema


def media_types() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every place that has JSON."""
    for route, operation in described().items():
        places = {**operation["responses"], "request": operation.get("requestBody", {})}
        for place, found in places.items():
            if media := found.get("content", {}).get("application/json"):
                yield f"{route} {place}", media


def described() -> dict[str, Any]:
    return {
        f"{method.upper()} {path}": operation
        for path, operations in DOCUMENT["paths"].items()
        for method, operation in operations.items()
    }


def routes_of_rooms() -> dict[str, str]:
    """Every route in a room's table, with the function whose room it is."""
    found: dict[str, str] = {}
    for name in {route.function for route in STACK.routes}:
        load_handler(STACK.function(name))
        found |= dict.fromkeys(sys.modules[f"lambda_{name}"].ROUTES, name)
    return found


def test_template_rooms_and_description_have_the_same_routes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")  # else a client that is made looks for them in the network
    in_template = {route.key: route.function for route in STACK.routes}

    assert routes_of_rooms() == in_template
    assert {operation.route for operation in OPERATIONS} == in_template.keys()
    assert described().keys() == in_template.keys()


def test_only_what_is_written_down_here_is_public() -> None:
    assert {route.key for route in STACK.routes if route.authorizer is None} == PUBLIC
    assert {route for route, operation in described().items() if operation["security"] == []} == PUBLIC


def test_the_description_is_valid() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_the_committed_file_is_current() -> None:
    assert openapi.FILE.read_text("utf-8") == openapi.text(), "run `make openapi`"


def test_every_operation_has_examples_that_fit() -> None:
    for place, media in media_types():
        strict = jsonschema_rs.validator_for(
            {"components": closed(DOCUMENT["components"]), **media["schema"]}, validate_formats=True
        )

        assert media["examples"], place
        for name, example in media["examples"].items():
            assert [it.message for it in strict.iter_errors(example["value"])] == [], f"{place} {name}"


def test_parameters_have_examples_that_fit() -> None:
    for operation in OPERATIONS:
        for parameter in operation.parameters:
            if parameter.example is not None:
                assert validator(parameter.schema).is_valid(parameter.example), parameter


def test_every_variable_of_a_path_is_a_parameter() -> None:
    for operation in OPERATIONS:
        named = [f"{{{it.name}}}" for it in operation.parameters if it.place == "path"]

        assert all(operation.path.count(name) == 1 for name in named)
        assert operation.path.count("{") == len(named)


def subclasses(kind: type[RequestError]) -> Iterator[type[RequestError]]:
    for inner in kind.__subclasses__():
        yield inner
        yield from subclasses(inner)


def test_every_error_is_some_operations() -> None:
    documented = {error.code for operation in OPERATIONS for error in operation.all_errors}

    assert documented == {kind.code for kind in subclasses(RequestError)}


def test_permissions_are_named_as_alternatives() -> None:
    assert described()["POST /api/v1/reports"]["security"] == [
        {"token": ["reports.generate"]},
        {"token": ["reports.generate.own"]},
    ]
    assert described()["GET /api/v1/report-types"]["security"] == [{"token": []}]


def test_too_many_unfinished_says_when_to_come_again() -> None:
    answer = described()["POST /api/v1/reports"]["responses"]["429"]

    assert answer["headers"].keys() == {"X-Request-Id", "Retry-After"}
    assert answer["content"]["application/json"]["examples"].keys() == {"too_many_unfinished", "gateway"}


def test_a_created_report_leads_to_what_can_be_done_with_it() -> None:
    links = described()["POST /api/v1/reports"]["responses"]["201"]["links"]

    assert {"getReport", "downloadReport"} <= links.keys()
    assert {link["parameters"]["uuid"] for link in links.values()} == {"$response.body#/uuid"}


@pytest.mark.parametrize(
    "report", [examples.PENDING, examples.PROCESSING, examples.COMPLETED, examples.FAILED], ids=lambda it: it.status
)
def test_a_reports_answers_have_nothing_that_is_not_described(report: Report) -> None:
    schemas = {"components": closed(DOCUMENT["components"])}
    detail = jsonschema_rs.validator_for({**schemas, "$ref": "#/components/schemas/ReportDetail"})
    page = jsonschema_rs.validator_for({**schemas, "$ref": "#/components/schemas/ReportPage"})
    found = Page([report], examples.OLDER, examples.OLDER)

    detail.validate(laravel.as_detail(report, a_caller()))
    page.validate(laravel.page(examples.LIST_REQUEST, Listing(Filters(), None, 1), found, a_caller()).body)


def test_the_example_of_a_manifest_is_one() -> None:
    assert examples.COMPLETED.result is not None

    manifest = describe(examples.COMPLETED, examples.COMPLETED.result)

    assert {**examples.MANIFEST["manifest"], "renderer": manifest["renderer"]} == manifest


def test_shipped_types_fit_their_schema() -> None:
    schema = jsonschema_rs.validator_for(
        {"components": closed(DOCUMENT["components"]), "$ref": "#/components/schemas/ReportType"}
    )

    for report_type in CATALOGUE:
        schema.validate(report_types.as_resource(report_type, a_caller(), "en"))


def test_orders_have_the_fields_that_are_read() -> None:
    users = DOCUMENT["components"]["schemas"]["CreateReport_users"]

    assert users["properties"].keys() == orders.READERS.keys() | {"format"}


def test_lists_have_the_parameters_that_are_read() -> None:
    named = [parameter["name"] for parameter in described()["GET /api/v1/reports"]["parameters"]]

    assert set(named) == listing.READERS.keys() | {"cursor"}


def test_scores_have_the_filters_that_are_read() -> None:
    assert scores.VALUES.keys() == strapi_queries.READERS.keys() | strapi_queries.ALIASES.keys()


SCORE_ORDERS: list[tuple[str, dict[str, Any], bool]] = [
    ("the original's", scores.ORIGINAL, True),
    ("a reference", {"referenceId": "92442"}, True),
    ("nothing", {}, False),
    ("no reference", {"referenceId": None}, False),
    ("history of nobody", {"processed": True, "score": 1}, True),
    ("history without a score", {"processed": True, "score": None}, False),
    ("a vector", {"referenceId": "1", "type": "vector"}, False),
    ("count as uuid", {"referenceId": "1", "uuid": "count"}, False),
    ("too large a score", {"referenceId": "1", "score": 10**15}, False),
    ("the largest score", {"referenceId": "1", "score": 10**15 - 1}, True),
    ("unknown to the original", {"referenceId": "1", "colour": "red"}, True),
]


@pytest.mark.parametrize(("body", "fits"), [case[1:] for case in SCORE_ORDERS], ids=[case[0] for case in SCORE_ORDERS])
def test_the_schema_and_the_reader_take_the_same_scores(body: dict[str, Any], fits: bool) -> None:  # noqa: FBT001
    def is_read() -> bool:
        try:
            score_order(Request.from_event(a_post(body)), a_caller())
        except Invalid:
            return False
        return True

    assert (component("CreateScore").is_valid(body), is_read()) == (fits, fits)


BODIES: list[tuple[str, dict[str, Any], bool]] = [
    ("the original's", CYBERCERT, True),
    ("only what must be", ORDER, True),
    ("nothing", {}, False),
    ("no title", {**ORDER, "title": None}, False),
    ("blank title", {**ORDER, "title": " \u00a0\t"}, False),
    ("title in blanks", {**ORDER, "title": "\n A \u3000"}, True),
    ("title of blanks that Python would keep", {**ORDER, "title": "\u200b\ufeff"}, False),
    ("line in title", {**ORDER, "title": "A\nB"}, False),
    ("title turned around", {**ORDER, "title": "A\u202eB"}, False),
    ("longest title", {**ORDER, "title": "ğ" * 255}, True),
    ("too long a title", {**ORDER, "title": "ğ" * 256}, False),
    ("title beyond the basic plane", {**ORDER, "title": "📄 A"}, True),
    ("unknown type", {**ORDER, "report_type": "x"}, False),
    ("nulls", dict.fromkeys(("parameters", "format", "status", "is_active", "options")) | ORDER, True),
    ("null parameter", {**ORDER, "parameters": {"status": None}}, True),
    ("null for an unknown parameter", {**ORDER, "parameters": {"colour": None}}, False),
    ("unknown parameter", {**ORDER, "parameters": {"colour": "red"}}, False),
    ("no such day", {**ORDER, "parameters": {"date_from": "2025-02-30"}}, False),
    ("list as parameters", {**ORDER, "parameters": []}, False),
    ("unknown format", {**ORDER, "format": "word"}, False),
    ("history", {**ORDER, "status": "completed"}, True),
    ("unknown status", {**ORDER, "status": "done"}, False),
    ("number as is_active", {**ORDER, "is_active": 1}, False),
    ("no options", {**ORDER, "options": {}}, True),
    ("all options", {**ORDER, "options": {"locale": "en", "allow_truncated": True, "csv": {"delimiter": "\t"}}}, True),
    ("join a running one", {**ORDER, "options": {"reuse": "running"}}, True),
    ("take a recent one", {**ORDER, "options": {"reuse": {"max_age": 60}}}, True),
    ("take one with an age in decimals", {**ORDER, "options": {"reuse": {"max_age": 60.0}}}, True),
    ("take one with an age in halves", {**ORDER, "options": {"reuse": {"max_age": 0.5}}}, False),
    ("take one of any age", {**ORDER, "options": {"reuse": {}}}, False),
    ("take one too old", {**ORDER, "options": {"reuse": {"max_age": 366 * 24 * 60 * 60 + 1}}}, False),
    ("null option", {**ORDER, "options": {"locale": None}}, False),
    ("unknown option", {**ORDER, "options": {"x": 1}}, False),
    ("unknown delimiter", {**ORDER, "options": {"csv": {"delimiter": "x"}}}, False),
    ("unknown field", {**ORDER, "user_id": 1}, False),
]


@pytest.mark.parametrize(("body", "fits"), [case[1:] for case in BODIES], ids=[case[0] for case in BODIES])
def test_the_schema_and_the_reader_take_the_same_orders(body: dict[str, Any], fits: bool) -> None:  # noqa: FBT001
    def is_read() -> bool:
        try:
            order_in(body, CATALOGUE, "tr")
        except Invalid:
            return False
        return True

    assert (component("CreateReport").is_valid(body), is_read()) == (fits, fits)


def test_what_has_no_schema_stops_the_generation() -> None:
    with pytest.raises(TypeError, match="bytes"):
        schema_of(bytes)


def test_the_file_says_the_packages_version() -> None:
    assert DOCUMENT["info"]["version"] == "1.2.3"
    assert json.loads(openapi.text())["info"]["version"] != "1.2.3"


def test_a_wrong_type_is_not_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_type_file(tmp_path, ("from things", "from strangers"))
    monkeypatch.setattr(openapi, "TYPES", tmp_path)

    with pytest.raises(WrongReportType, match=r"^things.toml: query: reads strangers"):
        openapi.text()
