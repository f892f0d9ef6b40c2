"""Core of the simulated Teams: its world, its keys, and sending activities to the bot."""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulators.courier import Courier, Delivery, Prepare
from simulators.faults import Faults
from simulators.feed import Feed
from simulators.ids import Now
from simulators.teams.activities import event_of, sent_by
from simulators.teams.limits import Limits
from simulators.teams.screens import Screens
from simulators.teams.tokens import Keyring
from simulators.teams.world import Activity, Conversation, TeamsUser, TeamsWorld

USER_AGENT = "Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)"


@dataclass
class TeamsApp:
    """The bot's registration: id, secret, home tenant, and endpoint."""

    app_id: str
    password: str
    tenant_id: str
    name: str
    endpoint: str = ""
    multi_tenant: bool = False  # registered before August 2025: tokens come from botframework.com
    is_registered: bool = True  # registered with Azure; otherwise every call is 401 BotNotRegistered

    @property
    def account(self) -> dict[str, str]:
        """The bot as an account in activities."""
        return {"id": f"28:{self.app_id}", "name": self.name}


class TeamsCore:
    """World, keys, courier, limits, feed and faults of one simulated Teams.

    An activity that the bot does not answer with a 2xx within `turn_timeout` seconds is sent again with the same id and
    bytes, after each pause of `retry_schedule` (msteams-docs#6084: slower than 15 s; #1571: no 2xx, two tries in all).
    """

    def __init__(
        self,
        app: TeamsApp,
        *,
        seed: int,
        now: Now,
        turn_timeout: float,
        retry_schedule: Sequence[float],
        public_url: str,
    ) -> None:
        self.settings = app
        self.url = public_url.rstrip("/")
        self.now = now
        self.world = TeamsWorld(seed=seed, now=now)
        self.keyring = Keyring(self.world.ids, now, app_id=app.app_id)
        self.feed = Feed(now)
        self.courier = Courier(
            now, timeout=turn_timeout, schedule=retry_schedule, again=lambda answer: True,
            on_settled=self._note_delivery,
        )  # fmt: skip
        self.faults = Faults(self.courier.closing)
        self.limits = Limits(now)
        self.screens = Screens(now)
        self.calls: deque[dict[str, Any]] = deque(maxlen=20_000)
        self._sent: deque[Activity] = deque(maxlen=10_000)

    def service_url(self, tenant_id: str) -> str:
        """The address for the bot's answers in a tenant."""
        return f"{self.url}/{self.world.tenants[tenant_id].region}/{tenant_id}/"

    # ------------------------------------------------------------- activities

    def post(self, activity: Activity, *, wait: bool) -> Delivery:
        """POST an activity with a valid token; sent again if the bot is too slow or answers no 2xx."""
        self._sent.append(activity)
        return self.courier.send(
            activity["type"], activity["id"], url=self.settings.endpoint,
            prepare=self._letter(activity, token=None), wait=wait,
        )  # fmt: skip

    def ask(self, activity: Activity, *, token: str | None = None) -> Delivery:
        """POST an activity once and wait for its answer: invokes, and tests with tokens of their own.

        `token` "" sends none; None makes a valid one.
        """
        self._sent.append(activity)
        prepare = self._letter(activity, token=token)
        return self.courier.ask(activity["type"], activity["id"], url=self.settings.endpoint, prepare=prepare)

    def _letter(self, activity: Activity, *, token: str | None) -> Prepare:
        body = json.dumps(activity, ensure_ascii=False).encode()

        def prepare(attempt: int, reason: str | None) -> tuple[bytes, Mapping[str, str]]:
            bearer = self.keyring.channel_token(activity["serviceUrl"]) if token is None else token
            headers = {
                "Content-Type": "application/json; charset=utf-8", "User-Agent": USER_AGENT,
                "x-ms-conversation-id": activity["conversation"]["id"],
                "x-ms-tenant-id": activity["conversation"].get("tenantId", ""),
            }  # fmt: skip
            return body, headers | ({"Authorization": f"Bearer {bearer}"} if bearer else {})

        return prepare

    def tell(
        self, person: TeamsUser, place: Conversation, kind: str, *, more: Mapping[str, Any], wait: bool
    ) -> Delivery:
        """POST an event that a person caused in a conversation."""
        activity = event_of(
            self.world, person, place, kind=kind, id=self.event_id(), service_url=self.service_url(person.tenant_id),
            bot=self.settings.account, more=more,
        )  # fmt: skip
        return self.post(activity, wait=wait)

    def activity(
        self, person: TeamsUser, place: Conversation, kind: str, id: str, *, root: str = "", more: Mapping[str, Any]
    ) -> Activity:
        """Build a message or an invoke of a person, without sending it."""
        return sent_by(
            self.world, person, place, kind=kind, id=id, service_url=self.service_url(person.tenant_id),
            bot=self.settings.account, root=root, more=more,
        )  # fmt: skip

    def event_id(self) -> str:
        """A new id for an activity that is no message."""
        return f"f:{self.world.ids.uuid()}"

    def redeliver(self, activity_id: str, *, times: int = 1) -> list[Delivery]:
        """Send the very same activity again."""
        activity = next(a for a in reversed(self._sent) if a["id"] == activity_id)
        return [self.ask(activity) for _ in range(times)]

    def sent_activity(self, activity_id: str) -> Activity:
        """The activity sent to the bot with this id."""
        return next(a for a in reversed(self._sent) if a["id"] == activity_id)

    def forge(self, kind: str, tenant: str) -> str:
        """A token that the bot must refuse, for activities from this tenant; see FORGERIES."""
        return self.keyring.forged(kind, self.service_url(tenant))

    def roll_keys(self, *, keep_old: bool = True) -> str:
        """Sign with a new key from now on; returns its kid."""
        return self.keyring.roll(keep_old=keep_old)

    # --------------------------------------------------------------- the log

    def note(self, kind: str, conversation: Conversation, activity: Activity, **more: Any) -> None:
        """Add a change of a message to the feed."""
        with self.world.lock:
            shown = self.world.shown(activity)
        self.feed.add(
            kind, tenant=conversation.tenant_id, conversation=conversation.id, id=activity["id"],
            thread=activity.get("_thread"), activity=shown, **more,
        )  # fmt: skip

    def _note_delivery(self, delivery: Delivery) -> None:
        self.feed.add("delivery", delivery=delivery.as_json())

    def person(self, tenant: str, user: str) -> TeamsUser:
        """A person of a tenant by 29: id, Entra object id, UPN or address."""
        found = self.world.user(user, tenant_id=tenant)
        if found is None:
            raise ValueError(f"tenant {tenant} has nobody called {user}")
        return found

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until every activity has been delivered or given up; returns False if some are still pending."""
        return self.courier.settle(timeout)

    def reset(self, *, keep_world: bool = True) -> None:
        """Clear messages, faults and logs; without `keep_world` also tenants and people."""
        self.faults.clear()
        self.feed.clear()
        self.calls.clear()
        self.courier.deliveries.clear()
        self.limits.clear()
        self.screens.clear()
        if keep_world:
            self.world.forget()
        else:
            self.world.clear()
