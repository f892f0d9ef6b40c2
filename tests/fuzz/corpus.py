"""Valid bodies of Slack, Teams and Stripe, as in their documentation and from the simulators."""

from typing import Any

from tests.world import SLACK_APP_ID, SLACK_BOT_USER, SLACK_TEAM, TEAMS_TENANT

Body = dict[str, Any]
TS, ROOT = "1764000000.000100", "1763999000.000200"
SERVICE = "https://smba.trafficmanager.net/emea/"
CHAT, CHANNEL = "a:inigo-guardia", "19:sala@thread.tacv2"


def message(**more: Any) -> Body:
    """A direct message to the app's bot in Slack."""
    usual = {"type": "message", "channel": "D0MARTA", "channel_type": "im", "user": "U0MARTA", "ts": TS}
    return usual | {"text": "La impresora no imprime", "team": SLACK_TEAM} | more


def envelope(event: Body) -> Body:
    """An event in the envelope of the Events API."""
    seen_by = {"enterprise_id": None, "team_id": SLACK_TEAM, "user_id": SLACK_BOT_USER, "is_bot": True}
    return {
        "token": "t", "team_id": SLACK_TEAM, "context_team_id": SLACK_TEAM, "context_enterprise_id": None,
        "api_app_id": SLACK_APP_ID, "event": event, "type": "event_callback", "event_id": "Ev0001",
        "event_time": 1764000000, "authorizations": [seen_by | {"is_enterprise_install": False}],
        "is_ext_shared_channel": False, "event_context": "4-abc",
    }  # fmt: skip


_RICH = {
    "type": "rich_text",
    "elements": [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": "Hola", "style": {"bold": True}}]}
    ],
}
_FILE = {
    "id": "F1",
    "name": "foto.png",
    "mimetype": "image/png",
    "size": 900,
    "url_private": "https://files.slack.com/f",
}
_PROFILE = {"real_name": "Marta Ruiz", "display_name": "Marta", "email": "marta@lozano.example"}
_USER = {"id": "U0MARTA", "team_id": SLACK_TEAM, "tz": "Europe/Madrid", "locale": "es-ES", "profile": _PROFILE}
_IN_CHANNEL = {"channel": "C0SUPPORT", "channel_type": "channel"}
_EDIT = {"subtype": "message_changed", "hidden": True, "message": message(), "previous_message": message()}
_EVENTS: tuple[Body, ...] = (
    message(),
    message(blocks=[_RICH]),
    message(subtype="file_share", files=[_FILE]),
    message(**_IN_CHANNEL, text=f"<@{SLACK_BOT_USER}> no hay red"),
    message(**_IN_CHANNEL, thread_ts=ROOT),
    message(**_IN_CHANNEL, subtype="thread_broadcast", thread_ts=ROOT, root=message()),
    message(**_IN_CHANNEL, subtype="channel_join"),
    message(**_EDIT),
    message(subtype="message_deleted", deleted_ts=TS, previous_message=message()),
    message(**_IN_CHANNEL, type="app_mention"),
    {"type": "user_change", "user": _USER, "event_ts": TS},
    {"type": "team_rename", "name": "Lozano Hermanos"},
    {"type": "app_uninstalled"},
    {"type": "tokens_revoked", "tokens": {"oauth": ["U0MARTA"], "bot": [SLACK_BOT_USER]}},
    {"type": "member_joined_channel", "user": SLACK_BOT_USER, "channel": "C0SUPPORT", "team": SLACK_TEAM},
    {"type": "channel_rename", "channel": {"id": "C0SUPPORT", "name": "soporte", "created": 1}},
    {"type": "channel_archive", "channel": "C0SUPPORT", "user": "U0MARTA"},
    {"type": "channel_id_changed", "old_channel_id": "C0SUPPORT", "new_channel_id": "C0OTHER"},
    {"type": "app_home_opened", "user": "U0MARTA", "channel": "D0MARTA", "tab": "home"},
    {"type": "reaction_added", "user": "U0MARTA", "reaction": "eyes", "item": {"type": "message", "ts": TS}},
)
SLACK_EVENTS: tuple[Body, ...] = (
    *map(envelope, _EVENTS),
    {"token": "t", "challenge": "c", "type": "url_verification"},
    {"token": "t", "type": "app_rate_limited", "team_id": SLACK_TEAM, "minute_rate_limited": 1764000000},
)


