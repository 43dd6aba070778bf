"""Bodies that are no order, by hand and by the hundred: each is refused in so many words, and nothing is stored."""

import copy
import dataclasses
import functools
import http.client
import json
import operator
import os
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.service import Service

pytestmark = pytest.mark.e2e
SEED = int(os.environ.get("SEED", "20251120"))
DOOR_A, DOOR_B = "/reports", "/api/v1/reports"
VALID: dict[str, Any] = {
    "title": "A",
    "report_type": "users",
    "parameters": {"date_from": "2025-01-01", "date_to": "2025-12-31", "status": "active"},
    "format": "csv",
    "status": "pending",
    "is_active": True,
    "options": {"locale": "tr", "allow_truncated": False, "csv": {"bom": True, "delimiter": ";", "decimal": ","}},
}
SECRET = "Gizli-7f3a9"  # in what is sent; comes back in no answer
TEXT = json.dumps({**VALID, "title": "Kullanıcı Raporu 報告 😀"}, ensure_ascii=False).encode()
MAX_REPR = 40_000  # of one wrong value among several: five of them are no body too large
JSON = {"Content-Type": "application/json"}


@dataclasses.dataclass(frozen=True)
class Bad:
    """A body and what it deserves; `fields` are the ones that 422 names."""

    name: str
    body: bytes
    status: int
    fields: frozenset[str] = frozenset()
    headers: Mapping[str, str] = dataclasses.field(default_factory=lambda: JSON)


MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "blanks": b" \n\t ",
    "null": b"null",
    "true": b"true",
    "a number": b"1",
    "a string": b'"%s"' % SECRET.encode(),
    "a list": b"[]",
    "a list of an order": json.dumps([VALID]).encode(),
    "two objects": b"{}{}",
    "an object and more": b'{"title":"A"} x',
    "an object and NUL": b'{"title":"A"}\x00',
    "a form": b"title=A&report_type=users",
    "XML": b"<order><title>A</title></order>",
    "single quotes": b"{'title':'A'}",
    "no quotes": b"{title:1}",
    "a comma too many": b'{"title":"A",}',
    "a comment": b'{"title":"A"/**/}',
    "a line comment": b'{"title":"A"}//',
    "octal": b'{"is_active":010}',
    "hexadecimal": b'{"is_active":0x10}',
    "a plus": b'{"is_active":+1}',
    "a bare point": b'{"is_active":.5}',
    "a point at the end": b'{"is_active":5.}',
    "a split number": b'{"is_active":1 2}',
    "Python's True": b'{"is_active":True}',
    "undefined": b'{"title":undefined}',
    "NaN": b'{"title":NaN}',
    "Infinity": b'{"title":Infinity}',
    "-Infinity": b'{"parameters":{"date_from":[-Infinity]}}',
    "1e999": b'{"title":1e999}',
    "-1e999": b'{"parameters":{"x":-1e999}}',
    "an integer of 5,000 digits": b'{"title":' + b"9" * 5_000 + b"}",
    "an integer of 200,000 digits": b'{"title":' + b"9" * 200_000 + b"}",
    "a key twice": b'{"title":"A","title":"B"}',
    "a key twice, once escaped": b'{"title":"A","\\u0074itle":"B"}',
    "a key twice, deep": b'{"parameters":{"x":{"y":1,"y":1}}}',
    "a key twice in a list": b'{"parameters":{"x":[{"y":1,"y":1}]}}',
    "a byte order mark": b'\xef\xbb\xbf{"title":"A"}',
    "UTF-16": '{"title":"A"}'.encode("utf-16"),
    "UTF-16, no mark": '{"title":"A"}'.encode("utf-16-le"),
    "UTF-32": '{"title":"A"}'.encode("utf-32"),
    "Latin-9": '{"title":"ş€"}'.encode("iso8859-15", "replace") + b"\xa4",
    "Latin-5": '{"title":"ğüşıöç"}'.encode("iso8859-9"),
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00C\xbf\xa6\xa3\x02\x00\x00\x00",
    "overlong slash": b'{"title":"\xc0\xaf"}',
    "overlong NUL": b'{"title":"\xc0\x80"}',
    "half a character": b'{"title":"\xe2\x82"}',
    "a stray byte": b'{"title":"\x80"}',
    "a surrogate in UTF-8": b'{"title":"\xed\xa0\x80"}',
    "a pair of surrogates in UTF-8": b'{"title":"\xed\xa0\xbd\xed\xb8\x80"}',
    "above Unicode": b'{"title":"\xf4\x90\x80\x80"}',
    "FE": b'{"title":"\xfe"}',
    "a lone high surrogate": b'{"title":"\\ud800"}',
    "a lone low surrogate": b'{"title":"\\udfff"}',
    "surrogates the wrong way round": b'{"title":"\\ude00\\ud83d"}',
    "a lone surrogate in a key": b'{"\\ud800":1}',
    "a lone surrogate, deep": b'{"parameters":{"x":["\\ud800"]}}',
    "half an escape": b'{"title":"\\u12"}',
    "an unknown escape": b'{"title":"\\x41"}',
    "a raw newline": b'{"title":"a\nb"}',
    "a raw NUL": b'{"title":"a\x00b"}',
    "a raw tab": b'{"title":"a\tb"}',
    "a vertical tab between": b'{\x0b"title":"A"}',
    "a no-break space between": b'{\xc2\xa0"title":"A"}',
    "33 lists deep": b'{"parameters":' + b"[" * 33 + b"]" * 33 + b"}",
    "33 objects deep": b'{"a":' * 33 + b"1" + b"}" * 33,
    "1,000 deep": b'{"a":' * 1_000 + b"1" + b"}" * 1_000,
    "100,000 deep": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "bottomless lists": b"[" * 250_000,
    "bottomless objects": b'{"a":' * 50_000,
    "a long name": json.dumps({SECRET * 12: 1}).encode(),
    "a name with a line break": json.dumps({f"{SECRET}\n": 1}).encode(),
    "a name with NUL": json.dumps({f"{SECRET}\0": 1}).encode(),
    "a name written backwards": json.dumps({f"\u202e{SECRET}": 1}).encode(),
    "a name with a zero width space": json.dumps({f"title\u200b{SECRET}": 1}).encode(),
    "a parameter with a long name": json.dumps({**VALID, "parameters": {SECRET * 12: 1}}).encode(),
    "an option with an invisible name": json.dumps({**VALID, "options": {f"\u2066{SECRET}": 1}}).encode(),
}
NOT_JSON = (
    "", "text/plain", "text/json", "text/html", "application/xml", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "application/octet-stream", "application/jsonp", "application/json5",
    "application/x-ndjson", "application/jsonl", "application/javascript", "application", "json", "/json", "*/*",
    "application/*", "application/json, text/plain", "application/json,application/json", "image/svg+json",
    "application/json; charset=latin-1", "application/json; charset=utf-16", 'application/json; charset="iso-8859-9"',
    "application/json; charset=", "application/json; charset", "application/json; profile=x; charset=latin-1",
    "application/json; charset=utf-8; charset=latin-1", "application/json; CHARSET=UTF-7", "application/json+",
)  # fmt: skip
TOO_LARGE: dict[str, bytes] = {
    "a title of 256 KiB": json.dumps({**VALID, "title": "a" * 262_144}).encode(),
    "a title of 1 MB": json.dumps({**VALID, "title": SECRET * 91_000}).encode(),
    "a megabyte of blanks": json.dumps(VALID).encode() + b" " * 1_000_000,
    "a megabyte of nothing": b"\x00" * 1_000_000,
    "a megabyte of lists": b"[" * 1_000_000,
    "parameters of 1 MB": json.dumps({**VALID, "parameters": {"status": SECRET * 91_000}}).encode(),
    "200,000 keys": json.dumps({str(n): n for n in range(200_000)}).encode(),
}
SCALARS: tuple[Any, ...] = (
    0,
    1,
    -1,
    1.5,
    -0.0,
    1e308,
    5e-324,
    2**31,
    2**53 + 1,
    2**64,
    -(2**63) - 1,
    10**400,
    10**4_000,
)
WRONG: dict[str, tuple[Any, ...]] = {
    "title": (
        None, *SCALARS, True, False, [], {}, [SECRET], {"tr": SECRET}, "", " ", "\t\r\n", "\u00a0\u3000", "\u200b",
        "\ufeff \u200e", "a" * 256, "😀" * 256, SECRET + "a" * 250_000, " \u200b" * 20_000, "a\u0000b", "a\nb", "a\tb",
        "a\u001bb", "a\u007fb", "a\u0085b", "a\u2028b", "a\u2029b", "a\u202ab", "a\u202eb", "a\u2066b", "a\u2069b",
        "a\u180eb", "a\u200bb", "a\u2060b", "a\u2064b", "a\ufeffb",
    ),
    "report_type": (
        None, *SCALARS, True, [], {}, ["users"], "", " ", SECRET, "Users", "USERS", "users ", " users", "users\u0000",
        "users\n", "user", "users.toml", "../users", "/etc/passwd", "users;--", "ｕsers", "uѕers", "__class__", SECRET * 20_000,
    ),
    "parameters": (
        {"status": SECRET * 4_000}, *SCALARS, True, False, [], [{}], "", "{}", SECRET, [["date_from", "2025-01-01"]],
    ),
    "parameters.date_from": (
        *SCALARS, True, [], {}, ["2025-01-01"], {"$date": "-1 month"}, "", " ", SECRET, "yesterday", "2025-02-30", "2025-13-01",
        "2025-00-10", "2025-1-1", "20250101", "01.02.2025", "2025-01-01T00:00:00Z", "2025-01-01 ", "2025-01-01\u0000",
        "٢٠٢٥-٠١-٠١", "-2025-01-01", "12025-01-01", "2025-W01-1", "2025-366", "'; drop table users; --",
    ),
    "parameters.status": (*SCALARS, False, [], {}, ["active"], "", "Active", "ACTIVE", "active ", "actıve", SECRET, "active\u0000"),
    "format": (*SCALARS, True, [], {}, ["csv"], "", " ", "CSV", "csv ", "xlsx", "docx", SECRET, "csv\u0000", "Format.CSV"),
    "status": (*SCALARS, True, [], {}, ["pending"], "", "Pending", "done", "cancelled", SECRET, "pending ", "pendıng"),
    "is_active": (*SCALARS, "", "true", "false", "1", "yes", "on", [], {}, [True], SECRET),
    "options": (*SCALARS, True, [], [{}], "", "{}", SECRET),
    "options.locale": (None, *SCALARS, True, [], {}, "", "TR", "de", "tr-TR", "tr\u0000", SECRET),
    "options.allow_truncated": (None, *SCALARS, "true", [], {}, SECRET),
    "options.csv": (None, *SCALARS, True, [], "", "bom", SECRET),
    "options.csv.bom": (None, *SCALARS, "true", [], {}, SECRET),
    "options.csv.delimiter": (None, *SCALARS, True, [], {}, "", ",,", "a", "\n", "\u0000", "；", SECRET),
    "options.csv.decimal": (None, *SCALARS, True, [], {}, "", ";", "٫", "..", SECRET),
}  # fmt: skip
WRONG_SCORE: dict[str, tuple[Any, ...]] = {
    "uuid": (*SCALARS, True, [], {}, "", " ", "count", "a b", "a/b", "../a", "ü", "a\u0000", "a\n", "a" * 65, SECRET + "%"),
    "referenceId": (
        None, *SCALARS, True, [], {}, ["92442"], "", "a" * 129, "a\nb", "a\u0000", "\u202e92442", "92442\u200b", SECRET * 20_000,
    ),
    "type": (*SCALARS, True, [], {}, "", "vector", "Reference", "reference ", SECRET),
    "processed": (*SCALARS, "true", "", [], {}, SECRET),
    "score": (1e308, 5e-324, 10**400, 10**15, True, "1", "", [], {}, SECRET),
    "scoreVersion": (*SCALARS, True, [], {}, "a" * 256, SECRET * 20_000),
    "published_at": (
        *SCALARS, True, [], {}, "", SECRET, "2019-08-24", "2019-08-24T14:15:22", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:59:59-23:00", "2019-13-24T14:15:22Z", "2019-08-24T14:15:22+99:00",
    ),
}  # fmt: skip
UNKNOWN = (
    "x", "Title", "TITLE", " title", "title ", "tıtle", "user_id", "id", "uuid", "created_at", "attempt", "max_attempts",
    "owner", "scope", "imported", "lane", "deleted_at", "result", "error", "type_version", "schedule_id", "__proto__",
    "constructor", "__class__", "", "0", "報告", "<script>", "parameters.status", "a" * 128, "$where", "pk", "#status",
)  # fmt: skip


