"""
What can be ordered: one TOML file a report type, checked when it is loaded.

A mistake is a `CatalogueError` that names file, key and reason. Users edit `layers/catalogue/report_types/`.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from enum import StrEnum
from functools import cached_property
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, Self

import jsonschema_rs
import msgspec
from msgspec import Meta, Struct, field

from rapor.errors import CatalogueError
from rapor.report import Format, Lane, Scope

NAME = r"^[a-z][a-z0-9_]{0,62}$"
NO_LINE_END = r"(?!\n)"  # which Python's `$` lets through
Name = Annotated[str, Meta(pattern=NAME + NO_LINE_END)]
ColumnName = Annotated[str, Meta(pattern=r"^[a-z][A-Za-z0-9_]{0,62}$" + NO_LINE_END)]
Words = Annotated[dict[Literal["tr", "en"], Annotated[str, Meta(min_length=1)]], Meta(min_length=1)]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
WORDS_BY_LANGUAGE = 'must be words by language: { tr = "…", en = "…" }'
NO_PARAMETERS: Mapping[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}


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


class Strict(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Immutable, and no key that we do not know."""

    @classmethod
    def model_validate(cls, plain: Mapping[str, Any]) -> Self:
        """
        Read it from what TOML gives.

        Raises:
            msgspec.ValidationError: That is no such thing; the message says why and where, of the first mistake.
        """
        return msgspec.convert(plain, cls)

    def model_copy(self, *, update: Mapping[str, Any]) -> Self:
        """Give the same with other values."""
        return msgspec.structs.replace(self, **update)


class Source(Strict, frozen=True, kw_only=True):
    """
    A data set the query reads, by the same name.

    `own` says what a caller with `.own` permissions may see of it: the column that holds their user id, as the
    data calls it, or `all`. Without it the whole type is closed to them.
    """

    own: Annotated[str, Meta(min_length=1)] | None = None


class Value(Strict, frozen=True, kw_only=True):
    """
    A named, typed value and how it is shown.

    `currency` is an ISO 4217 code. Without `grouping` a number names something rather than counts it,
    as a year or an id does: no thousands marks. `words` are what people read in place of codes.
    """

    name: ColumnName
    type: ColumnType
    label: Words
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$" + NO_LINE_END)] | None = None
    grouping: bool = True
    words: dict[str, Words] = {}

    def __post_init__(self) -> None:
        if self.words and self.type is not ColumnType.TEXT:
            raise ValueError("words are for text")
        if not self.type.is_number and (self.currency or not self.grouping):
            raise ValueError("currency and grouping are for numbers")

    def words_in(self, locale: str) -> dict[str, str]:
        """Say which word stands for which code in *locale*; a code that has none stands for itself."""
        return {code: label_in(words, locale) for code, words in self.words.items()}


class Column(Value, frozen=True, kw_only=True):
    """A column of the document, named as in the query's result; `total` adds a sum below it."""

    total: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.total and not self.type.is_number:
            raise ValueError("only a number has a total")


class KeyFigure(Value, frozen=True, kw_only=True):
    """One value over all rows; `value` is a SQL aggregate over the query's columns: `sum(amount)`."""

    value: str


class ChartKind(StrEnum):
    """How a chart is drawn."""

    BAR = "bar"
    STACKED = "stacked"
    LINE = "line"


class Chart(Strict, frozen=True, kw_only=True):
    """A drawing of the rows: `query` selects `x` and each of `y` from `report`, which is the type's own query."""

    kind: ChartKind
    title: Words
    query: str
    x: Value
    y: Annotated[tuple[Value, ...], Meta(min_length=1, max_length=8)]

    def __post_init__(self) -> None:
        if not all(series.type.is_number for series in self.y):
            raise ValueError("every y must be a number")


class Limits(Strict, frozen=True, kw_only=True):
    """Most rows each format may hold."""

    rows: dict[Format, Annotated[int, Meta(gt=0)]] = {}


