"""
What can be ordered: one TOML file a report type, checked when it is loaded.

A mistake is a `CatalogueError` that names file, key and reason. Users edit `layers/catalogue/report_types/`.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import jsonschema_rs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from rapor.errors import CatalogueError
from rapor.report import Format, Lane, Scope

NAME = r"^[a-z][a-z0-9_]{0,62}$"
Name = Annotated[str, Field(pattern=NAME)]
ColumnName = Annotated[str, Field(pattern=r"^[a-z][A-Za-z0-9_]{0,62}$")]
Words = Annotated[dict[Literal["tr", "en"], Annotated[str, Field(min_length=1)]], Field(min_length=1)]
NAMED_PARAMETER = re.compile(r"\$([A-Za-z]\w*)", re.ASCII)


class ColumnType(StrEnum):
    """What a column's cells are, in every format."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    TIMESTAMP = "timestamp"
    BOOLEAN = "boolean"

    @property
    def is_number(self) -> bool:
        """Whether cells align right and may be summed."""
        return self in {ColumnType.INTEGER, ColumnType.DECIMAL}


class Strict(BaseModel):
    """Immutable, and no key that we do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Strict):
    """
    A data set the query reads, by the same name.

    `own` says what a caller with `.own` permissions may see of it: the column that holds their user id,
    or `all`. Without it the whole type is closed to them.
    """

    own: Name | None = None


class Value(Strict):
    """
    A named, typed value and how it is shown.

    `currency` is an ISO 4217 code. Without `grouping` a number names something rather than counts it,
    as a year or an id does: no thousands marks.
    """

    name: ColumnName
    type: ColumnType
    label: Words
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    grouping: bool = True

    @model_validator(mode="after")
    def _only_numbers_are_counted(self) -> Self:
        if not self.type.is_number and (self.currency or not self.grouping):
            raise PydanticCustomError("not_a_number", "currency and grouping are for numbers")
        return self


class Column(Value):
    """A column of the document, named as in the query's result; `total` adds a sum below it."""

    total: bool = False

    @model_validator(mode="after")
    def _only_numbers_are_summed(self) -> Self:
        if self.total and not self.type.is_number:
            raise PydanticCustomError("not_a_number", "only a number has a total")
        return self


class KeyFigure(Value):
    """One value over all rows; `value` is a SQL aggregate over the query's columns: `sum(amount)`."""

    value: str


class ChartKind(StrEnum):
    """How a chart is drawn."""

    BAR = "bar"
    STACKED = "stacked"
    LINE = "line"


class Chart(Strict):
    """A drawing of the rows: `query` selects `x` and each of `y` from `report`, which is the type's own query."""

    kind: ChartKind
    title: Words
    query: str
    x: Value
    y: Annotated[tuple[Value, ...], Field(min_length=1, max_length=8)]

    @model_validator(mode="after")
    def _heights_are_numbers(self) -> Self:
        if not all(series.type.is_number for series in self.y):
            raise PydanticCustomError("not_a_number", "every y must be a number")
        return self


class Limits(Strict):
    """Most rows each format may hold."""

    rows: dict[Format, Annotated[int, Field(gt=0)]] = {}


