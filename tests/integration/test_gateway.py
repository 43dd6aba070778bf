"""The front door: who is let in, what the function gets, what the client gets back."""

import base64
import hmac
import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local.authorizer import JwtAuthorizer, as_text
from local.aws import LOOPBACK
from local.cors import Cors
from local.errors import PortTaken
from local.functions import Context, FunctionError, LoadedFunction, PayloadTooLarge
from local.gateway import Gateway
from local.server import Server, listening
from local.template import Authorizer, Function, Route
from local.tokens import SigningKey

pytestmark = pytest.mark.integration

PAGE = "https://app.example.com"
CORS = Cors([PAGE], ["GET", "POST"], ["authorization", "content-type"], ["location"], 600)
ISSUER, AUDIENCE = "https://issuer.example/", "reports"
ROUTES = (
    Route("POST", "/api/v1/reports", "Echo", "Jwt"),
    Route("GET", "/api/v1/reports/{uuid}", "Echo", "Jwt"),
    Route("GET", "/api/v1/reports/latest", "Echo", "Jwt"),
    Route("ANY", "/files/{path+}", "Echo", None),
    Route("GET", "/open", "Echo", None),
)


class Echo:
    """A function that remembers its event and answers what the test wants."""

    def __init__(self) -> None:
        self.event: dict[str, Any] = {}
        self.answer: Any = {"statusCode": 200, "body": "{}"}
        self.error: Exception | None = None

    def __call__(self, name: str, event: dict[str, Any]) -> Any:
        self.event = event
        if self.error:
            raise self.error
        return self.answer


