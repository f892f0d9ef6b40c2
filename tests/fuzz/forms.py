"""Form posts: the forms on the pages of each role, and every other route that accepts a POST, all mutated."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from selectolax.lexbor import LexborHTMLParser, LexborNode
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from tests.fuzz.calls import Call
from tests.fuzz.mutators import Form, content_type, form_bytes, mutated_bytes, mutated_form
from tests.fuzz.values import odd_text
from tests.web.test_odd_input import ALSO, NAMES, paths
from tests.world import World, sign_in

ROLES = ("", "marta", "dolores", "inigo", "tomas", "irene", "rosa", "nuria", "carmen", "ana")
FORM = "application/x-www-form-urlencoded"
ELSEWHERE = ("/slack/", "/api/", "/stripe/", "/static", "/signout")  # signed bodies and the API have runs of their own
PLAUSIBLE = {  # for fields that are empty on a page
    "email": "x@lozano.example", "name": "Nueva", "subject": "No hay red", "body": "Desde ayer.", "minutes": "30",
    "date": "2026-11-20", "number": "1", "url": "https://x.example/", "time": "09:00",
    "datetime-local": "2026-11-24T09:00", "password": "una contraseña larga", "code": "NUE", "text": "Algo",
    "month": "2026-11", "tel": "600",
    "checkbox": "on",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A form as a page shows it to a person."""

    role: str
    path: str
    fields: tuple[tuple[str, str], ...]


@dataclass
class Forms:
    """Makes the calls, from the forms on the pages and from the list of routes."""

    app: Flask
    shown: dict[str, list[Shown]] = field(default_factory=dict)  # by rule
    bare: dict[str, str] = field(default_factory=dict)  # rule → a path, of every route that takes a form

    def read(self, clients: dict[str, FlaskClient], world: World) -> None:
        """Read every page as every role."""
        self.shown, self.bare = {}, {}
        for rule, path in paths(self.app, "POST"):
            if not rule.rule.startswith(ELSEWHERE):
                self.bare[rule.rule] = path
        for role, client in clients.items():
            for path in self._pages(world):
                for form in _forms_at(client, path, role):
                    self._add(form)

    def call(self, rule: str, random: Random) -> Call:
        """The next post to a route: mostly by a person who sees its form, with that form's fields."""
        shown = self.shown.get(rule, [])
        usual = random.choice(shown) if shown and random.random() < 0.85 else Shown("", self.bare[rule], ())
        role = usual.role if usual.fields and random.random() < 0.8 else random.choice(ROLES)
        fields = mutated_form(usual.fields or _any_fields(random), random, extra=NAMES + ALSO)
        path = usual.path if random.random() < 0.97 else usual.path.replace("1", "²", 1)
        if random.random() < 0.15:
            kind, body = _multipart(fields, random)
        else:
            kind, body = FORM, form_bytes(fields)
        return Call("POST", path, mutated_bytes(body, random), content_type(kind, random), by=role)

    def _pages(self, world: World) -> Iterator[str]:
        """The address of every page, with ids of Lozano and Azcárate where it needs any."""
        values = {
            "label": ("LOZ-1", "AZC-1"), "client_id": (world.lozano.id, world.azcarate.id), "year": (2026,),
            "contract_id": (world.lozano_contract.id,), "calendar_id": (world.calendar.id,),
            "person_id": (world.marta.id, world.tomas.id),
        }  # fmt: skip
        for rule, path in paths(self.app, "GET"):
            if not rule.rule.startswith(ELSEWHERE):
                known = [name for name in values if name in rule.arguments]
                for number in range(max((len(values[name]) for name in known), default=1)):
                    filled = {name: values[name][number % len(values[name])] for name in known}
                    yield _built(self.app, rule, filled) or path

    def _add(self, form: Shown) -> None:
        try:
            endpoint_rule, _ = self.app.url_map.bind("localhost").match(
                form.path.partition("?")[0], method="POST", return_rule=True
            )
        except HTTPException:
            return
        if endpoint_rule.rule in self.bare:
            self.shown.setdefault(endpoint_rule.rule, []).append(form)


def sessions(app: Flask, world: World) -> dict[str, FlaskClient]:
    """A browser for each role; "" is not signed in."""
    return {role: sign_in(app.test_client(), getattr(world, role)) if role else app.test_client() for role in ROLES}


def _built(app: Flask, rule: Rule, values: dict[str, object]) -> str:
    if set(values) != rule.arguments:
        return ""
    return app.url_map.bind("localhost").build(rule.endpoint, values, method="GET")


def _forms_at(client: FlaskClient, path: str, role: str) -> Iterator[Shown]:
    answer = client.get(path)
    text = answer.text if answer.status_code == 200 and "html" in answer.content_type else ""
    answer.close()
    for node in LexborHTMLParser(text).css("form"):
        if (node.attributes.get("method") or "").lower() == "post":
            yield Shown(role, html.unescape(node.attributes.get("action") or path), tuple(_fields(node)))


def _fields(form: LexborNode) -> Iterator[tuple[str, str]]:
    for node in form.css("input, select, textarea, button"):
        name, kind = node.attributes.get("name"), node.attributes.get("type") or "text"
        if not name or kind in ("file", "submit"):
            continue
        value = node.attributes.get("value") or ""
        if node.tag == "select":
            options = [each.attributes.get("value") or "" for each in node.css("option")]
            value = next((option for option in options if option), "")
        elif node.tag == "textarea":
            value = node.text()
        yield name, value or PLAUSIBLE.get(name) or PLAUSIBLE.get(kind, "")


def _any_fields(random: Random) -> Form:
    return [(name, odd_text(random)) for name in random.sample(NAMES + ALSO, 12)]


def _multipart(fields: Sequence[tuple[str, str]], random: Random) -> tuple[str, bytes]:
    """The fields as a form with a file that has an unusual name."""
    boundary = uuid4().hex if random.random() < 0.9 else "x" * 80
    parts = []
    for name, value in [*fields, ("files", "")]:
        shown = name.replace('"', "%22").replace("\r", "").replace("\n", "")
        about = f'Content-Disposition: form-data; name="{shown}"'
        if name == "files":
            odd = odd_text(random).replace('"', "%22").replace("\r", "").replace("\n", "")[:300]
            about, value = f'{about}; filename="{odd}"\r\nContent-Type: {random.choice(("", "image/png", "x"))}', "x"
        parts.append(f"--{boundary}\r\n{about}\r\n\r\n{value}\r\n")
    whole = "".join(parts) + f"--{boundary}--\r\n"
    return f"multipart/form-data; boundary={boundary}", whole.encode("utf-8", "surrogatepass")
