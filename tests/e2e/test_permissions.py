"""Who may do what to whose report: every route, with each permission by itself, on reports of every kind."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import pytest

from local.first_order import Answer, request
from local.template import Stack
from rapor.http.openapi.operations import OPERATIONS
from tests.service import Service

pytestmark = pytest.mark.e2e
PATH = "/api/v1/reports"
SCHEDULES = "/api/v1/schedules"
SCORE = {"title": "Score 92442", "report_type": "reference", "parameters": {"referenceId": "92442"}, "format": "json"}
SCHEDULE = {
    "name": "Nightly",
    "report": SCORE,
    "expression": "cron(0 3 * * ? *)",
    "timezone": "Europe/Istanbul",
    "is_active": False,
}
CALLER, STRANGER = "permissions-1", "permissions-2"

GENERATE, VIEW, EXPORT = "reports.generate", "reports.view", "reports.export"
DELETE, RESTORE = "reports.delete", "reports.restore"
GENERAL = (GENERATE, VIEW, EXPORT, DELETE, RESTORE)
EACH = (*GENERAL, *(f"{it}.own" for it in GENERAL))


class Kind(Enum):
    """Of a report that the caller names. All that were made are completed scores, for both doors show those."""

    OWN = auto()
    FOREIGN = auto()
    DELETED = auto()  # the caller's own
    ABSENT = auto()
    INACTIVE = auto()  # the caller's own, and never rendered


@dataclass(frozen=True)
class Deed:
    """
    What is done to one report, and how it is answered to whom the permission reaches.

    `hidden` are the statuses of deleted and inactive reports; `shown` are the same for who may update, too.
    """

    permission: str
    status: int
    hidden: tuple[int, int]
    shown: tuple[int, int] | None = None
    body: Mapping[str, Any] | None = None


DEEDS = {
    f"GET {PATH}/{{uuid}}": Deed(VIEW, 200, (404, 404), (200, 200)),
    f"GET {PATH}/{{uuid}}/download": Deed(EXPORT, 302, (404, 404), (302, 409)),
    f"GET {PATH}/{{uuid}}/manifest": Deed(EXPORT, 200, (404, 404), (200, 409)),
    f"PUT {PATH}/{{uuid}}": Deed(GENERATE, 200, (404, 200), body=SCORE),
    f"PATCH {PATH}/{{uuid}}": Deed(GENERATE, 200, (404, 200), body={"title": SCORE["title"]}),
    f"POST {PATH}/{{uuid}}/retry": Deed(GENERATE, 409, (404, 409)),
    f"POST {PATH}/{{uuid}}/cancel": Deed(GENERATE, 409, (404, 200)),
    f"DELETE {PATH}/{{uuid}}": Deed(DELETE, 200, (404, 200)),
    f"POST {PATH}/{{uuid}}/restore": Deed(RESTORE, 200, (200, 200)),
    "GET /reports/{id}": Deed(VIEW, 200, (404, 404), (404, 200)),  # a door that cannot delete knows no trash
}
# Routes that name no report: the permission, if any, the status for who has it, and the body.
WIDE: Mapping[str, tuple[str | None, int, Any]] = {
    f"POST {PATH}": (GENERATE, 201, {**SCORE, "is_active": False}),
    f"POST {PATH}/estimate": (GENERATE, 200, SCORE),
    f"GET {PATH}": (VIEW, 200, None),
    f"POST {SCHEDULES}": (GENERATE, 201, SCHEDULE),
    f"GET {SCHEDULES}": (GENERATE, 200, None),
    "POST /reports": (GENERATE, 200, {"referenceId": "92442"}),
    "GET /reports": (VIEW, 200, None),
    "GET /reports/count": (VIEW, 200, None),
    "GET /api/v1/report-types": (None, 200, None),
    "GET /api/v1/report-types/{name}": (None, 200, None),
}
# Routes that name a schedule: all need the same permission; the status for whom it reaches, and the body.
OF_SCHEDULES: Mapping[str, tuple[int, Any]] = {
    f"GET {SCHEDULES}/{{uuid}}": (200, None),
    f"PATCH {SCHEDULES}/{{uuid}}": (200, {"name": "Nightly"}),
    f"POST {SCHEDULES}/{{uuid}}/run": (201, None),
    f"DELETE {SCHEDULES}/{{uuid}}": (200, None),
}
NEEDED: Mapping[str, str | None] = {
    **{route: deed.permission for route, deed in DEEDS.items()},
    **dict.fromkeys(OF_SCHEDULES, GENERATE),
    **{route: permission for route, (permission, _, _) in WIDE.items()},
}


def alike(permission: str | None) -> tuple[str, ...]:
    """Names that begin, end or look like the permission, and are not it."""
    if permission is None:
        return ()
    own = f"{permission}.own"
    longer = (f"{permission}s", f"{permission}.owner", f"{permission}.", f"{own}.x", f"x{permission}", f"x{own}")
    return (*longer, permission[:-1], own[:-1], permission.upper(), "reports", "reports.own", "reports.*", "*")


def cells(routes: Mapping[str, Any]) -> list[Any]:
    """Each of the routes with nothing, with each permission by itself, and with names that are only like its own."""
    return [
        pytest.param(route, held, id=f"{route} with {name}")
        for route in routes
        for name, held in {"nothing": (), **{it: (it,) for it in EACH}, "lookalikes": alike(NEEDED[route])}.items()
    ]


@dataclass(frozen=True)
class World:
    """One report of each kind, and callers to try things on them."""

    service: Service
    uuids: Mapping[Kind, str]

    def attempt(self, route: str, kind: Kind, held: tuple[str, ...]) -> Answer:
        """Do the deed as the caller, and put back what it changed."""
        uuid = self.uuids.get(kind) or ordered(self.service, CALLER, is_active=False)
        answer = self.send(route, uuid, self.service.token(CALLER, held), DEEDS[route].body)
        if answer.status == 200 and kind in self.uuids:
            self.put_back(kind)
        return answer

    def put_back(self, kind: Kind) -> None:
        route = f"DELETE {PATH}/{{uuid}}" if kind is Kind.DELETED else f"POST {PATH}/{{uuid}}/restore"
        self.send(route, self.uuids[kind], self.service.token("permissions-admin"))

    def send(self, route: str, uuid: str, token: str, body: Any = None) -> Answer:
        method, path = address(route, uuid)
        return self.service.call(method, path, body, token=token)

    def reports(self) -> dict[Kind, Any]:
        """What is there to be seen of each report, but for when it was put back."""
        viewer = self.service.token("permissions-viewer", [VIEW])
        answers = {kind: self.send(f"GET {PATH}/{{uuid}}", uuid, viewer).json() for kind, uuid in self.uuids.items()}
        return {kind: answer | {"updated_at": None, "request_id": None} for kind, answer in answers.items()}


def address(route: str, name: str) -> list[str]:
    """Method and path, with the name in the place of a variable."""
    return re.sub(r"\{\w+\}", name, route).split(" ")


def ordered(service: Service, sub: str, **changes: object) -> str:
    answer = service.call("POST", PATH, SCORE | changes, token=service.token(sub))
    assert answer.status == 201, answer.body
    return str(answer.json()["uuid"])


def completed(service: Service, sub: str) -> str:
    uuid = ordered(service, sub)
    assert service.finished(uuid)["status"] == "completed"
    return uuid


@pytest.fixture(scope="module")
def world(service: Service) -> World:
    own, foreign, deleted = completed(service, CALLER), completed(service, STRANGER), completed(service, CALLER)
    made = World(
        service,
        {
            Kind.OWN: own,
            Kind.FOREIGN: foreign,
            Kind.DELETED: deleted,
            Kind.ABSENT: "123e4567-e89b-42d3-a456-426614174000",
        },
    )
    made.put_back(Kind.DELETED)
    return made


def expected(deed: Deed, held: tuple[str, ...]) -> dict[Kind, int]:
    """Whom the permission reaches is answered by the table; 404 is all that others hear, and 403 who has none."""
    if not {deed.permission, f"{deed.permission}.own"} & set(held):
        return dict.fromkeys(Kind, 403)
    may_update = bool({GENERATE, f"{GENERATE}.own"} & set(held))
    deleted, inactive = deed.shown if deed.shown and may_update else deed.hidden
    return {
        Kind.OWN: deed.status,
        Kind.FOREIGN: deed.status if deed.permission in held else 404,
        Kind.DELETED: deleted,
        Kind.ABSENT: 404,
        Kind.INACTIVE: inactive,
    }


def without_its_names(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    """All of an answer but what is new in each: its two ids and its time."""
    names = {"date", "x-request-id", "apigw-requestid"}
    headers = sorted((name.lower(), value) for name, value in answer.headers.items() if name.lower() not in names)
    return answer.status, headers, answer.body.replace(answer.headers["X-Request-Id"].encode(), b"")


def test_every_route_behind_a_token_is_in_these_tables() -> None:
    assert NEEDED.keys() == {route.key for route in Stack.load().routes if route.authorizer}


def test_the_description_names_the_same_permissions() -> None:
    assert {operation.route: operation.permission for operation in OPERATIONS if not operation.is_public} == NEEDED


@pytest.mark.parametrize(("route", "held"), cells(DEEDS))
def test_a_permission_does_what_it_says_and_tells_nothing(world: World, route: str, held: tuple[str, ...]) -> None:
    before = world.reports()

    answers = {kind: world.attempt(route, kind, held) for kind in Kind}

    assert {kind: answer.status for kind, answer in answers.items()} == expected(DEEDS[route], held)
    for status in (403, 404):
        assert len({str(without_its_names(it)) for it in answers.values() if it.status == status}) <= 1
    assert world.reports() == before


HIDING = [route for route, deed in DEEDS.items() if deed.shown]


@pytest.mark.parametrize("generate", [GENERATE, f"{GENERATE}.own"])
@pytest.mark.parametrize("form", ["", ".own"])
@pytest.mark.parametrize("route", HIDING)
def test_who_may_update_sees_the_hidden_too(world: World, route: str, form: str, generate: str) -> None:
    held = (DEEDS[route].permission + form, generate)

    answers = {kind: world.attempt(route, kind, held) for kind in Kind}

    assert {kind: answer.status for kind, answer in answers.items()} == expected(DEEDS[route], held)


@pytest.mark.parametrize(("route", "held"), cells(WIDE))
def test_a_route_that_names_no_report_asks_for_its_permission(world: World, route: str, held: tuple[str, ...]) -> None:
    permission, status, body = WIDE[route]

    answer = world.send(route, "users", world.service.token(CALLER, held), body)

    if route == f"POST {SCHEDULES}" and answer.status == 201:
        world.send(f"DELETE {SCHEDULES}/{{uuid}}", answer.json()["uuid"], world.service.token(CALLER))
    is_held = permission is None or {permission, f"{permission}.own"} & set(held)
    assert answer.status == (status if is_held else 403)


@pytest.mark.parametrize(("route", "held"), cells(OF_SCHEDULES))
def test_a_schedule_is_its_owners_and_general_holders(world: World, route: str, held: tuple[str, ...]) -> None:
    own, foreign, deleted = (scheduled(world, sub) for sub in (CALLER, STRANGER, CALLER))
    world.send(f"DELETE {SCHEDULES}/{{uuid}}", deleted, world.service.token(CALLER))
    names = (own, foreign, deleted, "123e4567-e89b-42d3-a456-426614174000")

    answers = [world.send(route, it, world.service.token(CALLER, held), OF_SCHEDULES[route][1]) for it in names]

    status = OF_SCHEDULES[route][0]
    reached = [status, status if GENERATE in held else 404, 404, 404]
    expected = reached if {GENERATE, f"{GENERATE}.own"} & set(held) else [403] * 4
    assert [answer.status for answer in answers] == expected
    for refused in (403, 404):
        assert len({str(without_its_names(it)) for it in answers if it.status == refused}) <= 1
    for it in (own, foreign):
        world.send(f"DELETE {SCHEDULES}/{{uuid}}", it, world.service.token(CALLER))


def scheduled(world: World, sub: str) -> str:
    answer = world.service.call("POST", SCHEDULES, SCHEDULE, token=world.service.token(sub))
    assert answer.status == 201, answer.body
    return str(answer.json()["uuid"])


@pytest.mark.parametrize("form", ["", ".own"])
@pytest.mark.parametrize("path", [f"{PATH}?report_type=reference&per_page=100", "/reports"])
def test_a_list_holds_what_could_be_read_one_by_one(world: World, path: str, form: str) -> None:
    inactive = ordered(world.service, CALLER, is_active=False)

    answer = world.service.call("GET", path, token=world.service.token(CALLER, [VIEW + form])).json()

    rows = answer["data"] if path.startswith(PATH) else answer
    named = {row["uuid"] for row in rows} & {*world.uuids.values(), inactive}
    foreign = set() if form else {world.uuids[Kind.FOREIGN]}
    assert named == {world.uuids[Kind.OWN]} | foreign


@pytest.mark.parametrize("held", [(VIEW,), (f"{VIEW}.own",), (VIEW, GENERATE), (VIEW, RESTORE)])
def test_the_trash_is_for_who_may_delete(world: World, held: tuple[str, ...]) -> None:
    answers = [
        world.service.call("GET", f"{PATH}?with_trashed=1", token=world.service.token(CALLER, [*held, *more]))
        for more in ((), (f"{DELETE}.own",))
    ]

    assert [answer.status for answer in answers] == [403, 200]


@pytest.mark.parametrize("route", NEEDED)
def test_nobody_gets_past_any_door(world: World, route: str) -> None:
    bodies = {**{it: deed.body for it, deed in DEEDS.items()}, **{it: row[-1] for it, row in WIDE.items()}}
    body = (bodies | {it: row[-1] for it, row in OF_SCHEDULES.items()})[route]
    method, path = address(route, world.uuids[Kind.OWN])

    without_token = request(method, world.service.url + path, body=body)
    without_subject = world.send(route, world.uuids[Kind.OWN], world.service.token(None), body)

    assert (without_token.status, without_token.json()) == (401, {"message": "Unauthorized"})
    assert (without_subject.status, without_subject.json()["message"]) == (401, "Unauthorized")