class Door:
    """A gateway in front of one function."""

    def __init__(self, key: SigningKey, port: int, echo: Echo, said: list[str]) -> None:
        self.key = key
        self.port = port
        self.echo = echo
        self.said = said

    def token(self, **claims: Any) -> str:
        now = int(time.time())
        content = {"iss": ISSUER, "aud": AUDIENCE, "sub": "1", "iat": now, "exp": now + 60} | claims
        return self.key.sign({name: value for name, value in content.items() if value is not ...})

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        *,
        token: str = "",
    ) -> tuple[int, dict[str, str], bytes]:
        authorization = {"Authorization": f"Bearer {token}"} if token else {}
        with closing(http.client.HTTPConnection(LOOPBACK, self.port, timeout=10)) as connection:
            connection.request(method, path, body, {**authorization, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()

    def raw(self, text: str) -> bytes:
        with socket.create_connection((LOOPBACK, self.port), timeout=10) as wire:
            wire.sendall(text.replace("\n", "\r\n").encode())
            with wire.makefile("rb") as answer:
                return answer.read()


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return SigningKey.load_or_make(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return SigningKey.load_or_make(tmp_path_factory.mktemp("other-keys"))


@pytest.fixture(scope="module")
def shared_door(key: SigningKey) -> Iterator[Door]:
    echo, said = Echo(), list[str]()
    authorizer = JwtAuthorizer(Authorizer(ISSUER, (AUDIENCE, "second")), {key.kid: key.public})
    gateway = Gateway(ROUTES, authorizer, echo, cors=CORS, say=said.append)
    with listening(LOOPBACK, 0) as listener, Server(gateway, listener):
        yield Door(key, listener.getsockname()[1], echo, said)
    gateway.close()


@pytest.fixture
def door(shared_door: Door) -> Door:
    shared_door.echo.__init__()  # type: ignore[misc]
    return shared_door


NOW = int(time.time())


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        pytest.param({}, 200, id="good"),
        pytest.param({"aud": "second"}, 200, id="second audience"),
        pytest.param({"aud": ["other", "reports"]}, 200, id="audience in a list"),
        pytest.param({"aud": ..., "client_id": "reports"}, 200, id="client_id without aud"),
        pytest.param({"nbf": NOW - 10}, 200, id="begun"),
        pytest.param({"exp": NOW + 3600.5}, 200, id="fractional exp"),
        pytest.param({"sub": ...}, 200, id="no sub is the function's to refuse"),
        pytest.param({"sub": 1}, 200, id="numeric sub"),
        pytest.param({"aud": "other"}, 401, id="other audience"),
        pytest.param({"aud": "other", "client_id": "reports"}, 401, id="client_id beside a wrong aud"),
        pytest.param({"aud": ...}, 401, id="no audience"),
        pytest.param({"aud": []}, 401, id="empty audience"),
        pytest.param({"aud": {"reports": 1}}, 401, id="audience of another type"),
        pytest.param({"aud": "report"}, 401, id="audience by prefix"),
        pytest.param({"iss": "https://issuer.example"}, 401, id="issuer without its slash"),
        pytest.param({"iss": ...}, 401, id="no issuer"),
        pytest.param({"iss": [ISSUER]}, 401, id="issuer in a list"),
        pytest.param({"exp": NOW - 1}, 401, id="expired"),
        pytest.param({"exp": ...}, 401, id="no exp"),
        pytest.param({"exp": str(NOW + 3600)}, 401, id="exp as text"),
        pytest.param({"exp": True}, 401, id="exp as boolean"),
        pytest.param({"exp": None}, 401, id="exp null"),
        pytest.param({"exp": float("inf")}, 401, id="exp infinite"),
        pytest.param({"nbf": NOW + 3600}, 401, id="not yet"),
        pytest.param({"nbf": str(NOW)}, 401, id="nbf as text"),
        pytest.param({"iat": NOW + 3600}, 401, id="issued in the future"),
        pytest.param({"iat": str(NOW)}, 401, id="iat as text"),
        pytest.param({"iat": ...}, 401, id="no iat"),
    ],
)
def test_token_is_taken_or_refused(door: Door, claims: dict[str, Any], status: int) -> None:
    found, headers, body = door.send("POST", "/api/v1/reports", token=door.token(**claims))

    assert found == status
    if status == 401:
        assert body == b'{"message":"Unauthorized"}'
        assert headers["content-type"] == "application/json"
        assert door.echo.event == {}


Sign = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Forger:
    """Makes tokens that would do but for one thing; one without a change does."""

    ours: SigningKey
    theirs: SigningKey
    claims: Mapping[str, Any]

    def token(self, sign: Sign | None = None, *, content: bytes | None = None, **header: object) -> str:
        """Exactly this header, whatever a library would say to it; what is `...` is left out."""
        told = {"alg": "RS256", "typ": "JWT", "kid": self.ours.kid} | header
        head = json.dumps({name: value for name, value in told.items() if value is not ...}).encode()
        parts = (head, json.dumps(self.claims).encode() if content is None else content)
        signed = b".".join(map(_base64url, parts))
        return b".".join((signed, _base64url((sign or rsa(self.ours))(signed)))).decode()

    def as_json(self) -> str:
        names = ("protected", "payload", "signature")
        return json.dumps(dict(zip(names, self.token().split("."), strict=True)))


def rsa(key: SigningKey, digest: Any = None) -> Sign:
    return lambda content: key.private.sign(content, padding.PKCS1v15(), digest or hashes.SHA256())


def pss(key: SigningKey) -> Sign:
    form = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    return lambda content: key.private.sign(content, form, hashes.SHA256())


def secret(key: bytes) -> Sign:
    return lambda content: hmac.digest(key, content, "sha256")


def curve(content: bytes) -> bytes:
    r, s = decode_dss_signature(generate_private_key(SECP256R1()).sign(content, ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def nothing(content: bytes) -> bytes:
    return b""


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _jwk(key: SigningKey) -> Any:
    return jwt.algorithms.RSAAlgorithm.to_jwk(key.public, as_dict=True)


FORGED: dict[str, Callable[[Forger], str]] = {
    "alg none": lambda it: it.token(nothing, alg="none"),
    "alg None, and something for a signature": lambda it: it.token(lambda _: b"abc", alg="None"),
    "alg nOnE": lambda it: it.token(nothing, alg="nOnE"),
    "alg none, and our signature": lambda it: it.token(alg="none"),
    "no alg": lambda it: it.token(alg=...),
    "alg in a list": lambda it: it.token(alg=["RS256"]),
    "HS256 with our public key as PEM": lambda it: it.token(secret(_public(it.ours, Encoding.PEM)), alg="HS256"),
    "HS256 with our public key as DER": lambda it: it.token(secret(_public(it.ours, Encoding.DER)), alg="HS256"),
    "HS256 with our public modulus": lambda it: it.token(secret(_jwk(it.ours)["n"].encode()), alg="HS256"),
    "HS256 with nothing": lambda it: it.token(secret(b""), alg="HS256"),
    "ES256": lambda it: it.token(curve, alg="ES256"),
    "PS256 by our key": lambda it: it.token(pss(it.ours), alg="PS256"),
    "RS256 that is PS256": lambda it: it.token(pss(it.ours)),
    "RS384 by our key": lambda it: it.token(rsa(it.ours, hashes.SHA384()), alg="RS384"),
    "RS512 by our key": lambda it: it.token(rsa(it.ours, hashes.SHA512()), alg="RS512"),
    "another key": lambda it: it.token(rsa(it.theirs), kid=it.theirs.kid),
    "another key of the same kid": lambda it: it.token(rsa(it.theirs)),
    "our key of another kid": lambda it: it.token(kid="other"),
    "no kid": lambda it: it.token(kid=...),
    "kid null": lambda it: it.token(kid=None),
    "kid in a list": lambda it: it.token(kid=[it.ours.kid]),
    "kid of a file": lambda it: it.token(secret(b""), alg="HS256", kid="../../../dev/null"),
    "jku": lambda it: it.token(rsa(it.theirs), jku="http://127.0.0.1:1/keys", kid=it.theirs.kid),
    "jku beside our kid": lambda it: it.token(rsa(it.theirs), jku="http://127.0.0.1:1/keys"),
    "jwk": lambda it: it.token(rsa(it.theirs), jwk=_jwk(it.theirs)),
    "x5u": lambda it: it.token(rsa(it.theirs), x5u="http://127.0.0.1:1/certificate"),
    "crit": lambda it: it.token(crit=["x"], x=1),
    "claims in a list": lambda it: it.token(content=json.dumps([it.claims]).encode()),
    "claims that are no JSON": lambda it: it.token(content=b"{"),
    "claims changed after signing": lambda it: _tampered(it.token()),
    "a signature cut off": lambda it: it.token()[:-8],
    "a signature changed": lambda it: it.token()[:-4] + "AAAA",
    "a signature of zeros": lambda it: it.token(lambda _: bytes(256)),
    "no signature": lambda it: it.token(nothing),
    "two parts": lambda it: it.token().rpartition(".")[0],
    "four parts": lambda it: it.token() + ".e30",
    "five parts, as encrypted": lambda it: it.token() + ".e30.e30",
    "JSON serialization": Forger.as_json,
    "a header that is no JSON": lambda _: "a.b.c",
    "a word": lambda _: "x",
    "dots": lambda _: "..",
    "letters outside ASCII": lambda _: "ğ.ğ.ğ".encode().decode("latin-1"),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_token_is_refused(door: Door, stranger: SigningKey, forge: Callable[[Forger], str]) -> None:
    now = int(time.time())
    forger = Forger(door.key, stranger, {"iss": ISSUER, "aud": AUDIENCE, "sub": "1", "iat": now, "exp": now + 60})

    status, headers, body = door.send("POST", "/api/v1/reports", token=forge(forger))

    assert (status, body) == (401, b'{"message":"Unauthorized"}')
    assert headers["www-authenticate"] == "Bearer"
    assert door.echo.event == {}
    assert door.send("POST", "/api/v1/reports", token=forger.token())[0] == 200  # but for what is forged it would do


def _public(key: SigningKey, encoding: Encoding) -> bytes:
    return key.public.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)


def _tampered(token: str) -> str:
    head, body, mac = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    forged = base64.urlsafe_b64encode(json.dumps(claims | {"sub": "2"}).encode()).rstrip(b"=").decode()
    return f"{head}.{forged}.{mac}"


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ("Bearer {}", 200),
        ("bearer {}", 200),
        ("BEARER  {}", 200),
        ("{}", 200),
        ("Basic {}", 401),
        ("Digest {}", 401),
        ("Bearer{}", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        ("", 401),
        ("Bearer Bearer {}", 401),
        ("Bearer {0} {0}", 401),
        ("Bearer {0}, Bearer {0}", 401),
        ("Bearer {}, x", 401),
    ],
)
def test_scheme_may_be_left_out(door: Door, form: str, status: int) -> None:
    headers = {"Authorization": form.format(door.token())}

    assert door.send("POST", "/api/v1/reports", headers=headers)[0] == status


def test_no_token_is_unauthorized(door: Door) -> None:
    assert door.send("POST", "/api/v1/reports")[0] == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/api/v1/reports"),
        ("DELETE", "/api/v1/reports"),
        ("GET", "/api/v1/reports/a/b"),
        ("POST", "/api/v1/reports/"),
        ("HEAD", "/api/v1/reports/a"),
        ("OPTIONS", "/api/v1/reports"),
        ("GET", "/API/v1/reports/a"),
    ],
)
def test_what_has_no_route_is_not_found(door: Door, method: str, path: str) -> None:
    status, _, body = door.send(method, path, token=door.token())

    assert status == 404
    assert body == (b"" if method == "HEAD" else b'{"message":"Not Found"}')


