"""What `rapor check`, `make build` and `make run` find in a report type's file, and that they go on after it."""

import json
from pathlib import Path

import pytest

from local.report_types import Wrong, check, read
from rapor.catalogue import Catalogue
from rapor.http.report_types import as_resource
from tests.builders import a_caller, a_type_file

DAY = '[parameters.properties.day]\ntype = "string"\nformat = "date"\n'
UNTIL = '[parameters.properties.until]\ntype = "string"\nformat = "date"\n'
DEFINED = '"$defs" = { day = { type = "string", format = "date" } }\n'
NULLABLE = DAY.replace('"string"', '["string", "null"]')
PARAMETERS = [
    ("a date of TOML's", f"{DAY}default = 2025-01-01", "properties.day.default", "JSON has no dates", "Put it in"),
    ("dates in a list", f"{DAY}enum = [2025-01-01]", "properties.day.enum.0", "JSON has no dates", "Put it in"),
    ("not a number", f"{DAY}default = nan", "properties.day.default", "JSON has no nan", "What an order leaves out"),
    ("a label of no language", f'{DAY}x-label = "Day"', "properties.day.x-label", "must be words", "Say it by language"),
    ("a label in Klingon", f'{DAY}x-label = {{ xx = "x" }}', "properties.day.x-label", "must be words", "Say it by"),
    ("a parameter of no type", "[parameters.properties]\nday = true", "properties.day", "must be a table", "It is JSON"),
    ("no pair", f'[parameters]\nx-ordered = "day"\n{DAY}', "x-ordered", "must be a list of pairs", "Pairs of"),
    ("flat pair", f'[parameters]\nx-ordered = ["day", "day"]\n{DAY}', "x-ordered", "must be a list", "Pairs of"),
    ("triple", f'[parameters]\nx-ordered = [["day", "day", "day"]]\n{DAY}', "x-ordered", "must be a list", "Pairs of"),
    ("unknown in a pair", f'[parameters]\nx-ordered = [["day", "dya"]]\n{DAY}', "x-ordered", "names dya", "Declare it"),
    (
        "a pair of two kinds",
        f'[parameters]\nx-ordered = [["day", "size"]]\n{DAY}[parameters.properties.size]\ntype = "integer"',
        "x-ordered", "day and size must both be numbers", "Pairs of",
    ),
    (
        "a pair of two formats",
        f'[parameters]\nx-ordered = [["day", "at"]]\n{DAY}[parameters.properties.at]\ntype = "string"',
        "x-ordered", "strings of one format", "Pairs of",
    ),
    ("no object", f'[parameters]\ntype = "array"\n{DAY}', "type", "must be 'object'", "It is JSON Schema"),
    ("an older dialect", '[parameters]\n"$schema" = "http://json-schema.org/draft-07/schema#"', "$schema", "must be 'https", "It is JSON"),
    ("broken pattern", f'{DAY}pattern = "("', "properties.day.pattern", "regex", "It is JSON Schema"),
    ("dangling reference", f'{DAY}"$ref" = "#/nope"', "", "'/nope' does not exist", "It is JSON Schema"),
    (
        "reference to elsewhere",
        f'{DAY}"$ref" = "https://example.com/day.json"',
        "properties.day.$ref", "nothing is fetched", 'Keep it in [parameters."$defs"]',
    ),
    ("default that no order may send", f'{DAY}default = "yesterday"', "properties.day.default", '"yesterday"', "What an"),
    ("list of what no order may send", f'{DAY}enum = ["a"]', "properties.day.enum.0", '"a" is not a "date"', "Every value"),
    ("undeclared but required", '[parameters]\nrequired = ["day"]', "required", "names day", "Declare it in"),
    ("unknown format", DAY.replace('"date"', '"dat"'), "properties.day.format", "Unknown format: 'dat'", "Did you mean date?"),
    ("unknown type", DAY.replace('"string"', '"strng"'), "properties.day.type", '"strng"', "Did you mean string?"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "key", "reason", "hint"), [it[1:] for it in PARAMETERS], ids=[it[0] for it in PARAMETERS]
)
def test_parameters_that_break_every_order_are_refused(
    tmp_path: Path, more: str, key: str, reason: str, hint: str
) -> None:
    file = a_type_file(tmp_path, more=more)

    with pytest.raises(Wrong) as raised:
        read(file)

    assert raised.value.file == "things.toml"
    assert raised.value.key == ".".join(filter(None, ("parameters", key)))
    assert reason in raised.value.reason
    assert raised.value.hint.startswith(hint)