class ReportType(Strict, frozen=True, kw_only=True):
    """
    One file of the catalogue.

    `record` names columns that are copied to the report's own row when it completes; the query of such
    a type must give exactly one row.
    """

    name: Name
    version: Annotated[int, Meta(ge=1)]
    title: Words
    description: Words
    formats: Annotated[tuple[Format, ...], Meta(min_length=1)]
    lane: Lane = Lane.FAST
    limits: Limits = Limits()
    parameters: dict[str, Any] = field(default_factory=lambda: {**NO_PARAMETERS})
    sources: Annotated[dict[Name, Source], Meta(min_length=1)]
    query: str
    columns: Annotated[tuple[Column, ...], Meta(min_length=1)]
    summary: Annotated[tuple[KeyFigure, ...], Meta(max_length=6)] = ()
    chart: Chart | None = None
    record: tuple[ColumnName, ...] = ()

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

    def schema_of(self, parameter: str) -> Mapping[str, Any]:
        """Give the JSON Schema of one parameter, which allows anything where there is none."""
        schema: dict[str, Any] = self.parameters.get("properties", {}).get(parameter, {})
        return schema

    @property
    def ordered_parameters(self) -> tuple[tuple[str, str], ...]:
        """Pairs of which the first must not come after the second."""
        return tuple((first, second) for first, second in self.parameters.get("x-ordered", []))

    @cached_property
    def parameters_schema(self) -> dict[str, Any]:
        """JSON Schema 2020-12 of `parameters`."""
        return {"$schema": DIALECT, "type": "object", **self.parameters}

    @cached_property
    def parameters_validator(self) -> jsonschema_rs.Validator:
        """`parameters_schema`, compiled."""
        return jsonschema_rs.validator_for(self.parameters_schema, validate_formats=True)

    def with_defaults(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Give every declared parameter a value: the sent one, unless that is null, else its default, else None."""
        properties: dict[str, dict[str, Any]] = self.parameters.get("properties", {})
        defaults = {name: schema.get("default") for name, schema in properties.items()}
        return {
            name: default if parameters.get(name) is None else parameters[name] for name, default in defaults.items()
        }


def label_in(words: Mapping[Any, str], locale: str) -> str:
    """The words in *locale*, else the first the type's file has."""
    return words.get(locale) or next(iter(words.values()))


class Catalogue:
    """The report types by name."""

    def __init__(self, types: Mapping[str, ReportType]) -> None:
        self._types = types

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
        return cls(dict(Files(folder)))

    @classmethod
    def open(cls, folder: Path) -> "Catalogue":
        """
        Take the files as they are now, and read each when it is first asked for; `make build` has read them all.

        Raises:
            CatalogueError: There is none.
        """
        return cls(Files(folder))


class Files(Mapping[str, ReportType]):
    """What is in the TOML files of a folder, by their names; asking raises `CatalogueError` where that is wrong."""

    def __init__(self, folder: Path) -> None:
        self._contents = {file: file.read_bytes() for file in sorted(folder.glob("*.toml"))}  # as they are now
        self._files = {file.stem: file for file in self._contents}
        self._read: dict[str, ReportType] = {}
        if not self._files:
            raise CatalogueError(str(folder), "", "there is no report type here")

    def __getitem__(self, name: str) -> ReportType:
        if name not in self._read:
            file = self._files[name]
            self._read[name] = read_type(file, self._contents[file])
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def load_type(file: Path) -> ReportType:
    """
    Read one report type.

    Raises:
        CatalogueError: See `Catalogue.load`.
    """
    return read_type(file, file.read_bytes())


def read_type(file: Path, content: bytes) -> ReportType:
    """
    Read what *file* contains.

    Raises:
        CatalogueError: See `Catalogue.load`.
    """
    plain: dict[str, Any] = {}
    try:
        plain = tomllib.loads(content.decode("utf-8"))
        report_type = ReportType.model_validate(plain)
        refuse_first(file.name, _foreign(report_type.parameters, "parameters"))
        jsonschema_rs.meta.validate(report_type.parameters_schema)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(file.name, "", str(error)) from error
    except msgspec.ValidationError as error:
        _refuse(file.name, plain, error)
    except jsonschema_rs.ValidationError as error:
        key = ".".join(map(str, ["parameters", *error.instance_path]))
        raise CatalogueError(file.name, key, error.message) from error
    if report_type.name != file.stem:
        raise CatalogueError(file.name, "name", f"must be {file.stem!r}, as the file is called")
    refuse_first(file.name, chain(_misused(report_type.parameters), _ambiguous(report_type)))
    return report_type


def refuse_first(file: str, mistakes: Iterable[tuple[str, str]]) -> None:
    """
    Go on if there is none.

    Raises:
        CatalogueError: The first, by its key and reason.
    """
    for key, reason in mistakes:
        raise CatalogueError(file, key, reason)


def _foreign(value: object, key: str) -> Iterator[tuple[str, str]]:
    """Yield key and reason of each value that TOML has and JSON has not, and of a dialect that is not ours."""
    match value:
        case dict():
            for name, child in value.items():
                yield from _foreign(child, f"{key}.{name}")
        case list():
            for index, child in enumerate(value):
                yield from _foreign(child, f"{key}.{index}")
        case float() if not isfinite(value):
            yield key, f"JSON has no {value}"
        case datetime() | date() | time():
            yield key, f'JSON has no dates and times, only text: "{value.isoformat()}"'
        case str() if key == "parameters.$schema" and value != DIALECT:
            yield key, f"must be {DIALECT!r}, or left out"


def _misused(parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield key and reason of what is JSON Schema, and still nothing that this service can use."""
    if parameters.get("type", "object") != "object":
        yield "parameters.type", "must be 'object', or left out"
    properties: dict[str, Any] = parameters.get("properties", {})
    for name, schema in properties.items():
        if not isinstance(schema, dict):
            yield f"parameters.properties.{name}", "must be a table that says the parameter's type"
            continue
        if not _are_words(schema.get("x-label", {"en": name})):
            yield f"parameters.properties.{name}.x-label", WORDS_BY_LANGUAGE
        yield from _without_code(schema, f"parameters.properties.{name}")
    ordered = parameters.get("x-ordered", [])
    if not isinstance(ordered, list) or not all(_is_pair(it) for it in ordered):
        yield "parameters.x-ordered", 'must be a list of pairs: [["date_from", "date_to"]]'
    elif unknown := {name for pair in ordered for name in pair} - properties.keys():
        yield "parameters.x-ordered", f"names {min(unknown)}, which [parameters.properties] does not declare"


def _without_code(schema: Mapping[str, Any], key: str) -> Iterator[tuple[str, str]]:
    """Yield key and reason of words that no value of the parameter, or of a list's items, is shown by."""
    words = schema.get("x-words", {})
    # Yes and no have words already.
    codes = {str(it) for it in schema.get("enum", ()) if isinstance(it, (str, int)) and not isinstance(it, bool)}
    if not isinstance(words, dict):
        yield f"{key}.x-words", "must be a table of codes, each with its words by language"
        return
    for code, its_words in words.items():
        if code not in codes:
            yield f"{key}.x-words", f"has words for {code!r}, which is not in the parameter's enum"
        elif not _are_words(its_words):
            yield f"{key}.x-words.{code}", WORDS_BY_LANGUAGE
    if isinstance(items := schema.get("items"), dict):
        yield from _without_code(items, f"{key}.items")


def _ambiguous(report_type: ReportType) -> Iterator[tuple[str, str]]:
    """Yield key and reason of names that stand twice, where a document or SQL would keep one, and of unknown ones."""
    chart = report_type.chart
    named: dict[str, list[str]] = {
        "formats.{}": [*report_type.formats],
        "columns.{}.name": [column.name for column in report_type.columns],
        "summary.{}.name": [figure.name for figure in report_type.summary],
        "chart.y.{}.name": [series.name for series in chart.y] if chart else [],
        "record.{}": [*report_type.record],
    }
    for place, names in named.items():
        taken = {chart.x.name.lower()} if chart and place.startswith("chart") else set()
        for index, name in enumerate(names):
            if name.lower() in taken:  # as SQL has it
                yield place.format(index), f"{name} is there already; capitals make no other name"
            taken.add(name.lower())
    for index, name in enumerate(report_type.record):
        if name not in named["columns.{}.name"]:
            yield f"record.{index}", f"names {name}, which no column is"


def _are_words(value: object) -> bool:
    try:
        msgspec.convert(value, Words)
    except msgspec.ValidationError:
        return False
    return True


def _is_pair(value: object) -> bool:
    match value:
        case [str(), str()]:
            return True
    return False


def _refuse(file: str, plain: Mapping[str, Any], error: msgspec.ValidationError) -> NoReturn:
    """Say it as JSON Schema has it, which tells the key and what would do; what that cannot know, as msgspec has it."""
    schema = jsonschema_rs.validator_for(msgspec.json.schema(ReportType))
    found = next(schema.iter_errors(msgspec.to_builtins(plain)), None)  # dates as text, for JSON has none
    if found is None:
        reason, _, place = str(error).partition(" - at ")  # such as `$.columns[3]`
        raise CatalogueError(file, ".".join(re.findall(r"[.\[](\w+)", place)), reason) from error
    while found.kind.name == "anyOf":  # a table or none: the table is meant
        found = found.kind.as_dict()["context"][0][0]
    path, reason = [*found.instance_path], found.message
    match found.kind.name, found.kind.as_dict():
        case "required", {"property": missing}:
            path, reason = [*path, missing], "Field required"
        case "additionalProperties", {"unexpected": [unknown, *_]}:
            path, reason = [*path, unknown], "Extra inputs are not permitted"
        case "maxItems", {"limit": limit}:
            reason = f"there may be at most {limit}"
        case "enum", {"options": options}:
            reason = f"Input should be {', '.join(map(repr, options[:-1]))} or {options[-1]!r}"
        case "pattern", {"pattern": pattern}:
            reason = f"String should match pattern '{pattern.removesuffix(NO_LINE_END)}'"
    raise CatalogueError(file, ".".join(map(str, path)), reason) from found