def test_literal_route_goes_before_a_variable(door: Door) -> None:
    door.send("GET", "/api/v1/reports/latest", token=door.token())

    assert door.echo.event["routeKey"] == "GET /api/v1/reports/latest"
    assert "pathParameters" not in door.echo.event


def test_greedy_route_takes_the_rest_and_any_method(door: Door) -> None:
    door.send("DELETE", "/files/a/b%20c")

    assert door.echo.event["routeKey"] == "ANY /files/{path+}"
    assert door.echo.event["pathParameters"] == {"path": "a/b c"}
    assert "authorizer" not in door.echo.event["requestContext"]


def test_event_has_the_shape_of_payload_2(door: Door) -> None:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Thing": "A",
        "Cookie": "a=1; b=2",
        "User-Agent": "t",
    }
    door.send("POST", "/api/v1/reports?a=1&b=x%20y&a=2&c=", '{"ı": 1}'.encode(), headers, token=door.token(n=None))

    event = door.echo.event
    context = event.pop("requestContext")
    assert event["version"] == "2.0"
    assert event["routeKey"] == "POST /api/v1/reports"
    assert event["rawPath"] == "/api/v1/reports"
    assert event["rawQueryString"] == "a=1&b=x%20y&a=2&c="
    assert event["queryStringParameters"] == {"a": "1,2", "b": "x y", "c": ""}
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["body"] == '{"ı": 1}'
    assert event["isBase64Encoded"] is False
    assert "pathParameters" not in event
    assert event["headers"]["x-thing"] == "A"
    assert event["headers"]["x-forwarded-proto"] == "http"
    assert event["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert event["headers"]["host"] == f"127.0.0.1:{door.port}"
    assert "cookie" not in event["headers"]
    assert context["http"] == {
        "method": "POST",
        "path": "/api/v1/reports",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "t",
    }
    assert context["stage"] == "$default"
    assert context["authorizer"]["jwt"]["scopes"] is None
    assert context["authorizer"]["jwt"]["claims"]["sub"] == "1"
    assert "n" not in context["authorizer"]["jwt"]["claims"]
    assert abs(context["timeEpoch"] / 1000 - time.time()) < 60


def test_who_calls_is_who_is_connected_whatever_they_say(door: Door) -> None:
    door.send("GET", "/open", headers={"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"})

    assert door.echo.event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"
    assert door.echo.event["headers"]["x-forwarded-for"] == "203.0.113.7, 127.0.0.1"
    assert door.echo.event["headers"]["x-forwarded-proto"] == "http"


def test_absent_parts_are_absent(door: Door) -> None:
    door.send("GET", "/open")

    assert not {"body", "cookies", "queryStringParameters", "pathParameters"} & door.echo.event.keys()
    assert door.echo.event["rawQueryString"] == ""
    assert door.echo.event["isBase64Encoded"] is False


def test_repeated_headers_are_joined(door: Door) -> None:
    door.raw("GET /open HTTP/1.1\nHost: x\nX-A: 1\nx-a: 2\nConnection: close\n\n")

    assert door.echo.event["headers"]["x-a"] == "1,2"
    assert door.echo.event["requestContext"]["domainName"] == "x"


@pytest.mark.parametrize("content_type", ["application/octet-stream", "application/x-www-form-urlencoded", None])
def test_body_that_is_not_text_is_base64(door: Door, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    door.send("POST", "/files/a", b"\xff{}", headers)

    assert door.echo.event["isBase64Encoded"] is True
    assert base64.b64decode(door.echo.event["body"]) == b"\xff{}"


def test_text_that_is_not_utf8_is_base64(door: Door) -> None:
    door.send("POST", "/files/a", b"\xff", {"Content-Type": "application/json"})

    assert door.echo.event["isBase64Encoded"] is True


def test_chunked_body_arrives_whole(door: Door) -> None:
    door.raw(
        "POST /files/a HTTP/1.1\nHost: x\nContent-Type: text/plain\nTransfer-Encoding: chunked\nConnection: close\n\n"
        "3\nabc\n2\nde\n0\n\n"
    )

    assert door.echo.event["body"] == "abcde"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a b", "a b"),
        (1795291975, "1795291975"),
        (True, "true"),
        (["reports.generate", "reports.generate.own"], "[reports.generate reports.generate.own]"),
        ([], "[]"),
        (["a", 1, False], "[a 1 false]"),
        ({"a": ["ı"]}, '{"a":["ı"]}'),
    ],
)
def test_every_claim_becomes_text(value: Any, text: str) -> None:
    assert as_text(value) == text