@pytest.mark.parametrize(
    "more",
    [
        f'[parameters]\nrequired = ["day"]\nx-ordered = [["day", "until"]]\n{DAY}default = "2025-01-01"\n{UNTIL}',
        f'[parameters]\nx-ordered = [["day", "until"]]\n{NULLABLE}{UNTIL}',
        f'[parameters]\nx-ordered = [["day", "until"]]\n{DEFINED}{UNTIL}[parameters.properties.day]\n"$ref" = "#/$defs/day"',
        '[parameters.properties.size]\nenum = [1, 2]\ndefault = 2\nx-label = { tr = "Boy" }',
        '[parameters]\n"$defs" = { size = { minimum = 1 } }\n[parameters.properties.size]\n"$ref" = "#/$defs/size"',
    ],
)
def test_parameters_that_can_be_ordered_are_right_and_can_be_shown(tmp_path: Path, more: str) -> None:
    report_type = read(a_type_file(tmp_path, more=more))

    assert json.dumps(as_resource(report_type, a_caller(), "tr"), allow_nan=False)


@pytest.mark.parametrize(
    "sample", ["using sample 10", "using sample 10%", "tablesample reservoir(5)", "tablesample 10% (bernoulli)"]
)
def test_a_sample_is_refused_with_a_reason(tmp_path: Path, sample: str) -> None:
    file = a_type_file(tmp_path, ("from things", f"from things {sample}"))

    with pytest.raises(Wrong, match=r"things.toml: query: takes a SAMPLE"):
        read(file)


def test_a_mistake_beside_a_date_of_tomls_is_found_all_the_same(tmp_path: Path) -> None:
    file = a_type_file(tmp_path, ("version", "versoin"), more=f"{DAY}default = 2025-01-01")

    with pytest.raises(Wrong) as raised:
        read(file)

    assert (raised.value.key, raised.value.reason) == ("version", "Field required")


def test_a_date_where_a_number_belongs_is_said_to_be_none(tmp_path: Path) -> None:
    file = a_type_file(tmp_path, ("version = 1", "version = 2025-01-01"))

    with pytest.raises(Wrong) as raised:
        read(file)

    assert (raised.value.key, raised.value.reason) == ("version", '"2025-01-01" is not of type "integer"')


@pytest.mark.parametrize("step", ["check_query", "_bind"])
def test_what_nobody_thought_of_names_its_file_and_the_next_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def broken(*_: object) -> None:
        raise TypeError("unhashable")

    a_type_file(tmp_path, name="a")
    (tmp_path / "b.toml").write_text("[")
    monkeypatch.setattr(f"local.report_types.{step}", broken)

    a, b = check(tmp_path, tmp_path)

    assert a.wrong is not None
    assert str(a.wrong).startswith("a.toml: cannot be read: TypeError: unhashable\nhint: ")
    assert b.wrong is not None
    assert b.wrong.file == "b.toml"


def test_a_file_that_cannot_be_opened_is_told_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "link.toml").symlink_to(tmp_path / "nowhere")
    a_type_file(tmp_path)

    found = {it.name: it.wrong and it.wrong.reason.split(":")[1].strip() for it in check(tmp_path, tmp_path)}

    assert found == {"folder": "IsADirectoryError", "link": "FileNotFoundError", "things": None}


@pytest.mark.parametrize(
    "more", [f"{DAY}default = 2025-01-01", f'{DAY}x-label = "Day"', '[parameters]\nx-ordered = ["a"]']
)
def test_what_could_not_be_shown_is_not_even_loaded(tmp_path: Path, more: str) -> None:
    a_type_file(tmp_path, more=more)

    with pytest.raises(Exception, match=r"things.toml: parameters\."):
        Catalogue.load(tmp_path)


def a_figure(name: str, value: str = "count(*)") -> str:
    return f'[[summary]]\nname = "{name}"\ntype = "integer"\nlabel = {{ en = "N" }}\nvalue = "{value}"\n'


def figures(value: str) -> str:
    return a_figure("one") + a_figure("two", value)


def a_chart(*names: str) -> str:
    series = ", ".join(f'{{ name = "{name}", type = "integer", label = {{ en = "N" }} }}' for name in names)
    chart = '[chart]\nkind = "bar"\ntitle = { en = "C" }\nquery = "select id, id as a, id as b from report"\n'
    return f'{chart}x = {{ name = "id", type = "integer", label = {{ en = "N" }} }}\ny = [{series}]\n'


