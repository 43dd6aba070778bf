"""Names and texts stay what they are inside SQL, whatever they hold."""

import duckdb
import pytest

from rapor.sql import concat, literal, quoted

TEXTS = ["", "'", "it's", "''", "'; drop table x; --", '"', "\\'", "X'X", "\n", "Ş"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_read_back_as_it_is(text: str) -> None:
    with duckdb.connect() as con:
        assert con.execute(f"select {literal(text)}").fetchall() == [(text,)]
        assert con.execute(f"select {concat(literal(text), 'NULL', literal('!'))}").fetchall() == [(f"{text}!",)]


@pytest.mark.parametrize("name", [text for text in [*TEXTS, 'a"b', 'X"X'] if text])
def test_a_name_is_read_back_as_it_is(name: str) -> None:
    with duckdb.connect() as con:
        assert con.execute(f"select 1 as {quoted(name)}").description[0][0] == name