def test_function_answers_status_headers_cookies_and_body(door: Door) -> None:
    door.echo.answer = {
        "statusCode": 201,
        "headers": {"Location": "/x", "Content-Type": "application/json", "X-Flag": True, "X-N": 1},
        "cookies": ["a=1"],
        "body": '{"ş": 1}',
    }

    status, headers, body = door.send("GET", "/open")

    assert status == 201
    assert headers["location"] == "/x"
    assert (headers["x-flag"], headers["x-n"], headers["set-cookie"]) == ("true", "1", "a=1")
    assert body == '{"ş": 1}'.encode()
    assert headers["apigw-requestid"]


def test_base64_answer_is_bytes(door: Door) -> None:
    door.echo.answer = {"statusCode": 200, "isBase64Encoded": True, "body": base64.b64encode(b"\x00\xff").decode()}

    assert door.send("GET", "/open")[2] == b"\x00\xff"


def test_answer_without_status_is_a_body(door: Door) -> None:
    door.echo.answer = {"a": 1}

    status, headers, body = door.send("GET", "/open")

    assert (status, headers["content-type"], json.loads(body)) == (200, "application/json", {"a": 1})


@pytest.mark.parametrize(
    "answer",
    [
        {"statusCode": "x"},
        {"statusCode": 99},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "%%", "isBase64Encoded": True},
        {"statusCode": 200, "headers": {"a": "1\r\nb: 2"}},
        {"statusCode": 200, "headers": "x"},
    ],
)
def test_unusable_answer_is_an_internal_error(door: Door, answer: dict[str, Any]) -> None:
    door.echo.answer = answer

    status, _, body = door.send("GET", "/open")

    assert (status, body) == (500, b'{"message":"Internal Server Error"}')
    assert "cannot use" in door.said[-1]