COLUMN = '[[columns]]\nname = "iD"\ntype = "integer"\nlabel = { en = "Id" }\n'
TWICE = "is there already"


@pytest.mark.parametrize(
    ("change", "more", "key", "reason"),
    [
        ((), COLUMN, "columns.1.name", TWICE),
        ((), COLUMN.replace("iD", "id"), "columns.1.name", TWICE),
        ((), a_figure("n") + a_figure("n"), "summary.1.name", TWICE),
        ((), a_chart("a", "b", "a"), "chart.y.2.name", TWICE),
        ((), a_chart("a", "id"), "chart.y.1.name", TWICE),
        ((("version = 1", 'version = 1\nrecord = ["id", "id"]'),), "", "record.1", TWICE),
        ((('["csv"]', '["csv", "json", "csv"]'),), "", "formats.2", TWICE),
    ],
)
def test_a_name_stands_once(
    tmp_path: Path, change: tuple[tuple[str, str], ...], more: str, key: str, reason: str
) -> None:
    file = a_type_file(tmp_path, *change, more=more)

    with pytest.raises(Wrong) as raised:
        read(file)

    assert raised.value.key.endswith(key)
    assert reason in raised.value.reason


def test_a_query_that_gives_a_column_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "things").mkdir()
    (tmp_path / "things/a.csv").write_text("id,size\n1,2\n")
    a_type_file(tmp_path, ("select id from", "select id, size as id from"))

    [finding] = check(tmp_path, tmp_path)

    assert finding.wrong is not None
    assert finding.wrong.reason == "The query gives two columns id: give one another name, or leave it out."


HINTS = [
    ((), 'lane = "heavy"', "columns.0.lane: Extra inputs are not permitted", "lane is a key of the type itself: "),
    ((), 'value = "1"', "columns.0.value: Extra inputs are not permitted", "value belongs in [[summary]]."),
    ((), a_chart("a") + "total = true", "chart.total: Extra inputs", "total belongs in [[columns]]."),
    ((), "totl = true", "columns.0.totl: Extra inputs", "Did you mean total?"),
    ((("own =", "owm ="),), "", "sources.things.owm: Extra inputs", "Did you mean own?"),
    ((), a_chart("a").replace("x = {", 'x = { curency = "TRY",'), "chart.x.curency: Extra", "Did you mean currency?"),
    ((("version =", "verison ="),), "", "version: Field required", "Add it: "),
    ((("[sources", "[colour]\n[sources"),), "", "colour: Extra inputs", "Did you mean columns?"),
    ((), 'currency = "tl"', "columns.0.currency: String should match", 'It is an ISO 4217 code, three capitals: "TRY".'),
    ((('label = { en = "Id" }', 'label = { de = "Id" }'),), "", "columns.0.label: ", "Words are by language"),
    ((), "[limits.rows]\npfd = 3", "limits.rows: ", "Formats are pdf, excel"),
    ((("[sources.things]", "[sources.Things]"),), "", "sources: ", "Names are of small letters"),
    ((("version = 1", 'version = 1\nrecord = ["zz"]'),), "", "record.0: names zz, which no column is", "It names [[columns]]"),
    ((), "".join(map(a_figure, "abcdefg")), "summary: there may be at most 6", "Take some out."),
    ((), a_chart(*"abcdefghi"), "chart.y: there may be at most 8", "Take some out."),
    ((("from things", "from things where id = $x"),), "", "query: uses $x, which", "Declare it in"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "more", "said", "hint"), HINTS, ids=[it[2] for it in HINTS])
def test_a_mistake_says_what_to_do(
    tmp_path: Path, changes: tuple[tuple[str, str], ...], more: str, said: str, hint: str
) -> None:
    with pytest.raises(Wrong) as raised:
        read(a_type_file(tmp_path, *changes, more=more))

    reason, advice = str(raised.value).splitlines()
    assert reason.startswith(f"things.toml: {said}")
    assert advice.startswith(f"hint: {hint}")
    assert len(reason) + len(advice) < 300


@pytest.mark.parametrize("text", ["-- in $usd", "/* $usd */", "where 'US$x' <> $$it's$$", "where id is not null -- $1"])
def test_a_dollar_that_is_no_parameter_is_none(tmp_path: Path, text: str) -> None:
    query = f'"""\nselect id from things\n{text}\n"""'

    assert read(a_type_file(tmp_path, ('"select id from things"', query))).parameter_names == ()


