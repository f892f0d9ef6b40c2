"""API clients with a token of one of the fixtures' people."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.people.tokens import add_token
from tests.world import World

ROLES = {"administrator": "admin", "client_manager": "client", "client_employee": "client"}


@dataclass(frozen=True, slots=True)
class Program:
    """Calls /api/v1 with a bearer token, or without."""

    web: FlaskClient
    token: str | None

    def call(self, method: str, path: str, headers: dict[str, str] | None = None, **kwargs: Any) -> TestResponse:
        """Send one request; `path` is relative to /api/v1."""
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.web.open(f"/api/v1{path}", method=method, headers=bearer | (headers or {}), **kwargs)

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.call("GET", path, **kwargs)

    def post(self, path: str, json: object = None, **kwargs: Any) -> TestResponse:
        return self.call("POST", path, json={} if json is None else json, **kwargs)

    def put(self, path: str, json: object, **kwargs: Any) -> TestResponse:
        return self.call("PUT", path, json=json, **kwargs)

    def patch(self, path: str, json: object, **kwargs: Any) -> TestResponse:
        return self.call("PATCH", path, json=json, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> TestResponse:
        return self.call("DELETE", path, **kwargs)


Programs = Callable[..., Program]


@pytest.fixture
def program(app: Flask, world: World) -> Programs:
    """An API client acting as a person: `program(world.ana)`; without a person it has no token."""

    def make(person: Person | None = None, role: str | None = None) -> Program:
        if person is None:
            return Program(app.test_client(), None)
        with work(Scope.system()):
            token = add_token(person, role=role or ROLES.get(person.role, "staff"), name="tests", at=clock.now())
        return Program(app.test_client(), token)

    return make


@pytest.fixture
def admin(program: Programs, world: World) -> Program:
    """Ana, administrator, with an admin token."""
    return program(world.ana)


@pytest.fixture
def staff(program: Programs, world: World) -> Program:
    """Tomás, technician, with a staff token."""
    return program(world.tomas)


@pytest.fixture
def manager(program: Programs, world: World) -> Program:
    """Dolores, who manages Lozano, with a client token."""
    return program(world.dolores)


@pytest.fixture
def stranger(program: Programs, world: World) -> Program:
    """Iñigo of Azcárate, who must never see Lozano's data."""
    return program(world.inigo)


def codes(answer: TestResponse) -> dict[str, list[str]]:
    """The codes of a problem's field errors."""
    assert answer.content_type == "application/problem+json", answer.data
    return dict(answer.get_json()["errors"])
