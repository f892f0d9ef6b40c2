"""Limits of the API: requests by token and by address, wrong tokens, items of lists (F15)."""

import pytest
from flask.testing import FlaskClient

from msp.kernel import clock, wake
from msp.kernel.db import Scope, work
from msp.people.tokens import create_token
from msp.web.api import rates
from tests.world import World

MOST = 100  # 600 a minute, counted over ten seconds


def token_of(world: World, email: str = "ana@guardia.example", role: str = "admin") -> dict[str, str]:
    with work(Scope.system()):
        return {"Authorization": f"Bearer {create_token(email, role, 'tests', at=clock.now())}"}


def statuses(web: FlaskClient, headers: dict[str, str], count: int) -> list[int]:
    return [web.get("/api/v1/clients?limit=1", headers=headers).status_code for _ in range(count)]


def test_a_token_that_asks_too_much_is_told_when_to_come_again(web: FlaskClient, world: World) -> None:
    mine, other = token_of(world), token_of(world, "tomas@guardia.example", "staff")
    found = statuses(web, mine, MOST + 20)
    assert found[:MOST] == [200] * MOST and found[-1] == 429
    refused = web.get("/api/v1/clients", headers=mine)
    assert refused.get_json()["code"] == "too_many_requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= rates.WINDOW_SECONDS
    assert statuses(web, other, 1) == [200]


def test_an_address_that_asks_too_much_with_many_tokens_is_refused(web: FlaskClient, world: World) -> None:
    for _ in range(rates.ADDRESS_FACTOR):
        statuses(web, token_of(world), MOST)
    assert statuses(web, token_of(world), 1) == [429]


def test_sixty_wrong_tokens_are_too_many_and_harm_nobody_with_a_right_one(web: FlaskClient, world: World) -> None:
    found = [statuses(web, {"Authorization": f"Bearer wrong-{number}"}, 1)[0] for number in range(60)]
    assert found == [401] * rates.WRONG_TOKENS + [429] * (60 - rates.WRONG_TOKENS)
    assert statuses(web, token_of(world), 1) == [200]


def test_nothing_is_counted_while_redis_is_away(web: FlaskClient, world: World) -> None:
    mine, url = token_of(world), wake.connection()
    wake.connect("redis://127.0.0.1:1/0")
    try:
        assert statuses(web, mine, 3) == [200] * 3
    finally:
        wake._connection = url


@pytest.mark.parametrize("count", [201, 100_000])
def test_lists_are_bounded(web: FlaskClient, world: World, count: int) -> None:
    mine = token_of(world)
    opened = {"client_id": str(world.lozano.id), "requester": "marta@lozano.example", "subject": "VPN"}
    answer = web.post("/api/v1/tickets", headers=mine, json=opened | {"tags": ["a"] * count})
    assert answer.status_code == 422 and answer.get_json()["errors"]["tags"] == ["too_many"]
    domains = [f"d{number}.example" for number in range(min(count, 20_000))]
    answer = web.patch(f"/api/v1/clients/{world.lozano.id}", headers=mine, json={"mail_domains": domains})
    assert answer.status_code == 422 and answer.get_json()["errors"]["mail_domains"] == ["too_many"]
