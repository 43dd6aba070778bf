"""Door B's catalogue, `/api/v1/report-types`, as Laravel's resources: in `data`, in the caller's language."""

from collections.abc import Mapping
from typing import Any

from rapor.caller import GENERATE, Caller
from rapor.catalogue import Catalogue, ReportType, label_in
from rapor.errors import NotFound
from rapor.http.gateway import Request, Response
from rapor.http.languages import accepted_locale, in_language


def type_list(request: Request, catalogue: Catalogue) -> Response:
    """Every report type."""
    caller, locale = request.caller, accepted_locale(request)
    return _answer([as_resource(it, caller, locale) for it in catalogue], locale)


def type_detail(request: Request, catalogue: Catalogue) -> Response:
    """
    Answer with the report type that the path names.

    Raises:
        NotFound: There is none of that name.
    """
    caller, locale = request.caller, accepted_locale(request)
    report_type = catalogue.get(request.path_parameters["name"])
    if report_type is None:
        raise NotFound
    return _answer(as_resource(report_type, caller, locale), locale)


def as_resource(report_type: ReportType, caller: Caller, locale: str) -> dict[str, Any]:
    """What can be ordered, and whether *caller* may."""
    return {
        "name": report_type.name,
        "version": report_type.version,
        "title": label_in(report_type.title, locale),
        "description": label_in(report_type.description, locale),
        "formats": [it.value for it in report_type.formats],
        "default_format": report_type.default_format.value,
        "parameters_schema": _properties_in_language(report_type.parameters_schema, locale),
        "columns": [
            {"name": it.name, "type": it.type.value, "label": label_in(it.label, locale)} for it in report_type.columns
        ],
        "limits": {"rows": {it.value: rows for it, rows in report_type.limits.rows.items()}},
        "can_order": report_type.is_open_to(caller.scope_of(GENERATE)),
    }


def _answer(data: object, locale: str) -> Response:
    return Response(200, {"data": data}, {"Content-Language": locale})


def _properties_in_language(schema: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """Give the schema with its parameters' words in one language."""
    properties = {name: in_language(it, locale) for name, it in schema.get("properties", {}).items()}
    return {**schema, "properties": properties}