def interaction(kind: str, **more: Any) -> Body:
    """The payload of Slack after a person used a button, a shortcut or a form."""
    person = {"id": "U0MARTA", "username": "marta", "name": "marta", "team_id": SLACK_TEAM}
    where = {"type": "message", "message_ts": TS, "channel_id": "D0MARTA", "thread_ts": ROOT, "is_ephemeral": False}
    return {
        "type": kind, "user": person, "api_app_id": SLACK_APP_ID, "token": "t", "trigger_id": "1.2.3",
        "team": {"id": SLACK_TEAM, "domain": "lozano"}, "enterprise": None, "is_enterprise_install": False,
        "container": where, "channel": {"id": "D0MARTA", "name": "directmessage"}, "message": message(),
        "response_url": "https://hooks.slack.com/actions/x",
    } | more  # fmt: skip


_ACTION = {"type": "button", "block_id": "b", "action_id": "close", "value": "LOZ-1", "action_ts": TS}
_STATE = {"values": {"b": {"a": {"type": "plain_text_input", "value": "Hola"}}}}
_VIEW = {"id": "V1", "type": "modal", "callback_id": "why", "private_metadata": "LOZ-1", "state": _STATE}
SLACK_INTERACTIONS: tuple[Body, ...] = (
    interaction("block_actions", actions=[_ACTION]),
    interaction("block_actions", actions=[_ACTION | {"type": "static_select", "selected_option": {"value": "x"}}]),
    interaction("view_submission", view=_VIEW, container={"type": "view", "view_id": "V1"}, channel=None),
    interaction("view_closed", view=_VIEW, is_cleared=False),
    interaction("message_action", callback_id="open_ticket", message_ts=TS),
    interaction("shortcut", callback_id="open_ticket", action_ts=TS),
)


def _command(text: str) -> tuple[tuple[str, str], ...]:
    return (
        ("token", "t"), ("team_id", SLACK_TEAM), ("team_domain", "lozano"), ("channel_id", "C0SUPPORT"),
        ("channel_name", "soporte"), ("user_id", "U0MARTA"), ("user_name", "marta"), ("command", "/guardia"),
        ("text", text), ("api_app_id", SLACK_APP_ID), ("is_enterprise_install", "false"),
        ("response_url", "https://hooks.slack.com/commands/x"), ("trigger_id", "1.2.3"),
    )  # fmt: skip


SLACK_COMMANDS = tuple(map(_command, ("No hay red", "", "ayuda", "estado LOZ-1", "LOZ-1")))


def activity(kind: str, **more: Any) -> Body:
    """The activity of Teams for a message of Íñigo in his chat with the bot."""
    client = {"locale": "es-ES", "country": "ES", "platform": "Windows", "timezone": "Europe/Madrid"}
    return {
        "type": kind, "id": "1764000000001", "timestamp": "2026-11-23T09:00:00.0000000Z", "channelId": "msteams",
        "localTimestamp": "2026-11-23T10:00:00.0000000+01:00", "localTimezone": "Europe/Madrid", "locale": "es-ES",
        "serviceUrl": SERVICE, "from": {"id": "29:inigo", "name": "Iñigo Azcárate", "aadObjectId": "a-1"},
        "conversation": {"conversationType": "personal", "tenantId": TEAMS_TENANT, "id": CHAT},
        "recipient": {"id": "28:guardia", "name": "Guardia"}, "channelData": {"tenant": {"id": TEAMS_TENANT}},
        "entities": [{"type": "clientInfo"} | client],
    } | more  # fmt: skip


