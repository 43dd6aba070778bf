"""Report SQL: exactly one SELECT, over the sources its type declares and nothing else."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
from msgspec import Struct

from rapor.catalogue import ReportType
from rapor.errors import CatalogueError

# What a FROM may hold besides sources and the query's own WITH names.
TABLE_FUNCTIONS = frozenset({"unnest", "generate_series", "range", "json_each", "json_tree"})

# Nodes of DuckDB's tree that are not expressions. Absent from the list is refused: SHOW_REF, INSERT_QUERY_NODE, ...
NODES = frozenset({
    "SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE",
    "BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY",
    "ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "DISTINCT_MODIFIER",
    "ORDER_DEFAULT", "ASCENDING", "DESCENDING",
})  # fmt: skip

# Functions that tell of the engine rather than of the data, keep state, or only waste time.
ENGINE_FUNCTIONS = re.compile(
    r"pg_\w+|duckdb_\w+|pragma_\w+|inet_\w+|has_\w+_privilege|txid_current|get_block_size|format_type"
    r"|current_(setting|query|query_id|database|catalog|schemas?|user|role|connection_id|transaction_id)"
    r"|user|session_user|version|getenv|getvariable|in_search_path|(obj|col|shobj)_description"
    r"|nextval|currval|setval|setseed|sleep_ms|write_log|parse_duckdb_log_message"
    r"|json_(de)?serialize_\w+|json_execute_\w+|read_\w+|query|query_table|glob"
    r"|stats|vector_type|index_key"  # of a file's every row, whosever they are
    r"|__internal_\w+|combine|finalize|to_aggregate_state"  # trust that their arguments were made by the engine
)

NO_PIVOT = "holds a PIVOT or UNPIVOT, which a report may not use"
TO_TREE = "select json_serialize_sql($sql, skip_null := true, skip_empty := true, skip_default := true)"


class Query(Struct, frozen=True):
    """A SELECT that passed, and the parameters it uses."""

    text: str
    parameters: frozenset[str]


class Queries(Struct, frozen=True):
    """
    All SQL of one report type.

    `measures` (the count, then key figures, then totals) and `chart` are texts for `over`: they read `report`.
    """

    rows: Query
    measures: Query
    chart: Query | None


def check_query(report_type: ReportType) -> None:
    """
    Refuse a type whose SQL is more, or reaches further, than SELECTs over its own sources.

    Raises:
        CatalogueError: Names the type's file, the key and the reason.
    """
    with duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}) as con:
        read_queries(con, report_type)


def read_queries(con: duckdb.DuckDBPyConnection, report_type: ReportType) -> Queries:
    """
    Take the type's SQL apart with DuckDB's own parser; nothing of it runs.

    Raises:
        CatalogueError: See `check_query`.
    """
    rows = _read(con, report_type, "query", report_type.query)
    measures = _read_over(con, report_type, rows, "summary", _measures(report_type))
    if report_type.chart is None:
        return Queries(rows, measures, None)
    return Queries(rows, measures, _read_over(con, report_type, rows, "chart.query", report_type.chart.query))


def _read_over(con: duckdb.DuckDBPyConnection, report_type: ReportType, rows: Query, key: str, select: str) -> Query:
    return Query(select, _read(con, report_type, key, over(rows, select)).parameters)


def over(rows: Query, select: str, limit: int | None = None) -> str:
    """Let *select* read the rows, or the first *limit* of them, as `report`."""
    return f"with report as ({first(rows, limit)})\n{select}"


def first(rows: Query, limit: int | None = None) -> str:
    """Select the rows, or the first *limit* of them."""
    end = "" if limit is None else f"\nlimit {limit:d}"
    return f"select * from (\n{rows.text}\n){end}"  # noqa: S608 - linted  # nosec B608


def _measures(report_type: ReportType) -> str:
    summary = [f"({figure.value}\n)" for figure in report_type.summary]
    totals = [f'sum("{column.name}")' for column in report_type.columns if column.total]
    return f"select {', '.join(['count(*)', *summary, *totals])} from report"  # noqa: S608 - linted  # nosec B608


def _read(con: duckdb.DuckDBPyConnection, report_type: ReportType, key: str, text: str) -> Query:
    def refused(reason: str) -> CatalogueError:
        return CatalogueError(f"{report_type.name}.toml", key, reason)

    try:
        statements = con.extract_statements(text)
        kinds = [statement.type for statement in statements]
    except duckdb.Error as error:
        raise refused(f"cannot be read: {error}") from error
    except ValueError:  # DuckDB has more kinds of statements than its Python has names for
        kinds = []
    if kinds == [duckdb.StatementType.MULTI]:  # DuckDB would look at the data first, for what becomes a column
        raise refused(NO_PIVOT)
    if kinds != [duckdb.StatementType.SELECT]:
        raise refused("must be exactly one SELECT")
    query = Query(_without_end(statements[0].query), frozenset(statements[0].named_parameters))
    reason = next(_unknown_parameters(query, report_type), None) or next(_strays(con, query, report_type), None)
    if reason:
        raise refused(reason)
    return query


def _without_end(text: str) -> str:
    """Take the semicolon away, and comments around it: the text becomes a part of another."""
    content, end = text.encode(), None
    for start, kind in reversed(duckdb.tokenize(text)):
        if kind != duckdb.token_type.comment and content[start : start + 1] != b";":
            break
        end = start
    return content[:end].decode()


def _unknown_parameters(query: Query, report_type: ReportType) -> Iterator[str]:
    for name in sorted(query.parameters - set(report_type.parameter_names)):
        yield f"uses ${name}, which [parameters.properties] does not declare"


def _strays(con: duckdb.DuckDBPyConnection, query: Query, report_type: ReportType) -> Iterator[str]:
    tree: dict[str, Any] = json.loads(con.execute(TO_TREE, {"sql": query.text}).fetchall()[0][0])
    if tree["error"]:
        yield f"cannot be read: {tree['error_message']}"
    else:
        yield from _visit(tree["statements"][0]["node"], frozenset(report_type.sources))


def _visit(node: Any, visible: frozenset[str]) -> Iterator[str]:
    """Yield why the tree below *node* is refused; *visible* are the tables it may name."""
    if isinstance(node, list):
        for child in node:
            yield from _visit(child, visible)
    elif isinstance(node, Mapping):
        yield from _why_refused(node, visible)
        for entry in node.get("cte_map", {}).get("map", []):
            yield from _visit(entry["value"], visible | _own_name(entry))
            visible |= {entry["key"].lower()}
        for key, child in node.items():
            if key != "cte_map":
                yield from _visit(child, visible)


def _own_name(entry: Mapping[str, Any]) -> frozenset[str]:
    """Only a recursive WITH sees itself; in any other its name still means what it meant outside."""
    recursive = entry["value"]["query_node"]["type"] == "RECURSIVE_CTE_NODE"
    return frozenset({entry["key"].lower()} if recursive else ())


def _why_refused(node: Mapping[str, Any], visible: frozenset[str]) -> Iterator[str]:
    kind = node.get("type")
    if node.get("class") == "FUNCTION":
        yield from _why_function_refused(node["function_name"])
    if "sample" in node:
        yield "takes a SAMPLE, which a report may not: each time it is read, that would be other rows"
    if not isinstance(kind, str) or "class" in node:  # a value's type is a table
        return
    if kind == "PIVOT":
        yield NO_PIVOT
    elif kind not in NODES:
        yield f"holds a {kind}, which a report may not use"
    elif kind == "BASE_TABLE":
        yield from _why_table_refused(node["qualified_name"]["path"], visible)
    elif kind == "TABLE_FUNCTION" and node["function"]["function_name"].lower() not in TABLE_FUNCTIONS:
        yield f"reads {node['function']['function_name']}(), which a report may not use"


def _why_function_refused(name: str) -> Iterator[str]:
    if ENGINE_FUNCTIONS.fullmatch(name.lower()):
        yield f"calls {name}(), which a report may not use"


def _why_table_refused(path: list[str], visible: frozenset[str]) -> Iterator[str]:
    if len(path) != 1 or path[0].lower() not in visible:
        yield f"reads {'.'.join(path)}, which [sources] does not declare"
