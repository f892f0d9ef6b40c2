"""Sessions and tokens that end in one process open nothing in another one, which had just read them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient

from msp.clients.actions import edit_client
from msp.clients.models import Client
from msp.kernel import clock, ttl_cache, wake
from msp.kernel.db import Scope, work
from msp.people.editing import edit_person, set_password
from msp.people.models import Account, AccountSession, Person
from msp.people.sessions import end_sessions, sign_out
from msp.people.tokens import issue_token, revoke_token
from tests.world import World, sign_in


@contextmanager
def in_another_process() -> Iterator[None]:
    """What this process has in its cache stays there."""
    kept = dict(ttl_cache._all)
    yield
    ttl_cache._all.update(kept)


def only_session() -> AccountSession:
    with work(Scope.system()) as session:
        return session.query(AccountSession).one()


def by_sign_out(_world: World) -> None:
    sign_out(only_session().id, at=clock.now())


def by_the_person(_world: World) -> None:
    end_sessions(only_session().account_id, at=clock.now())


def by_a_new_password(world: World) -> None:
    with work(Scope.system()) as session:
        set_password(session.get_one(Person, world.marta.id), "cuatro palabras nada parecidas", at=clock.now())


def by_deactivation(world: World) -> None:
    with work(Scope.system()) as session:
        edit_person(session.get_one(Person, world.marta.id), at=clock.now(), active=False)


def by_deactivation_of_the_client(world: World) -> None:
    with work(Scope.staff()) as session:
        edit_client(session.get_one(Client, world.lozano.id), at=clock.now(), active=False)


ENDS = [by_sign_out, by_the_person, by_a_new_password, by_deactivation, by_deactivation_of_the_client]


@pytest.mark.parametrize("end", ENDS)
def test_a_session_that_ended_elsewhere_opens_nothing(
    web: FlaskClient, world: World, end: Callable[[World], None]
) -> None:
    sign_in(web, world.marta)
    assert web.get("/portal/").status_code == 200
    with in_another_process(), work(Scope.system()):
        end(world)
    assert web.get("/portal/").status_code == 302


@pytest.mark.parametrize("end", ["revoked", "person", "client"])
def test_a_token_that_ended_elsewhere_opens_nothing(app: Flask, web: FlaskClient, world: World, end: str) -> None:
    with work(Scope.system()) as session:
        token, secret = issue_token(session.get_one(Person, world.marta.id), role="client", name="x", at=clock.now())
    bearer = {"Authorization": f"Bearer {secret}"}
    assert web.get("/api/v1/tickets", headers=bearer).status_code == 200
    with in_another_process(), work(Scope.system()):
        if end == "revoked":
            revoke_token(token.id, at=clock.now())
        elif end == "person":
            by_deactivation(world)
        else:
            by_deactivation_of_the_client(world)
    assert web.get("/api/v1/tickets", headers=bearer).status_code == (403 if end == "client" else 401)


def test_without_valkey_sessions_are_read_all_the_same(web: FlaskClient, world: World) -> None:
    sign_in(web, world.marta)
    line = wake.connection()
    wake.connect("redis://127.0.0.1:1/0")
    try:
        assert web.get("/portal/").status_code == 200
        with work(Scope.system()) as session:
            account = session.query(Account).filter(Account.person_id == world.marta.id).one()
            end_sessions(account.id, at=clock.now())
        assert web.get("/portal/").status_code == 302
    finally:
        wake._connection = line