_PLACE = {"conversationType": "channel", "tenantId": TEAMS_TENANT, "isGroup": True, "id": f"{CHANNEL};messageid=1"}
_TEAM = {"tenant": {"id": TEAMS_TENANT}, "team": {"id": CHANNEL, "name": "Despacho"}, "channel": {"id": CHANNEL}}
_MENTION = {"type": "mention", "mentioned": {"id": "28:guardia", "name": "Guardia"}, "text": "<at>Guardia</at>"}
_DOWNLOAD = "application/vnd.microsoft.teams.file.download.info"
_ATTACHMENT = {
    "contentType": _DOWNLOAD,
    "name": "a.pdf",
    "content": {"downloadUrl": "https://x.example/a", "uniqueId": "1"},
}
_CLICK = {"action": {"type": "Action.Execute", "verb": "close", "data": {"ticket": "AZC-1"}}, "trigger": "manual"}
TEAMS_ACTIVITIES: tuple[Body, ...] = (
    activity("message", text="No hay red"),
    activity("message", text="Hola", attachments=[{"contentType": "text/html", "content": "<p>Hola <b>ya</b></p>"}]),
    activity("message", text="Mirad", attachments=[_ATTACHMENT]),
    activity("message", text="<at>Guardia</at> sin red", conversation=_PLACE, channelData=_TEAM, entities=[_MENTION]),
    activity(
        "messageUpdate", text="No hay nada", channelData={"tenant": {"id": TEAMS_TENANT}, "eventType": "editMessage"}
    ),
    activity("messageDelete", channelData={"tenant": {"id": TEAMS_TENANT}, "eventType": "softDeleteMessage"}),
    activity("conversationUpdate", membersAdded=[{"id": "28:guardia"}], conversation=_PLACE, channelData=_TEAM),
    activity("conversationUpdate", channelData=_TEAM | {"eventType": "teamRenamed"}),
    activity("installationUpdate", action="add"),
    activity("installationUpdate", action="remove"),
    activity("messageReaction", reactionsAdded=[{"type": "like"}], replyToId="1"),
    activity("invoke", name="adaptiveCard/action", value=_CLICK, replyToId="1"),
    activity("invoke", name="task/fetch", value={"data": {"a": 1}}),
)


def stripe_event(kind: str, subject: Body) -> Body:
    """A Stripe event about an object."""
    return {
        "id": "evt_0001", "object": "event", "api_version": "2026-10-28.endive", "created": 1764000000,
        "data": {"object": subject, "previous_attributes": {"status": "open"}}, "livemode": False,
        "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None}, "type": kind,
    }  # fmt: skip


_INVOICE: Body = {
    "id": "in_1", "object": "invoice", "status": "paid", "amount_due": 24956, "amount_paid": 24956, "currency": "eur",
    "customer": "cus_1", "metadata": {"invoice": "x"}, "lines": {"object": "list", "data": [{"id": "il_1"}]},
}  # fmt: skip
STRIPE_EVENTS: tuple[Body, ...] = (
    *(stripe_event(f"invoice.{kind}", _INVOICE) for kind in ("paid", "payment_failed", "voided", "finalized")),
    stripe_event("charge.refunded", {"id": "ch_1", "object": "charge", "invoice": "in_1", "amount": 5}),
    stripe_event("charge.dispute.created", {"id": "dp_1", "object": "dispute", "charge": "ch_1"}),
    stripe_event("credit_note.created", {"id": "cn_1", "object": "credit_note", "invoice": "in_1"}),
    stripe_event("invoice_payment.paid", {"id": "inpay_1", "object": "invoice_payment", "invoice": {"id": "in_1"}}),
    stripe_event("customer.updated", {"id": "cus_1", "object": "customer"}),
)
