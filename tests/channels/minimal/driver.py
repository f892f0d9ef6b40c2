"""The minimal platform for the suite: its basic part."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import requests
from flask import Flask

from msp.clients.actions import connect
from msp.clients.models import Client
from msp.config import Settings
from msp.kernel import clock
from msp.kernel.db import Scope, work
from tests.channels import minimal
from tests.channels.cast import EVERYBODY, Actor
from tests.channels.driver import Failure, File, Seen, Sent, Where
from tests.channels.minimal.platform import MINIMAL
from tests.channels.minimal.server import KEY, MinimalServer
from tests.world import World


class MinimalDriver:
    """See `tests.channels.driver.Driver`."""

    platform = MINIMAL
    plugin = minimal
    is_basic_only = True
    marks = {"bold": "{}", "italic": "{}", "code": "{}", "link": "{}"}
    is_losing = False
    number = 0

    def start(self, settings: Settings) -> Settings:
        self.server = MinimalServer()
        self.running = self.server.serve()
        return settings

    def listen_at(self, url: str, app: Flask) -> None:
        self.endpoint, self.app = f"{url}{MINIMAL.endpoint_path}", app

    def close(self) -> None:
        self.running.close()

    def begin(self, world: World) -> None:
        self.server.reset()
        for actor in EVERYBODY:
            self.server.people[actor.key] = {
                "name": actor.name, "email": actor.email, "locale": actor.locale, "timezone": actor.timezone,
            }  # fmt: skip
        with work(Scope.system()) as session:
            for client, space in ((world.lozano, "lozano"), (world.azcarate, "azcarate")):
                mine = session.get_one(Client, client.id)
                settings = {"address": self.running.url}
                connect(mine, kind="minimal", external_id=space, settings=settings, secret=KEY, at=clock.now())

    def end(self) -> None:
        assert not self.server.failing.get("GET"), "nobody asked for the profile"

    def say(
        self,
        actor: Actor,
        text: str,
        *,
        where: Where = Where.CHAT,
        thread: Sent | None = None,
        is_addressed: bool = True,
        files: Sequence[File] = (),
        quotes: Seen | None = None,
    ) -> Sent:
        self.number += 1
        event = {
            "id": f"e{self.number}", "space": actor.company, "person": actor.key, "text": text,
            "at": clock.now().isoformat(), "address": self.running.url,
        }  # fmt: skip
        sent = Sent(actor, where, event["id"], event)
        if not self.is_losing:
            self.deliver(sent)
        return sent

    def deliver(self, sent: Sent) -> None:
        answer = requests.post(self.endpoint, json=sent.raw, headers={"X-Secret": minimal.SECRET}, timeout=5)
        assert answer.status_code == 200

    @contextmanager
    def losing(self) -> Iterator[None]:
        self.is_losing = True
        yield
        self.is_losing = False

    def seen(self, actor: Actor, where: Where = Where.CHAT) -> list[Seen]:
        found = self.server.posted.get(actor.key, [])
        return [Seen(each["id"], each["text"], each["text"], is_card=each["is_card"]) for each in found]

    def private(self, actor: Actor) -> list[str]:
        return [each.text for each in self.seen(actor)]

    def fail(self, failure: Failure, *, times: int | None = 1, retry_after: int = 1) -> None:
        if times is None:
            self.server.always = 410
        else:
            self.server.failing.setdefault("POST", []).extend([(429, retry_after)] * times)

    def recover(self) -> None:
        self.server.failing.clear()
        self.server.always = 0

    def hide_profiles(self, *, times: int) -> None:
        self.server.failing.setdefault("GET", []).extend([(503, 1)] * times)

    def throttled(self) -> int:
        return 0  # it has no limits of its own

    # --------------------------------------------------- what the platform does not have

    def _cannot(self, *_args: Any, **_kwargs: Any) -> Any:
        raise NotImplementedError("not a capability of this platform")

    command = say_formatted = say_clip = edit = delete = restore = press = forget_card = withhold_files = uninstall = (
        _cannot
    )


DRIVER = MinimalDriver()
