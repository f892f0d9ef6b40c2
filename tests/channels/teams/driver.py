"""Teams, by its strict simulator: activities with signed tokens to the product, and the Connector that it calls."""

import html
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask import Flask

from integrations.teams.platform import TEAMS
from msp.clients.actions import connect
from msp.clients.models import Client
from msp.config import Settings
from msp.kernel import clock
from msp.kernel.db import Scope, work
from simulators.teams import markup
from simulators.teams.cards import CARD
from simulators.teams.server import APP_ID, APP_PASSWORD, HOME_TENANT, TeamsServer, create_teams_server
from tests.channels.cast import EVERYBODY, MARTA, Actor
from tests.channels.driver import Failure, File, Seen, Sent, Where
from tests.world import TEAMS_TENANT, World

LOZANO = "3b0c4d6e-1f2a-4c5b-9d8e-7f6a5b4c3d21"
TENANTS = {
    "lozano": LOZANO,
    "azcarate": TEAMS_TENANT,
    "talleres": "99999999-0000-4000-8000-000000000001",
    "guardia": "99999999-0000-4000-8000-000000000003",
}
PROVEEDOR = "99999999-0000-4000-8000-000000000002"
NOWHERE = "http://127.0.0.1:1/"
FAULTS: dict[Failure, tuple[str, str]] = {
    Failure.THROTTLED: ("429", ""),
    Failure.IN_DOUBT: ("drop", ""),
    Failure.GONE: ("error", "ConversationNotFound"),
    Failure.BLOCKED: ("error", "MessageWritesBlocked"),
    Failure.BROKEN: ("error", "BotDisabledByAdmin"),
}


