"""Words for codes in the reader's language: statuses, kinds, roles."""

from flask_babel import lazy_pgettext as said

from msp.clients.platforms import platform_named
from msp.words.per_locale import cached_per_locale

WORDS = {
    "status": {
        "new": said("status", "new"),
        "open": said("status", "open"),
        "waiting_client": said("status", "pending client"),
        "waiting_third_party": said("status", "pending third party"),
        "scheduled": said("status", "scheduled"),
        "resolved": said("status", "resolved"),
        "closed": said("status", "closed"),
    },
    "portal_status": {
        "new": said("portal status", "received"),
        "open": said("portal status", "in progress"),
        "waiting_client": said("portal status", "awaiting your reply"),
        "waiting_third_party": said("portal status", "pending third party"),
        "scheduled": said("portal status", "scheduled"),
        "resolved": said("portal status", "resolved"),
        "closed": said("portal status", "closed"),
    },
    "priority": {
        "urgent": said("priority", "urgent"),
        "high": said("priority", "high"),
        "normal": said("priority", "normal"),
        "low": said("priority", "low"),
    },
    "relation": {
        "related": said("relation", "related to"),
        "duplicate_of": said("relation", "duplicate of"),
        "duplicated_by": said("relation", "has the duplicate"),
        "child_of": said("relation", "child of"),
        "parent_of": said("relation", "parent of"),
        "split_from": said("relation", "split from"),
        "split_into": said("relation", "split into"),
        "follow_up_of": said("relation", "follow-up of"),
        "followed_up_by": said("relation", "continued in"),
    },
    "type": {"incident": said("type", "incident"), "request": said("type", "request")},
    "tier": {"1": said("tier", "T1"), "2": said("tier", "T2"), "3": said("tier", "T3")},
    "channel": {
        "portal": said("channel", "portal"),
        "console": said("channel", "console"),
        "phone": said("channel", "phone"),
        "api": "API",
    },
    "reply_by": {
        "portal": said("reply by", "Reply in the portal"),
    },
    "sent_by": {
        "": said("sent by", "Sent"),
        "portal": said("sent by", "In the portal"),
    },
    "clock": {
        "first_response": said("clock", "response"),
        "next_response": said("clock", "next response"),
        "resolution": said("clock", "resolution"),
        "fulfilment": said("clock", "fulfilment"),
    },
    "clock_long": {
        "first_response": said("clock", "First response"),
        "next_response": said("clock", "Next response"),
        "resolution": said("clock", "Resolution"),
        "fulfilment": said("clock", "Fulfilment"),
    },
    "macro_scope": {
        "personal": said("macro scope", "personal"),
        "team": said("macro scope", "team"),
        "client": said("macro scope", "client"),
    },
    "recipient": {
        "assignee": said("recipient", "assignee"),
        "lead": said("recipient", "team leads"),
        "on_call": said("recipient", "person on call"),
        "client_manager": said("recipient", "client managers"),
    },
    "way": {"console": said("way", "console"), "chat": said("way", "chat"), "mail": said("way", "email")},
    "moment": {
        "share": said("moment", "% of the SLA target"),
        "before": said("moment", "min before due"),
        "after": said("moment", "min after due"),
    },
    "escalation": {
        "notify": said("escalation", "notify"),
        "assign": said("escalation", "assign to a person or the person on call"),
        "raise_priority": said("escalation", "raise priority"),
        "next_tier": said("escalation", "escalate to the next tier"),
        "webhook": said("escalation", "call a webhook"),
    },
    "recomputed": {
        "priority": said("recomputed", "priority changed"),
        "type": said("recomputed", "type changed"),
        "contract": said("recomputed", "contract changed"),
        "contract_changed": said("recomputed", "contract terms changed"),
        "calendar_changed": said("recomputed", "calendar changed"),
    },
    "role": {
        "administrator": said("role", "administrator"),
        "team_lead": said("role", "team lead"),
        "technician": said("role", "technician"),
        "account_manager": said("role", "account manager"),
        "client_manager": said("role", "client manager"),
        "client_employee": said("role", "employee"),
    },
    "contract": {
        "time_and_materials": said("contract", "time and materials"),
        "block_hours": said("contract", "block of hours"),
        "retainer": said("contract", "retainer"),
        "flat_fee": said("contract", "flat fee"),
        "per_seat": said("contract", "per seat"),
        "per_ticket": said("contract", "per ticket"),
        "fixed_price": said("contract", "fixed price"),
    },
    "work": {
        "remote": said("work", "remote"),
        "onsite": said("work", "on site"),
        "project": said("work", "project"),
        "travel": said("work", "travel"),
    },
    "band": {
        "business": said("band", "business hours"),
        "after_hours": said("band", "after hours"),
        "weekend": said("band", "weekend"),
        "holiday": said("band", "holiday"),
    },
    "entry": {
        "draft": said("entry", "draft"),
        "approved": said("entry", "approved"),
        "billed": said("entry", "billed"),
    },
    "invoice": {
        "draft": said("invoice", "draft"),
        "issued": said("invoice", "issued"),
        "sent": said("invoice", "sent"),
        "paid": said("invoice", "paid"),
        "partly_paid": said("invoice", "partly paid"),
        "refunded": said("invoice", "refunded"),
        "disputed": said("invoice", "disputed"),
        "overdue": said("invoice", "overdue"),
        "void": said("invoice", "void"),
    },
    "billing": {
        "check": said("billing", "to review"),
        "ready": said("billing", "ready"),
        "missing": said("billing", "data missing"),
        "carried": said("billing", "carried over"),
        "held": said("billing", "held"),
        "issued": said("billing", "issued"),
    },
    "outcome": {
        "met": said("outcome", "within target"),
        "met_late": said("outcome", "met late"),
        "breached": said("outcome", "breached, still open"),
        "running": said("outcome", "not due yet"),
        "paused": said("outcome", "paused"),
        "cancelled": said("outcome", "no longer needed"),
        "no_contract": said("outcome", "no contract"),
        "no_promise": said("outcome", "no SLA target"),
    },
    "verdict": {
        "at_risk": said("verdict", "at risk"),
        "unknown": said("verdict", "not enough data"),
        "in_time": said("verdict", "on track"),
    },
    "connection": {
        "connected": said("connection", "connected"),
        "waiting": said("connection", "pending link"),
        "revoked": said("connection", "revoked"),
        "off": said("connection", "not set up"),
    },
    "holiday_scope": {
        "national": said("holiday", "national"),
        "regional": said("holiday", "regional"),
        "island": said("holiday", "island"),
        "municipal": said("holiday", "local"),
    },
    "place_year": {
        "frozen": said("holidays", "confirmed"),
        "draft": said("holidays", "to review"),
        "missing": said("holidays", "missing"),
    },
    "locale": {"es": "español", "en": "English"},
    "weekday": {
        "0": said("weekday", "Monday"),
        "1": said("weekday", "Tuesday"),
        "2": said("weekday", "Wednesday"),
        "3": said("weekday", "Thursday"),
        "4": said("weekday", "Friday"),
        "5": said("weekday", "Saturday"),
        "6": said("weekday", "Sunday"),
    },
}

_OF_PLATFORM = {"channel": "label", "reply_by": "reply_by", "sent_by": "sent_by"}  # in msp.clients.platforms.Platform


def word(code: object, of: str) -> str:
    """The word for a code of a vocabulary; an unknown code is returned unchanged."""
    return _word(str(code), of)


@cached_per_locale
def _word(code: str, of: str) -> str:
    platform = platform_named(code) if of in _OF_PLATFORM else None
    return str(getattr(platform, _OF_PLATFORM[of]) if platform else WORDS[of].get(code, code))
