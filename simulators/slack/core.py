"""Core of the simulated Slack: its world, its log, and sending events to the app."""

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from simulators.courier import Answer, Courier, Delivery, Prepare
from simulators.faults import Faults
from simulators.feed import Feed
from simulators.ids import Now
from simulators.signing import (
    SLACK_NO_RETRY_HEADER,
    SLACK_RETRY_NUMBER_HEADER,
    SLACK_RETRY_REASON_HEADER,
    slack_headers,
)
from simulators.slack.envelopes import envelope, scope_needed, subscription_needed
from simulators.slack.limits import Distribution, Limits
from simulators.slack.pending import Pending
from simulators.slack.screens import Screens
from simulators.slack.world import BOT_SCOPES, Message, SlackChannel, SlackWorld, Workspace

USER_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


@dataclass
class SlackApp:
    """The app's settings on Slack: secrets, addresses, scopes and events.

    `app_token` is the app-level token; without `messages_tab` no person can write to the app in direct messages, nor
    the app to them.

    `scopes` are the default scopes of an installation. `subscriptions` are the subscribed events (message events as
    message.im, message.channels, …); None: every event that its scopes allow.
    """

    app_id: str
    name: str
    client_id: str
    client_secret: str
    signing_secret: str
    verification_token: str
    events_url: str = ""
    interactions_url: str = ""
    commands_url: str = ""
    scopes: tuple[str, ...] = BOT_SCOPES
    subscriptions: frozenset[str] | None = None
    messages_tab: bool = True
    escapes_commands: bool = False
    app_token: str = "xapp-1-A0GUARDIA01-guardia"  # noqa: S105 - protects a simulator only


def _deserves_retry(answer: Answer) -> bool:
    headers = {key.lower(): value for key, value in answer.headers.items()}
    return answer.status is None or headers.get(SLACK_NO_RETRY_HEADER.lower()) != "1"


def _each_installation(hearing: list[Workspace], channel: SlackChannel | None) -> list[Workspace]:
    """One workspace for each installation; for a conversation only one: that of the bot which joined last."""
    if channel is None:
        return list({id(workspace.install): workspace for workspace in reversed(hearing)}.values())[::-1]
    latest = [workspace for workspace in hearing if workspace.bot_user_id == channel.latest_bot]
    return (latest or hearing[::-1])[:1]