def test_a_type_may_speak_turkish_alone(tmp_path: Path) -> None:
    words = (
        ("title = { en", "title = { tr"),
        ("description = { en", "description = { tr"),
        ("label = { en", "label = { tr"),
    )

    assert read(a_type_file(tmp_path, *words, more=f'{DAY}x-label = {{ tr = "Gün" }}')).title == {"tr": "Things"}


@pytest.mark.parametrize(
    ("changes", "more", "said", "hint"),
    [
        ((), figures("count(*) from users"), "summary.1.value: cannot be read", "It is an SQL aggregate"),
        ((), figures("(select 1 from users)"), "summary.1.value: reads users, which", "It is an SQL aggregate"),
        ((), a_chart("a").replace("from report", "from users"), "chart.query: reads users, which", "It is one SELECT"),
        ((("from things", "from users"),), figures("1"), "query: reads users, which", "A query is one SELECT"),
    ],
)
def test_a_mistake_in_sql_is_told_under_its_own_key(
    tmp_path: Path, changes: tuple[tuple[str, str], ...], more: str, said: str, hint: str
) -> None:
    with pytest.raises(Wrong) as raised:
        read(a_type_file(tmp_path, *changes, more=more))

    assert str(raised.value).startswith(f"things.toml: {said}")
    assert raised.value.hint.startswith(hint)


MISSING = "The query does not fit the data: it names a column or function that is not there. "
BOUND = [
    ((), figures("max(nope)"), "summary.1.value", f"{MISSING}(Binder Error: Referenced column"),
    ((), figures("'x'"), "summary.1.value", "The column two should be integer but the query gives varchar"),
    ((), figures("id"), "summary.1.value", "The query does not fit the data. (Binder Error: column "),
    ((), a_chart("a").replace("id as a", "nope as a"), "chart.query", f"{MISSING}(Binder Error: Referenced column"),
    ((("select id", "select nope"),), figures("1"), "query", f"{MISSING}(Binder Error: Referenced column"),
    ((("select id", "select nope(id) as id"),), "", "query", f"{MISSING}(Catalog Error: Scalar Function"),
    ((("from things", "from things a, things b"),), "", "query", "The query does not fit the data. (Binder Error: Ambig"),
    ((("select id", "select id, name"),), "", "query", "The query gives a column name, which the report type does not"),
    ((('own = "all"', 'own = "owner"'),), "", "sources.things.own", f"{MISSING}(Binder Error: "),
    ((('own = "all"', 'own = "id"'),), "", "query", "The column id should be integer but the query gives"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "more", "key", "said"), BOUND)
def test_what_does_not_fit_the_data_is_told_under_its_own_key(
    tmp_path: Path, changes: tuple[tuple[str, str], ...], more: str, key: str, said: str
) -> None:
    (tmp_path / "things").mkdir()
    (tmp_path / "things/a.csv").write_text("id,name\n1,a\n")
    a_type_file(tmp_path, *changes, more=more)

    [finding] = check(tmp_path, tmp_path)

    assert finding.wrong is not None
    assert (finding.wrong.key, finding.wrong.reason[: len(said)]) == (key, said)


@pytest.mark.parametrize(
    "end", ["; -- end", " ;; /* ; */\n-- ş;", "-- end", "where name <> ' ;-- x' ; -- ;", "where name <> $$;--$$;"]
)
def test_comments_after_the_query_are_no_part_of_it(tmp_path: Path, end: str) -> None:
    (tmp_path / "things").mkdir()
    (tmp_path / "things/a.csv").write_text("id,name\n1,a\n")
    query = f'"""\nselect id from things\n{end}\n"""'
    a_type_file(tmp_path, ('"select id from things"', query), more=a_figure("rows") + a_chart("a", "b"))

    [finding] = check(tmp_path, tmp_path)

    assert finding.wrong is None
    assert finding.bound


@pytest.mark.parametrize(
    "query",
    [
        "pivot things on id using count(*)",
        "select * from (pivot things on id using count(*))",
        "select * from (pivot things on id in (1, 2) using count(*))",
        "select * from (unpivot things on id into name what value id)",
    ],
)
def test_a_pivot_is_refused_with_what_to_do(tmp_path: Path, query: str) -> None:
    with pytest.raises(Wrong) as raised:
        read(a_type_file(tmp_path, ("select id from things", query)))

    assert str(raised.value).startswith(
        "things.toml: query: holds a PIVOT or UNPIVOT, which a report may not use\nhint: "
    )
    assert raised.value.hint.startswith("Select each column, as in ")