def changed(body: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The body with another value at a dotted path."""
    name, _, rest = path.partition(".")
    return {**body, name: changed(body.get(name) or {}, rest, value) if rest else value}


def by_hand() -> Iterator[Bad]:
    for name, body in MALFORMED.items():
        yield Bad(name, body, 400)
    for name, body in TOO_LARGE.items():
        yield Bad(name, body, 413)
    for media_type in NOT_JSON:
        yield Bad(f"as {media_type!r}", json.dumps(VALID).encode(), 415, headers={"Content-Type": media_type})
    for path, values in WRONG.items():
        for value in values:
            yield Bad(
                f"{path}: {value!r:.40} ({type(value).__name__})",
                json.dumps(changed(VALID, path, value)).encode(),
                422,
                frozenset({path}),
            )
    for unknown in UNKNOWN:
        for path in ("", "parameters.", "options.", "options.csv."):
            order = copy.deepcopy(VALID)
            functools.reduce(operator.getitem, path.split(".")[:-1], order)[unknown] = SECRET
            yield Bad(f"unknown {path}{unknown}", json.dumps(order).encode(), 422, frozenset({path + unknown}))


def scores_by_hand() -> Iterator[Bad]:
    yield from (bad for bad in by_hand() if not bad.fields)
    for name, values in WRONG_SCORE.items():
        for value in values:
            body = json.dumps({"referenceId": "92442", name: value}).encode()
            yield Bad(f"{name}: {value!r:.40} ({type(value).__name__})", body, 422, frozenset({name}))


def by_the_hundred() -> Iterator[Bad]:
    """Made-up mistakes, the same for the same seed."""
    dice = random.Random(SEED)  # noqa: S311 - made-up data
    for make in (several_mistakes, broken_text):
        for n in range(200):
            bad = make(dice)
            yield dataclasses.replace(bad, name=f"{bad.name}, {n} of seed {SEED}")


def several_mistakes(dice: random.Random) -> Bad:
    """Wrong values in two to five fields, in any order of keys."""
    paths: dict[str, str] = {}
    for path in dice.sample(sorted(WRONG), len(WRONG)):
        paths.setdefault(path.split(".")[0], path)  # not a field and what is in it
    chosen = set(dice.sample(sorted(paths.values()), dice.randint(2, 5)))
    if "report_type" in chosen:  # nobody knows what its parameters would be
        chosen = {path for path in chosen if not path.startswith("parameters.")}
    body = VALID
    for path in sorted(chosen):
        body = changed(body, path, dice.choice([it for it in WRONG[path] if len(repr(it)) < MAX_REPR]))
    content = json.dumps(dict(dice.sample(sorted(body.items()), len(body)))).encode()
    return Bad(f"wrong {sorted(chosen)}", content, 422, frozenset(chosen))


def broken_text(dice: random.Random) -> Bad:
    """An order that is no JSON any more."""
    at = dice.randrange(1, len(TEXT))
    depth = dice.randint(33, 5_000)
    key = dice.choice(sorted(VALID))
    bodies = {
        "cut off": TEXT[:at],
        "a byte that is none": TEXT[:at] + bytes([dice.choice((0xC0, 0xC1, 0xF5, 0xFE, 0xFF))]) + TEXT[at:],
        "a control character": TEXT[:at] + bytes([dice.choice((*range(9), 11, 12, *range(14, 32)))]) + TEXT[at:],
        "a key twice": TEXT[:-1] + f', "{key}": {json.dumps(VALID[key])}}}'.encode(),
        "too deep": TEXT[:-1] + b', "x": ' + b"[" * depth + b"]" * depth + b"}",
    }
    name = dice.choice(sorted(bodies))
    return Bad(f"{name} at {at}", bodies[name], 400)


CODES = {400: "malformed_body", 413: "body_too_large", 415: "unsupported_media_type", 422: "validation_failed"}


def answered(connection: http.client.HTTPConnection, door: str, bad: Bad, token: str) -> dict[str, Any]:
    """What the answer is made of."""
    connection.request("POST", door, bad.body, {**bad.headers, "Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    text = answer.read().decode()
    body = json.loads(text)
    return {
        "status": answer.status,
        "code": body.get("code"),
        "reason": body.get("reason"),
        "keys": body.keys() - {"errors"},
        "fields": set(body.get("errors", {})),
        "sentences": all(it and all(its.endswith(".") for its in it) for it in body.get("errors", {}).values()),
        "message": len(body.get("message", "")) in range(1, 100),
        "request_id": body.get("request_id") == answer.headers["X-Request-Id"],
        "type": answer.headers["Content-Type"],
        "guards": (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]),
        "echo": SECRET in text,
    }


def deserved(door: str, bad: Bad) -> dict[str, Any]:
    is_a = door == DOOR_A
    return {
        "status": bad.status,
        "code": bad.status if is_a else CODES[bad.status],
        "reason": CODES[bad.status] if is_a else None,
        "keys": {"message", "code", "request_id"} | ({"reason"} if is_a else set()),
        "fields": set(bad.fields),
        "sentences": True,
        "message": True,
        "request_id": True,
        "type": "application/json",
        "guards": ("no-store", "nosniff"),
        "echo": False,
    }


@pytest.mark.parametrize(
    ("door", "bodies", "count"),
    [(DOOR_B, by_hand, 600), (DOOR_B, by_the_hundred, 400), (DOOR_A, scores_by_hand, 200)],
    ids=["by hand", "by the hundred", "scores"],
)
def test_a_bad_body_is_refused_and_leaves_nothing(
    service: Service, door: str, bodies: Callable[[], Iterable[Bad]], count: int
) -> None:
    token = service.token(sub=f"sender of {bodies.__name__}")
    owner = service.token(sub=f"sender of {bodies.__name__}", permissions=["reports.view.own", "reports.generate.own"])
    cases = list(bodies())

    with closing(http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=60)) as connection:
        found = [(bad.name, answered(connection, door, bad, token)) for bad in cases]

    assert len(found) >= count
    assert [it for it, bad in zip(found, cases, strict=True) if it[1] != deserved(door, bad)] == []
    assert service.call("GET", DOOR_B, token=owner).json()["data"] == []


def test_the_bodies_that_were_spoilt_were_good(service: Service) -> None:
    assert service.call("POST", DOOR_B, {**VALID, "is_active": False}).status == 201
    assert service.call("POST", DOOR_A, {"referenceId": "92442"}).status == 200
