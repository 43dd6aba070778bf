"""The report types on this machine, as their authors edit them: which there are, and what is wrong with one."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.errors import WrongReportType
from local.hints import did_you_mean, hint_for
from local.schemas import check_parameters
from rapor.catalogue import Catalogue, ReportType, Source, load_type
from rapor.data.engine import DuckDBEngine
from rapor.data.query import check_query
from rapor.errors import CatalogueError, RenderError, SourceUnavailable
from rapor.http.openapi import document

TYPES = Path(__file__).parents[1] / "layers/catalogue/report_types"
MEMORY_MB, SPILL_MB = 512, 1024
FITS = "The query, and the SQL of [[summary]] and [chart], must give just the names and types that the file declares."
OWNERS = (
    "For callers with .own permissions the column that own names is text, as in the data: it must be there, and the "
    "query must take it as text, for a number would lose its leading zeros."
)
UNEXPECTED = "Unless the file cannot be opened, this should not happen; please report it, with the file."


class NoSuchType(Exception):
    """No file has that name; the message names those there are."""


class Wrong(Exception):
    """What is wrong with a file, in lines: file, key and reason, then what to do."""

    def __init__(self, file: str, key: str, reason: str, hint: str) -> None:
        super().__init__(f"{': '.join(filter(None, (file, key, reason)))}\nhint: {hint}")
        self.file, self.key, self.reason, self.hint = file, key, reason, hint


@dataclass(frozen=True, slots=True)
class Finding:
    """A file of the catalogue: its type, or what is wrong; `bound` tells that its query was held against data."""

    name: str
    report_type: ReportType | None = None
    wrong: Wrong | None = None
    bound: bool = False


def load(name: str, folder: Path = TYPES) -> ReportType:
    """
    Read one type and its query.

    Raises:
        NoSuchType: It is not there.
        Wrong: It cannot be used as it is.
    """
    there = sorted(file.stem for file in folder.glob("*.toml"))
    if name not in there:
        known = f"There are: {', '.join(there)}." if there else f"There is none in {folder}."
        raise NoSuchType(f"There is no report type {name}. {did_you_mean(name, there)}".rstrip() + f"\n{known}")
    return read(folder / f"{name}.toml")


def read(file: Path) -> ReportType:
    """
    Read the type of a file and its query.

    Raises:
        Wrong: It cannot be used as it is.
    """
    with _naming(file):
        report_type = load_type(file)
        check_parameters(report_type)
        _check_queries(report_type)
        document(Catalogue({report_type.name: report_type}), version="")  # the API's description can be written
    return report_type


def read_all(folder: Path) -> Catalogue:
    """
    Read every type of the folder.

    Raises:
        WrongReportType: Some cannot be used, or there is none; it says so of each, and what to do.
    """
    types, mistakes = dict[str, ReportType](), list[str]()
    for file in sorted(folder.glob("*.toml")):
        try:
            types[file.stem] = read(file)
        except Wrong as wrong:
            mistakes.append(str(wrong))
    if mistakes or not types:
        raise WrongReportType("\n".join(mistakes) or f"there is no report type in {folder}")
    return Catalogue(types)


@contextmanager
def _naming(file: Path) -> Iterator[None]:
    """Let everything that goes wrong name the file, so that whoever looks at others too goes on."""
    try:
        yield
    except Wrong:
        raise
    except CatalogueError as error:
        raise Wrong(error.file, error.key, error.reason, hint_for(error)) from error
    except Exception as error:
        raise Wrong(file.name, "", f"cannot be read: {type(error).__name__}: {error}", UNEXPECTED) from error


def check(folder: Path, data: Path) -> Iterator[Finding]:
    """Look at every file; where its data sets are in *data*, bind its query to them, which shows no rows."""
    for file in sorted(folder.glob("*.toml")):
        try:
            report_type = read(file)
            with _naming(file):
                bound = _bind(report_type, data)
        except Wrong as wrong:
            yield Finding(file.stem, wrong=wrong)
        else:
            yield Finding(file.stem, report_type, bound=bound)


def _check_queries(report_type: ReportType) -> None:
    """
    Look at all its SQL.

    Raises:
        CatalogueError: As `check_query`, with the key that the mistake stands under.
    """
    try:
        check_query(report_type)
    except CatalogueError:
        for key, part in _parts(report_type):
            try:
                check_query(part)
            except CatalogueError as error:
                raise CatalogueError(error.file, key, error.reason) from error
        raise


def _parts(report_type: ReportType) -> Iterator[tuple[str, ReportType]]:
    """Give the type with only its query, then with that and one other piece of SQL at a time, and the piece's key."""
    columns = tuple(column.model_copy(update={"total": False}) for column in report_type.columns)
    bare = report_type.model_copy(update={"columns": columns, "summary": (), "chart": None})
    yield "query", bare
    for index, figure in enumerate(report_type.summary):
        yield f"summary.{index}.value", bare.model_copy(update={"summary": (figure,)})
    if report_type.chart:
        yield "chart.query", bare.model_copy(update={"chart": report_type.chart})


def _bind(report_type: ReportType, data: Path) -> bool:
    engine = DuckDBEngine(
        str(data), memory_limit_mb=MEMORY_MB, temp_directory=tempfile.gettempdir(), temp_limit_mb=SPILL_MB
    )
    try:
        _open(engine, report_type)
    except SourceUnavailable:
        return False
    except RenderError as error:
        raise _misfit(report_type, *_part_at_fault(engine, report_type, error), FITS) from error
    if report_type.open_to_own:
        try:
            _open(engine, report_type, own_user_id="")
        except RenderError as error:
            raise _misfit(report_type, _owners_at_fault(engine, report_type), error, OWNERS) from error
    return True


def _open(engine: DuckDBEngine, report_type: ReportType, *, own_user_id: str | None = None) -> None:
    """Bind all its SQL, with that of key figures, totals and the chart over no rows."""
    with engine.open(report_type, {}, own_user_id=own_user_id) as rows:
        rows.figures(0)


def _part_at_fault(engine: DuckDBEngine, report_type: ReportType, whole: RenderError) -> tuple[str, RenderError]:
    for key, part in _parts(report_type):
        try:
            _open(engine, part)
        except RenderError as error:
            return key, error
    return "query", whole


def _owners_at_fault(engine: DuckDBEngine, report_type: ReportType) -> str:
    """Say the key of the source that is wrong for callers with `.own` permissions, be it alone or with the others."""
    for name, source in report_type.sources.items():
        others = dict.fromkeys(report_type.sources, Source(own="all"))
        try:
            _open(engine, report_type.model_copy(update={"sources": others | {name: source}}), own_user_id="")
        except RenderError:
            return f"sources.{name}.own"
    return "sources"


def _misfit(report_type: ReportType, key: str, error: RenderError, hint: str) -> Wrong:
    because = f" ({str(error.__cause__).splitlines()[0]})" if error.__cause__ else ""
    return Wrong(f"{report_type.name}.toml", key, f"{error}{because}", hint)
