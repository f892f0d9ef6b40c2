"""Slack, by its strict simulator: signed requests to the product, and the Web API that the product calls."""

import html
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask

from integrations.slack.platform import SLACK
from msp.clients.actions import connect, note_unknown
from msp.clients.models import Client
from msp.config import Settings
from msp.kernel import clock
from msp.kernel.db import Scope, work
from simulators.slack.limits import POSTING
from simulators.slack.manifest import read_manifest
from simulators.slack.server import SlackServer, create_slack_server
from tests.channels.cast import EVERYBODY, MARTA, Actor
from tests.channels.driver import Failure, File, Seen, Sent, Where
from tests.conftest import SLACK_SIGNING_SECRET
from tests.world import SLACK_APP_ID, SLACK_BOT_TOKEN, SLACK_BOT_USER, SLACK_TEAM, World

MANIFEST = read_manifest(Path(__file__).parents[3] / "docs" / "slack-app-manifest.yml")
TEAMS = {
    "lozano": SLACK_TEAM,
    "azcarate": "T0AZCARATE",
    "talleres": "T0TALLERES",
    "guardia": "T0GUARDIA",
    "proveedor": "T0PROVEEDOR",
}
SUPPORT, SHARED = "C0SUPPORT", "C0SHARED"
NOWHERE = "http://127.0.0.1:1/"
FAULTS: dict[Failure, tuple[str, str]] = {
    Failure.THROTTLED: ("429", ""),
    Failure.IN_DOUBT: ("drop", ""),
    Failure.GONE: ("error", "channel_not_found"),
    Failure.BLOCKED: ("error", "user_disabled"),
    Failure.BROKEN: ("error", "token_revoked"),
}