class ReportType(Strict):
    """
    One file of the catalogue.

    `record` names columns that are copied to the report's own row when it completes; the query of such
    a type must give exactly one row.
    """

    name: Name
    version: Annotated[int, Field(ge=1)]
    title: Words
    description: Words
    formats: Annotated[tuple[Format, ...], Field(min_length=1)]
    lane: Lane = Lane.FAST
    limits: Limits = Limits()
    parameters: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
    sources: Annotated[dict[Name, Source], Field(min_length=1)]
    query: str
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    summary: Annotated[tuple[KeyFigure, ...], Field(max_length=6)] = ()
    chart: Chart | None = None
    record: tuple[ColumnName, ...] = ()

    @model_validator(mode="after")
    def _query_and_parameters_agree(self) -> "ReportType":
        unknown = set(NAMED_PARAMETER.findall(self.query)) - set(self.parameter_names)
        if unknown:
            # Not a ValueError: pydantic would keep it with its traceback, out of the garbage collector's sight.
            reason = "query uses ${name}, which [parameters.properties] does not declare"
            raise PydanticCustomError("undeclared_parameter", reason, {"name": min(unknown)})
        return self

    @model_validator(mode="after")
    def _record_is_of_columns(self) -> "ReportType":
        unknown = set(self.record) - {column.name for column in self.columns}
        if unknown:
            raise PydanticCustomError(
                "undeclared_column", "record names {name}, which no column is", {"name": min(unknown)}
            )
        return self

    @property
    def default_format(self) -> Format:
        """PDF where the type has it, else its first."""
        return Format.PDF if Format.PDF in self.formats else self.formats[0]

    @property
    def open_to_own(self) -> bool:
        """Whether every source says what an `.own` caller may see."""
        return all(source.own for source in self.sources.values())

    def is_open_to(self, scope: Scope | None) -> bool:
        """Whether a caller who may generate as far as *scope* may order it."""
        return scope is Scope.ALL or (scope is Scope.OWN and self.open_to_own)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names the query may use, in the order of the file."""
        return tuple(self.parameters.get("properties", {}))

    @property
    def ordered_parameters(self) -> tuple[tuple[str, str], ...]:
        """Pairs of which the first must not come after the second."""
        return tuple((first, second) for first, second in self.parameters.get("x-ordered", []))

    @cached_property
    def parameters_schema(self) -> dict[str, Any]:
        """JSON Schema 2020-12 of `parameters`."""
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", **self.parameters}

    @cached_property
    def parameters_validator(self) -> jsonschema_rs.Validator:
        """`parameters_schema`, compiled."""
        return jsonschema_rs.validator_for(self.parameters_schema, validate_formats=True)

    def with_defaults(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Give every declared parameter a value: the sent one, else the schema's default, else None."""
        properties: dict[str, dict[str, Any]] = self.parameters.get("properties", {})
        return {name: parameters.get(name, schema.get("default")) for name, schema in properties.items()}


def label_in(words: Mapping[Any, str], locale: str) -> str:
    """The words in *locale*, else the first the type's file has."""
    return words.get(locale) or next(iter(words.values()))


class Catalogue:
    """The report types by name."""

    def __init__(self, types: Mapping[str, ReportType]) -> None:
        self._types = dict(types)

    def __iter__(self) -> Iterator[ReportType]:
        return iter(self._types.values())

    def get(self, name: str) -> ReportType | None:
        """The type of that name, if there is one."""
        return self._types.get(name)

    @classmethod
    def load(cls, folder: Path) -> "Catalogue":
        """
        Read every TOML file of *folder*.

        Raises:
            CatalogueError: A file is not TOML, lacks a key, has a wrong or unknown one, or is misnamed.
        """
        files = sorted(folder.glob("*.toml"))
        if not files:
            raise CatalogueError(str(folder), "", "there is no report type here")
        return cls({file.stem: load_type(file) for file in files})


def load_type(file: Path) -> ReportType:
    """
    Read one report type.

    Raises:
        CatalogueError: See `Catalogue.load`.
    """
    try:
        with file.open("rb") as stream:
            report_type = ReportType.model_validate(tomllib.load(stream))
        jsonschema_rs.meta.validate(report_type.parameters_schema)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(file.name, "", str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise CatalogueError(file.name, ".".join(map(str, first["loc"])), first["msg"]) from error
    except jsonschema_rs.ValidationError as error:
        raise CatalogueError(file.name, "parameters", error.message) from error
    if report_type.name != file.stem:
        raise CatalogueError(file.name, "name", f"must be {file.stem!r}, as the file is called")
    return report_type
