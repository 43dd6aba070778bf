import pytest

from rapor.errors import BodyTooLarge, MalformedBody, UnsupportedMediaType
from rapor.http.body import read_json

JSON = {"content-type": "application/json"}
MALFORMED = {
    "empty": b"",
    "not json": b"{",
    "list": b"[]",
    "number": b"1",
    "null": b"null",
    "latin-1": '{"a":"ü"}'.encode("latin-1"),
    "two values": b"{}{}",
    "duplicate key": b'{"a":1,"a":2}',
    "nested duplicate key": b'{"a":{"b":1,"b":2}}',
    "NaN": b'{"a":NaN}',
    "infinity": b'{"a":-Infinity}',
    "huge float": b'{"a":1e999}',
    "huge integer": b'{"a":' + b"9" * 5000 + b"}",
    "lone surrogate": b'{"a":"\\ud800"}',
    "lone surrogate in a key": b'{"\\udc00":1}',
    "deep": b'{"a":' + b"[" * 40 + b"]" * 40 + b"}",
    "bottomless": b'{"a":' * 40_000,
    "a name that is too long": b'{"' + b"a" * 129 + b'":1}',
    "a name with a control character": b'{"a":{"b\\u0007":1}}',
    "a name that is written backwards": '{"\u202ea":1}'.encode(),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_anything_but_one_plain_object_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        read_json(JSON, body)


def test_text_outside_ascii_is_read_as_such() -> None:
    assert read_json(JSON, '{"a":"ğüşİ 😀"}'.encode()) == {"a": "ğüşİ 😀"}


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "APPLICATION/JSON",
        'application/json; charset="UTF-8"',
        "application/vnd.api+json",
        "application/json;profile=x; charset = utf8; v=1",
        None,
    ],
)
def test_json_in_utf8_is_accepted(content_type: str | None) -> None:
    assert read_json({"content-type": content_type} if content_type else {}, b"{}") == {}


def test_a_name_may_have_128_characters_of_any_script() -> None:
    assert read_json(JSON, f'{{"{"ğ" * 128}":1}}'.encode()) == {"ğ" * 128: 1}


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin-1",
        "application/json; v=1; charset=latin-1",
        "application/json; charset",
        "text/json",
        "",
    ],
)
def test_other_media_types_are_refused(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        read_json({"content-type": content_type}, b"{}")


def test_a_large_body_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(BodyTooLarge):
        read_json(JSON, b"{" * (256 * 1024 + 1))