class SlackCore:
    """World, courier, feed and faults of one simulated Slack."""

    def __init__(
        self,
        app: SlackApp,
        *,
        seed: int,
        now: Now,
        ack_timeout: float,
        retry_schedule: Sequence[float],
        distribution: Distribution,
        echo_bot_messages: bool,
        public_url: str,
    ) -> None:
        self.settings = app
        self.url = public_url.rstrip("/")
        self.echo_bot_messages = echo_bot_messages
        self.now = now
        self.world = SlackWorld(seed=seed, now=now, app_id=app.app_id, app_name=app.name)
        self.feed = Feed(now)
        self.courier = Courier(
            now, timeout=ack_timeout, schedule=retry_schedule, again=_deserves_retry,
            on_settled=self._note_delivery,
        )  # fmt: skip
        self.faults = Faults(self.courier.closing)
        self.limits = Limits(now, distribution)
        self.pending = Pending(now)
        self.screens = Screens()
        self.calls: deque[dict[str, Any]] = deque(maxlen=20_000)
        self._sent: deque[tuple[str, bytes]] = deque(maxlen=10_000)

    # ------------------------------------------------------------------ events

    def emit(
        self,
        channel: SlackChannel | None,
        event: Mapping[str, Any],
        *,
        wait: bool,
        teams: Sequence[str] = (),
        even_uninstalled: bool = False,
    ) -> list[Delivery]:
        """Send an event to the app, once for each installation concerned, with an id of its own.

        An event in a conversation is sent once, through the installation whose bot is a member, and only if the app
        subscribed to it and has its scope. Events above 30,000 an hour in a workspace are not sent.
        """
        with self.world.lock:
            concerned = [self.world.workspaces[team] for team in (teams if channel is None else channel.team_ids)]
            present = [w for w in concerned if w.installed or even_uninstalled]
            hearing = [w for w in present if self._hears(w, channel, event)]
            token = self.settings.verification_token
            letters = [
                (w.team_id, envelope(self.world, w, event, token=token, channel=channel))
                for w in _each_installation(hearing, channel)
            ]
        sent: list[Delivery] = []
        for team, letter in letters:
            if self.limits.takes_event(team):
                sent.append(self.send_event(letter, wait=wait))
            elif self.limits.is_first_of_minute(team):
                sent.append(self.warn_rate_limited(team))
        return sent

    def warn_rate_limited(self, team: str) -> Delivery:
        """Send Slack's app_rate_limited: a notice with no inner event."""
        now = int(self.now().timestamp())
        payload = {
            "token": self.settings.verification_token, "type": "app_rate_limited", "team_id": team,
            "minute_rate_limited": now - now % 60, "api_app_id": self.settings.app_id,
        }  # fmt: skip
        return self.send_event(payload, wait=True)

    def _hears(self, workspace: Workspace, channel: SlackChannel | None, event: Mapping[str, Any]) -> bool:
        if channel is not None and workspace.bot_user_id not in channel.members:
            return False
        subscriptions = self.settings.subscriptions
        if subscriptions is not None and subscription_needed(event) not in subscriptions:
            return False
        needed = scope_needed(event, channel)
        return needed is None or needed in workspace.scopes

    def send_event(self, payload: Mapping[str, Any], *, wait: bool, once: bool = False) -> Delivery:
        """POST a signed envelope to the events URL; with Slack's three retries unless `once`."""
        body = json.dumps(payload, ensure_ascii=False).encode()
        event_id = str(payload.get("event_id", payload.get("type", "")))
        kind = str(payload.get("event", {}).get("type", payload.get("type", "")))
        self._sent.append((event_id, body))
        url, prepare = self.settings.events_url, self._letter(body)
        if once:
            return self.courier.ask(kind, event_id, url=url, prepare=prepare)
        return self.courier.send(kind, event_id, url=url, prepare=prepare, wait=wait)

    def redeliver(self, event_id: str, *, times: int = 1, parallel: bool = False) -> list[Delivery]:
        """Send the very same event again, as after a lost answer; `parallel`: all at once."""
        body = next(body for sent, body in reversed(self._sent) if sent == event_id)
        start = threading.Barrier(times if parallel else 1)

        def prepare(attempt: int, reason: str | None) -> tuple[bytes, Mapping[str, str]]:
            if parallel:
                start.wait(timeout=10)
            return self._letter(body)(attempt + 1, reason or "http_timeout")

        send: Callable[[], Delivery] = partial(
            self.courier.ask, "redelivery", event_id, url=self.settings.events_url, prepare=prepare
        )
        if not parallel:
            return [send() for _ in range(times)]
        made: list[Delivery] = []
        threads = [threading.Thread(target=lambda: made.append(send())) for _ in range(times)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return made

    def _letter(self, body: bytes) -> Prepare:
        def prepare(attempt: int, reason: str | None) -> tuple[bytes, Mapping[str, str]]:
            headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
            headers |= slack_headers(self.settings.signing_secret, body=body, at=self.now())
            if attempt:
                headers[SLACK_RETRY_NUMBER_HEADER] = str(attempt)
                headers[SLACK_RETRY_REASON_HEADER] = reason or "unknown_error"
            return body, headers

        return prepare

    # ------------------------------------------------------------ interactions

    def interact(self, payload: Mapping[str, Any]) -> Delivery:
        """POST an interaction: one form field `payload`, signed, never retried."""
        form = urlencode({"payload": json.dumps(payload, ensure_ascii=False)})
        return self._post_form(str(payload["type"]), self.settings.interactions_url, form)

    def command(self, fields: Mapping[str, str]) -> Delivery:
        """POST a slash command as a form, signed, never retried."""
        return self._post_form("slash_command", self.settings.commands_url, urlencode(fields))

    def _post_form(self, kind: str, url: str, form: str) -> Delivery:
        body = form.encode()

        def prepare(attempt: int, reason: str | None) -> tuple[bytes, Mapping[str, str]]:
            headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": USER_AGENT}
            return body, headers | slack_headers(self.settings.signing_secret, body=body, at=self.now())

        return self.courier.ask(kind, self.world.ids.uuid(), url=url, prepare=prepare)

    # ---------------------------------------------------------------- the log

    def note(self, kind: str, channel: SlackChannel, message: Message, **more: Any) -> None:
        """Add a change of a message to the feed."""
        with self.world.lock:
            shown = self.world.thread_view(channel, message)
        self.feed.add(
            kind, team=channel.team_id, channel=channel.id, ts=message["ts"],
            thread_ts=message.get("thread_ts"), message=shown, **more,
        )  # fmt: skip

    def _note_delivery(self, delivery: Delivery) -> None:
        self.feed.add("delivery", delivery=delivery.as_json())

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until every event has been delivered or given up; returns False if some are still pending."""
        return self.courier.settle(timeout)

    def reset(self, *, keep_world: bool = True) -> None:
        """Clear messages, faults and logs; without `keep_world` also workspaces and people."""
        self.faults.clear()
        self.feed.clear()
        self.calls.clear()
        self.limits.clear()
        self.pending.clear()
        self.screens.clear()
        self.courier.deliveries.clear()
        if keep_world:
            self.world.forget()
        else:
            self.world.clear()