def test_crash_says_nothing_to_the_client(door: Door) -> None:
    door.echo.error = FunctionError("secret")

    assert door.send("GET", "/open")[0::2] == (500, b'{"message":"Internal Server Error"}')


def test_event_too_large_for_lambda_is_refused(door: Door) -> None:
    door.echo.error = PayloadTooLarge()

    assert door.send("GET", "/open")[0::2] == (413, b'{"message":"Request Entity Too Large"}')


def test_ten_megabytes_are_the_limit(door: Door) -> None:
    limit = 10 * 1024 * 1024

    assert door.send("POST", "/files/a", b"x" * limit)[0] == 200
    status, _, body = door.send("POST", "/files/a", b"x" * (limit + 1))

    assert (status, body) == (413, b'{"message":"Request Entity Too Large"}')


def test_bad_content_length_is_a_bad_request(door: Door) -> None:
    assert door.raw("POST /files/a HTTP/1.1\nHost: x\nContent-Length: x\n\n").startswith(b"HTTP/1.1 400")


def test_taken_port_is_named(door: Door) -> None:
    with pytest.raises(PortTaken, match=str(door.port)), listening(LOOPBACK, door.port):
        pass


def cors_of(headers: dict[str, str]) -> dict[str, str]:
    return {name.removeprefix("access-control-"): it for name, it in headers.items() if name.startswith("access-")}