class TeamsDriver:
    """See `tests.channels.driver.Driver`."""

    platform = TEAMS
    marks = {"bold": "**{}**", "italic": "_{}_", "code": "`{}`", "link": "[{}]({})"}
    server: TeamsServer

    def start(self, settings: Settings) -> Settings:
        self.server = create_teams_server(retry_schedule=())
        self.running = self.server.serve()
        return settings.with_values(
            TEAMS_APP_ID=APP_ID,
            TEAMS_APP_PASSWORD=APP_PASSWORD,
            TEAMS_APP_TENANT_ID=HOME_TENANT,
            TEAMS_OPENID_METADATA_URL=self.server.openid_url,
            TEAMS_TOKEN_URL=self.server.token_url,
        )

    def listen_at(self, url: str, app: Flask) -> None:
        self.endpoint = f"{url}/api/messages"

    def close(self) -> None:
        self.running.close()

    def begin(self, world: World) -> None:
        self.server.reset(keep_world=False)
        self.server.configure(endpoint=self.endpoint)
        for name, tenant in TENANTS.items():
            self.server.add_tenant(name.title(), id=tenant, domain=f"{name}.example")
        for actor in EVERYBODY:
            self.server.add_user(
                TENANTS[actor.company], id=_id(actor), name=actor.name, email=actor.email, locale=actor.locale,
                tz=actor.timezone, is_guest=actor.is_guest, home_tenant_id=PROVEEDOR if actor.is_outsider else "",
            )  # fmt: skip
        for name, tenant in TENANTS.items():
            members = [_id(each) for each in EVERYBODY if each.company == name]
            self.server.add_team(tenant, name.title(), members=members, channels=["Soporte"], installed=True)
        with work(Scope.system()) as session:
            for client, tenant in ((world.lozano, LOZANO), (world.azcarate, TEAMS_TENANT)):
                connect(session.get_one(Client, client.id), kind="teams", external_id=tenant, at=clock.now())
            connect(None, kind="teams", external_id=TENANTS["guardia"], at=clock.now())

    def end(self) -> None:
        unshown = self.server.unshown_cards()
        assert not unshown, "people do not see these cards"

    # -------------------------------------------------------------------- acts

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
        is_mention = where is not Where.CHAT and is_addressed
        words = f"@Guardia {text}".strip() if is_mention else text
        reply_to = thread.id if thread and where is not Where.CHAT else quotes.id if quotes else ""
        sent = [{"name": file.name, "content": file.content} for file in files]
        said = self.server.say(
            TENANTS[actor.company], _id(actor), self._place(actor, where), words, reply_to=reply_to, files=sent
        )
        return Sent(actor, where, said.id, said)

    def say_formatted(self, actor: Actor) -> Sent:
        words = markup.paragraph(
            "Pulso <strong>Aceptar</strong> y sale ", markup.code("error 41"), ", mira ",
            markup.link("la foto", "https://tpv.example/41"),
        )  # fmt: skip
        said = self.server.say_html(TENANTS[actor.company], _id(actor), "", words + markup.bullets("uno", "dos"))
        return Sent(actor, Where.CHAT, said.id, said)

    def say_clip(self, actor: Actor, words: str) -> Sent:
        return self.say(actor, "", files=[File("audio.mp4", b"\0\0\0 ftypM4A ")])

    def command(self, actor: Actor, text: str) -> str:
        raise NotImplementedError("Teams has no commands")

    def edit(self, sent: Sent, text: str) -> Sent:
        words = f"@Guardia {text}" if sent.where is not Where.CHAT else text
        changed = self.server.edit(TENANTS[sent.actor.company], _id(sent.actor), sent.id, words)
        return replace(sent, raw=changed)

    def delete(self, sent: Sent) -> Sent:
        gone = self.server.delete(TENANTS[sent.actor.company], _id(sent.actor), sent.id)
        return replace(sent, raw=gone)

    def restore(self, sent: Sent) -> Sent:
        back = self.server.undelete(TENANTS[sent.actor.company], _id(sent.actor), sent.id)
        return replace(sent, raw=back)

    def press(self, actor: Actor, seen: Seen, button: str, *, where: Where = Where.CHAT, ticket: str = "") -> None:
        if ticket:
            card = self.server.card(_id(actor), seen.id)
            for action in card["actions"]:
                action["data"] = action["data"] | {"ticket": ticket}
        self.server.press(TENANTS[actor.company], _id(actor), seen.id, button)

    @contextmanager
    def losing(self) -> Iterator[None]:
        self.server.configure(endpoint=NOWHERE)
        yield
        self.server.configure(endpoint=self.endpoint)

    def deliver(self, sent: Sent) -> None:
        self.server.core.post(sent.raw.activity, wait=True)

    # -------------------------------------------------------------------- sees

    def seen(self, actor: Actor, where: Where = Where.CHAT) -> list[Seen]:
        person = self.server.person(TENANTS[actor.company], _id(actor))
        chat = self.server.world.personal(person)
        place = self._place(actor, where) or (chat.id if chat else "")
        found = self.server.messages(conversation=place, author="bot") if place else []
        return [_seen(each) for each in found]

    def private(self, actor: Actor) -> list[str]:
        notices = [each["text"] for each in self.server.notices(TENANTS[actor.company], _id(actor))]
        return [each.text for each in self.seen(actor)] + notices

    def forget_card(self, seen: Seen) -> None:
        for place in self.server.world.conversations.values():
            place.activities.pop(seen.id, None)

    # ---------------------------------------------------------------- failures

    def fail(self, failure: Failure, *, times: int | None = 1, retry_after: int = 1) -> None:
        kind, error = FAULTS[failure]
        self.server.faults.add("send", kind, error=error, times=times, retry_after=retry_after)

    def recover(self) -> None:
        self.server.faults.clear()

    def hide_profiles(self, *, times: int) -> None:
        self.server.faults.add("member", "503", times=times)

    def withhold_files(self) -> None:
        for file in self.server.world.files.values():
            file.expires = clock.now()

    def uninstall(self) -> None:
        self.server.uninstall(TENANTS[MARTA.company], _id(MARTA))

    def throttled(self) -> int:
        return self.server.limits.throttled.total()

    def _place(self, actor: Actor, where: Where) -> str:
        if where is Where.CHAT:
            return ""
        tenant = TENANTS[actor.company]
        places = self.server.world.conversations.values()
        return next(each.id for each in places if (each.name, each.tenant_id) == ("Soporte", tenant))


def _id(actor: Actor) -> str:
    return f"29:{actor.key}"


def _seen(activity: dict[str, Any]) -> Seen:
    cards = [each["content"] for each in activity.get("attachments") or [] if each["contentType"] == CARD]
    texts = list(_texts([card["body"] for card in cards])) or [activity.get("text") or ""]
    buttons = [action["verb"] for card in cards for action in card.get("actions") or ()]
    kinds = {block["type"] for card in cards for block in card["body"]}
    root = activity["thread"] if activity["thread"] not in (activity["id"], activity["conversation"]["id"]) else ""
    text = "\n".join(texts)
    return Seen(activity["id"], _plain(text), text, tuple(buttons), is_card="ColumnSet" in kinds, thread=root)


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if node.get("type") == "TextBlock":
            yield node["text"]
        for inside in node.values():
            yield from _texts(inside)
    elif isinstance(node, list):
        for inside in node:
            yield from _texts(inside)


def _plain(text: str) -> str:
    bare = re.sub(r"(?<!\\)\*\*", "", text)
    shown = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", html.unescape(bare))
    return re.sub(r"\n\n+", "\n", shown).replace("\N{NO-BREAK SPACE}", " ")


DRIVER = TeamsDriver()
