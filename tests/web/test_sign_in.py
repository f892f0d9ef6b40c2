"""Sign-in under attack: failures count by account and by origin, and lock out neither the owner nor others."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_security.utils import hash_password
from sqlalchemy import select
from werkzeug.test import TestResponse

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Account
from msp.web.password_hashing import PoliteContext
from tests.world import World

PASSWORD = "correcto caballo pila grapa"
SPELLINGS = (
    "dolores@lozano-servicios.example",
    "Dolores@LOZANO-servicios.EXAMPLE",
    "dolores@lozano-servicios。example",
    "dolores@ｌｏｚａｎｏ-servicios.example",
    "dolores@lozano-ſervicioſ.example",
    " dolores@lozano-servicios.example ",
)


@pytest.fixture
def cheap_hashes(app: Flask) -> Iterator[None]:
    """Fast password hashes, for tests with many failures."""
    security = app.extensions["security"]
    usual = security.pwd_context
    cheap = usual.copy(argon2__time_cost=1, argon2__memory_cost=8, argon2__parallelism=1)
    security.pwd_context = PoliteContext(cheap)
    yield
    security.pwd_context = usual


@pytest.fixture
def dolores(world: World) -> str:
    """The address of a person with a password, at a domain that contains an s."""
    return give_password(world.dolores.id, "dolores@lozano-servicios.example")


def give_password(person_id: object, email: str | None = None) -> str:
    with work(Scope.system()) as session:
        account = session.scalars(select(Account).where(Account.person_id == person_id)).one()
        account.password = hash_password(PASSWORD)
        account.email = email or account.email
        return account.email


def attempt(web: FlaskClient, email: str, password: str = "no es esta", *, address: str = "192.0.2.1") -> TestResponse:
    data = {"email": email, "password": password}
    return web.post("/signin", data=data, environ_overrides={"REMOTE_ADDR": address})


def attack(app: Flask, email: str, *, times: int = 10) -> None:
    """Wrong passwords from as many origins, all unknown to the account."""
    for number in range(times):
        attempt(app.test_client(), email, address=f"203.0.113.{number}")


@pytest.mark.usefixtures("cheap_hashes")
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_an_address_counts_for_its_account(app: Flask, dolores: str, spelling: str) -> None:
    for number in range(10):
        attempt(app.test_client(), spelling, address=f"203.0.113.{number}")
    assert attempt(app.test_client(), dolores, PASSWORD).status_code == 429
    assert attempt(app.test_client(), spelling, PASSWORD).status_code == 429


@pytest.mark.usefixtures("cheap_hashes")
def test_a_device_that_signed_in_before_gets_in_whatever_others_do(app: Flask, dolores: str) -> None:
    web = app.test_client()
    assert attempt(web, dolores, PASSWORD).status_code == 302
    web.post("/signout")
    attack(app, dolores)
    assert attempt(app.test_client(), dolores, PASSWORD).status_code == 429
    assert attempt(web, dolores, PASSWORD).status_code == 302


@pytest.mark.usefixtures("cheap_hashes")
def test_such_a_device_may_not_guess_forever_either(app: Flask, dolores: str) -> None:
    web = app.test_client()
    assert attempt(web, dolores, PASSWORD).status_code == 302
    web.post("/signout")
    for _ in range(10):
        assert attempt(web, dolores).status_code == 200
    assert attempt(web, dolores, PASSWORD).status_code == 429


@pytest.mark.usefixtures("cheap_hashes")
def test_a_device_is_known_for_the_accounts_that_signed_in_there_alone(app: Flask, world: World, dolores: str) -> None:
    tomas = give_password(world.tomas.id)
    web = app.test_client()
    assert attempt(web, tomas, PASSWORD).status_code == 302
    web.post("/signout")
    attack(app, dolores)
    assert attempt(web, dolores, PASSWORD).status_code == 429


@pytest.mark.usefixtures("cheap_hashes")
def test_waiting_doubles_and_refused_attempts_do_not_make_it_longer(app: Flask, dolores: str) -> None:
    attack(app, dolores)
    for _ in range(5):
        answer = attempt(app.test_client(), dolores, PASSWORD)
        assert answer.status_code == 429 and answer.headers["Retry-After"] == "30"
    clock.advance(timedelta(seconds=30))
    assert attempt(app.test_client(), dolores).status_code == 200
    assert attempt(app.test_client(), dolores, PASSWORD).headers["Retry-After"] == "60"
    clock.advance(timedelta(seconds=60))
    assert attempt(app.test_client(), dolores, PASSWORD).status_code == 302


@pytest.mark.usefixtures("cheap_hashes")
def test_waiting_is_never_longer_than_a_quarter_of_an_hour(app: Flask, dolores: str) -> None:
    attack(app, dolores)
    for _ in range(12):
        clock.advance(timedelta(minutes=15))
        assert attempt(app.test_client(), dolores).status_code == 200
    assert attempt(app.test_client(), dolores).headers["Retry-After"] == "900"


@pytest.mark.usefixtures("cheap_hashes")
def test_one_origin_may_not_try_all_accounts(app: Flask, world: World, dolores: str) -> None:
    web = app.test_client()
    assert attempt(web, dolores, PASSWORD).status_code == 302
    web.post("/signout")
    for number in range(50):
        attempt(app.test_client(), f"persona{number}@lozano.example", "x")
    assert attempt(app.test_client(), "otra@lozano.example").status_code == 429
    assert attempt(app.test_client(), "otra@lozano.example", address="192.0.2.2").status_code == 200
    assert attempt(web, dolores, PASSWORD).status_code == 302, "a known device of the same office"


@pytest.mark.usefixtures("cheap_hashes")
def test_addresses_of_one_network_are_one_origin(app: Flask, world: World) -> None:
    for number in range(50):
        attempt(app.test_client(), f"persona{number}@lozano.example", "x", address=f"2001:db8:1:2::{number:x}")
    assert attempt(app.test_client(), "otra@lozano.example", address="2001:db8:1:2:ffff::1").status_code == 429
    assert attempt(app.test_client(), "otra@lozano.example", address="2001:db8:1:3::1").status_code == 200


@pytest.mark.usefixtures("cheap_hashes")
def test_nobody_learns_who_has_an_account(app: Flask, dolores: str) -> None:
    told = []
    for email in (dolores, "nadie@lozano-servicios.example"):
        attack(app, email)
        answer = attempt(app.test_client(), email, PASSWORD)
        told.append((answer.status_code, answer.headers["Retry-After"], answer.text.replace(email, "")))
    assert told[0] == told[1] and "30 segundos" in told[0][2]


def test_whoever_is_switched_off_hears_it_once_the_password_is_right(app: Flask, world: World, dolores: str) -> None:
    with work(Scope.system()) as session:
        account = session.scalars(select(Account).where(Account.email == dolores)).one()
        account.person.active = False
    assert "desactivada" in attempt(app.test_client(), dolores, PASSWORD).text
    assert "desactivada" not in attempt(app.test_client(), dolores).text


# ------------------------------------------------------------------ many at once


def at_once(count: int, call: Callable[[int], int]) -> list[int]:
    """The answers to `count` calls that start together, each in its own thread."""
    gate, answers = threading.Barrier(count), [0] * count

    def run(number: int) -> None:
        gate.wait()
        answers[number] = call(number)

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_sign_ins_at_once_are_hashed_one_after_another(app: Flask, world: World) -> None:
    """One origin may have two in progress; more are refused at once, and other requests are not delayed."""

    def sign_in(number: int) -> int:
        return attempt(app.test_client(), f"persona{number}@lozano.example", "x").status_code

    waits: list[float] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            began = time.perf_counter()
            app.test_client().get("/readyz")
            waits.append(time.perf_counter() - began)
            done.wait(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    answers = at_once(64, sign_in)
    done.set()
    watcher.join()
    assert set(answers) == {200, 429} and answers.count(200) <= 16
    assert statistics.median(waits) < 0.25


def test_attempts_at_once_are_counted_before_they_are_checked(app: Flask, dolores: str) -> None:
    answers = [attempt(app.test_client(), dolores, address=f"203.0.113.{n}").status_code for n in range(8)]
    more = at_once(12, lambda n: attempt(app.test_client(), dolores, address=f"198.51.100.{n}").status_code)
    assert answers.count(200) == 8 and more.count(200) <= 2