class SlackDriver:
    """See `tests.channels.driver.Driver`."""

    platform = SLACK
    marks = {"bold": "*{}*", "italic": "_{}_", "code": "`{}`", "link": "<{1}|{0}>"}
    server: SlackServer

    def start(self, settings: Settings) -> Settings:
        self.server = create_slack_server(
            signing_secret=SLACK_SIGNING_SECRET,
            client_id=settings.value("SLACK_CLIENT_ID"),
            client_secret=settings.value("SLACK_CLIENT_SECRET"),
            app_id=SLACK_APP_ID,
            manifest=MANIFEST,
            echo_bot_messages=False,
            retry_schedule=(),
        )
        self.running = self.server.serve()
        return settings.with_values(SLACK_API_URL=self.server.api_url)

    def listen_at(self, url: str, app: Flask) -> None:
        self.addresses = {f"{each}_url": f"{url}/slack/{each}" for each in ("events", "interactions", "commands")}

    def close(self) -> None:
        self.running.close()

    def begin(self, world: World) -> None:
        self.server.reset(keep_world=False)
        self.server.configure(**self.addresses)
        self.server.add_workspace("Lozano", team_id=SLACK_TEAM, bot_token=SLACK_BOT_TOKEN, bot_user_id=SLACK_BOT_USER)
        others = {
            name: self.server.add_workspace(name.title(), team_id=TEAMS[name])
            for name in ("azcarate", "talleres", "guardia")
        }
        self.server.add_workspace("Proveedor", team_id=TEAMS["proveedor"], installed=False)
        for actor in EVERYBODY:
            self._add(actor)
        insiders = [_id(each) for each in EVERYBODY if each.company == "lozano"]
        shared = [TEAMS["proveedor"]]
        self.server.add_channel(SLACK_TEAM, "soporte", id=SUPPORT, members=insiders)
        self.server.add_channel(SLACK_TEAM, "compartido", id=SHARED, members=insiders, shared_with=shared)
        at, token = clock.now(), others["azcarate"].bot_token
        about = {"bot_user_id": SLACK_BOT_USER, "app_id": SLACK_APP_ID}
        with work(Scope.system()) as session:
            lozano, azcarate = (session.get_one(Client, each.id) for each in (world.lozano, world.azcarate))
            connect(lozano, kind="slack", external_id=SLACK_TEAM, settings=about, secret=SLACK_BOT_TOKEN, at=at)
            connect(azcarate, kind="slack", external_id=TEAMS["azcarate"], secret=token, at=at)
            own = others["guardia"].bot_token
            connect(None, kind="slack", external_id=TEAMS["guardia"], secret=own, at=at)
            note_unknown("slack", TEAMS["talleres"], secret=others["talleres"].bot_token, messages=0, at=at)

    def end(self) -> None:
        pass

    def _add(self, actor: Actor) -> None:
        made = self.server.add_user(
            _team(actor), id=_id(actor), real_name=actor.name, email=actor.email, locale=actor.locale, tz=actor.timezone
        )
        made.is_restricted = actor.is_guest

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
        words = f"<@{self._bot(actor)}> {text}".strip() if is_mention else text
        root = (thread.raw.message.get("thread_ts") or thread.id) if thread else None
        sent = [{"name": file.name, "content": file.content} for file in files]
        said = self.server.say(_team(actor), _id(actor), _place(where), words, thread_ts=root, files=sent)
        return Sent(actor, where, said.ts, said)

    def say_formatted(self, actor: Actor) -> Sent:
        words: list[dict[str, Any]] = [
            _text("Pulso "), _text("Aceptar", bold=True), _text(" y sale "), _text("error 41", code=True),
            _text(", mira "), {"type": "link", "url": "https://tpv.example/41", "text": "la foto"},
        ]  # fmt: skip
        items = [{"type": "rich_text_section", "elements": [_text(item)]} for item in ("uno", "dos")]
        elements = [
            {"type": "rich_text_section", "elements": words},
            {"type": "rich_text_list", "style": "bullet", "elements": items},
        ]
        blocks = [{"type": "rich_text", "elements": elements}]
        said = self.server.kinds.say_in_blocks(_team(actor), _id(actor), "im", blocks)
        return Sent(actor, Where.CHAT, said.ts, said)

    def say_clip(self, actor: Actor, words: str) -> Sent:
        said = self.server.kinds.voice(_team(actor), _id(actor), "im", words)
        return Sent(actor, Where.CHAT, said.ts, said)

    def command(self, actor: Actor, text: str) -> str:
        told = self.server.slash(_team(actor), _id(actor), SUPPORT, "/guardia", text)
        return str(told.body["text"])

    def edit(self, sent: Sent, text: str) -> Sent:
        actor, place = sent.actor, sent.raw.channel
        words = f"<@{self._bot(actor)}> {text}" if sent.where is not Where.CHAT else text
        changed = self.server.edit(_team(actor), _id(actor), place, sent.id, words)
        return replace(sent, raw=changed)

    def delete(self, sent: Sent) -> Sent:
        gone = self.server.delete(_team(sent.actor), _id(sent.actor), sent.raw.channel, sent.id)
        return replace(sent, raw=gone)

    def restore(self, sent: Sent) -> Sent:
        raise NotImplementedError("nobody can bring a deleted message back")

    def press(self, actor: Actor, seen: Seen, button: str, *, where: Where = Where.CHAT, ticket: str = "") -> None:
        place = self.server.world.im(_team(actor), _id(actor)).id if where is Where.CHAT else _place(where)
        if actor.is_outsider:
            self._invite(actor, place, seen)
        if ticket:
            for element in self.server.world.channels[place].messages[seen.id]["blocks"][-1]["elements"]:
                element["value"] = ticket
        at = SLACK_TEAM if actor.is_outsider else _team(actor)
        self.server.click(at, _id(actor), place, seen.id, button)

    def _invite(self, actor: Actor, place: str, seen: Seen) -> None:
        """Share a channel with the company of an outsider, who opens the thread of a message."""
        self.server.world.channels[place].shared_with.append(_team(actor))
        self.server.world.channels[place].members.add(_id(actor))
        self.server.places.open_thread(_team(actor), _id(actor), place, seen.thread or seen.id)

    @contextmanager
    def losing(self) -> Iterator[None]:
        self.server.configure(**dict.fromkeys(self.addresses, NOWHERE))
        yield
        self.server.configure(**self.addresses)

    def deliver(self, sent: Sent) -> None:
        for event_id in sent.raw.event_ids:
            self.server.redeliver(event_id)

    # -------------------------------------------------------------------- sees

    def seen(self, actor: Actor, where: Where = Where.CHAT) -> list[Seen]:
        place = self.server.world.im(_team(actor), _id(actor)).id if where is Where.CHAT else _place(where)
        return [_seen(each) for each in self.server.messages(channel=place, author="bot")]

    def private(self, actor: Actor) -> list[str]:
        chat = self.server.world.im(_team(actor), _id(actor)).id
        shown = [each for place in (chat, SUPPORT, SHARED) for each in self.server.ephemerals(place, _id(actor))]
        return [each.text for each in self.seen(actor)] + [_plain(each["text"]) for each in shown]

    def forget_card(self, seen: Seen) -> None:
        for channel in self.server.world.channels.values():
            channel.messages.pop(seen.id, None)

    # ---------------------------------------------------------------- failures

    def fail(self, failure: Failure, *, times: int | None = 1, retry_after: int = 1) -> None:
        kind, error = FAULTS[failure]
        self.server.faults.add(POSTING, kind, error=error, times=times, retry_after=retry_after)

    def recover(self) -> None:
        self.server.faults.clear()

    def hide_profiles(self, *, times: int) -> None:
        self.server.faults.add("users.info", "503", times=times)

    def withhold_files(self) -> None:
        workspace = self.server.world.workspaces[SLACK_TEAM]
        workspace.scopes = tuple(scope for scope in workspace.scopes if scope != "files:read")

    def uninstall(self) -> None:
        self.server.uninstall(_team(MARTA))

    def throttled(self) -> int:
        return sum(count for (method, _), count in self.server.limits.throttled.items() if method == POSTING)

    def _bot(self, actor: Actor) -> str:
        return SLACK_BOT_USER if actor.is_outsider else self.server.world.workspaces[_team(actor)].bot_user_id