def test_a_browser_that_asks_first_is_told_without_a_token(door: Door) -> None:
    asking = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}

    status, headers, body = door.send("OPTIONS", "/api/v1/reports", headers=asking)

    assert (status, body, door.echo.event) == (204, b"", {})
    assert cors_of(headers) == {
        "allow-origin": PAGE,
        "allow-methods": "GET,POST",
        "allow-headers": "authorization,content-type",
        "max-age": "600",
    }


@pytest.mark.parametrize("origin", ["https://app.example.com.evil.example", "https://APP.example.com", "null", ""])
def test_other_pages_are_told_nothing(door: Door, origin: str) -> None:
    asked = door.send("OPTIONS", "/open", headers={"Origin": origin, "Access-Control-Request-Method": "GET"})
    answered = door.send("GET", "/open", headers={"Origin": origin})

    assert (asked[0], answered[0]) == (204, 200)
    assert cors_of(asked[1]) == cors_of(answered[1]) == {}


def test_an_allowed_page_may_read_refusals_too(door: Door) -> None:
    _, good, _ = door.send("GET", "/open", headers={"Origin": PAGE})
    status, refused, _ = door.send("POST", "/api/v1/reports", b"{}", {"Origin": PAGE})

    assert status == 401
    assert cors_of(good) == cors_of(refused) == {"allow-origin": PAGE, "expose-headers": "location"}


def test_what_a_function_says_of_origins_does_not_count(door: Door) -> None:
    door.echo.answer = {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}, "body": "{}"}

    assert cors_of(door.send("GET", "/open")[1]) == {}


def test_key_is_made_once_and_for_us_only(tmp_path: Path) -> None:
    said: list[str] = []

    first = SigningKey.load_or_make(tmp_path, say=said.append)
    second = SigningKey.load_or_make(tmp_path, say=said.append)

    assert first.kid == second.kid
    assert len(said) == 1
    assert [(it.name, it.stat().st_mode & 0o777) for it in tmp_path.iterdir()] == [("token.pem", 0o600)]


def loaded(handler: Any, said: list[str], timeout_s: int = 5) -> LoadedFunction:
    return LoadedFunction(Function("F", "arn", Path(), "app.f", timeout_s, 128, {}), handler, say=said.append)


def test_function_gets_a_copy_and_a_context() -> None:
    seen: list[Context] = []

    def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
        seen.append(context)
        event["changed"] = True
        return {"remaining": context.get_remaining_time_in_millis()}

    event = {"a": 1}
    answer = loaded(handler, []).invoke(event)

    assert event == {"a": 1}
    assert 4000 < answer["remaining"] <= 5000
    assert (seen[0].function_name, seen[0].memory_limit_in_mb) == ("F", 128)


@pytest.mark.parametrize("handler", [lambda *_: 1 / 0, lambda *_: {"a": object()}, lambda *_: exit(1)])  # noqa: PLR1722
def test_failed_call_is_said_and_raised(handler: Any) -> None:
    said: list[str] = []

    with pytest.raises(FunctionError):
        loaded(handler, said).invoke({})

    assert said[0].startswith("F failed")


def test_call_over_its_time_is_said_and_has_failed() -> None:
    said: list[str] = []

    with pytest.raises(FunctionError, match="longer"):
        loaded(lambda *_: time.sleep(1.2), said, timeout_s=1).invoke({})

    assert "runs past its 1 s" in said[0]


def test_event_over_six_megabytes_is_refused() -> None:
    with pytest.raises(PayloadTooLarge):
        loaded(lambda *_: None, []).invoke({"a": "x" * 6 * 1024 * 1024})