def _text(text: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": text} | ({"style": style} if style else {})


def _team(actor: Actor) -> str:
    """The workspace that somebody belongs to."""
    return TEAMS["proveedor" if actor.is_outsider else actor.company]


def _id(actor: Actor) -> str:
    return f"U0{actor.key.upper()}"


def _place(where: Where) -> str:
    return {Where.CHAT: "im", Where.CHANNEL: SUPPORT, Where.SHARED: SHARED}[where]


def _seen(message: dict[str, Any]) -> Seen:
    blocks = message.get("blocks") or []
    buttons = [
        element["action_id"] for block in blocks for element in block.get("elements", ()) if "action_id" in element
    ]
    texts = list(_texts(blocks)) or [message["text"]]
    root = str(message.get("thread_ts") or "")
    return Seen(
        message["ts"], _plain("\n".join(texts)), "\n".join(texts), tuple(buttons),
        is_card=any("fields" in block for block in blocks), thread=root if root != message["ts"] else "",
        files=tuple(each["name"] for each in message.get("files", ())),
    )  # fmt: skip


def _texts(node: Any) -> Iterator[str]:
    """Every text that stands in blocks, in order; labels of buttons are none."""
    if isinstance(node, dict):
        if node.get("type") in ("mrkdwn", "plain_text"):
            yield node["text"]
        elif node.get("type") != "button":
            for inside in node.values():
                yield from _texts(inside)
    elif isinstance(node, list):
        for inside in node:
            yield from _texts(inside)


def _plain(text: str) -> str:
    shown = re.sub(r"(?m)(^|· )\*(.+)\*$", r"\1\2", text)  # bold, to the end of a line
    return html.unescape(shown).replace("\N{NO-BREAK SPACE}", " ").replace("\N{ZERO WIDTH SPACE}", "")


DRIVER = SlackDriver()
