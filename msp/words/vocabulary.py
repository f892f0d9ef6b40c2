"""Words for codes in the reader's language: statuses, kinds, roles."""

from flask_babel import lazy_pgettext as term

from msp.clients.platforms import platform_named
from msp.words.per_locale import cached_per_locale

WORDS = {
    "status": {
        "new": term("status", "new"),
        "open": term("status", "open"),
        "waiting_client": term("status", "pending client"),
        "waiting_third_party": term("status", "pending third party"),
        "scheduled": term("status", "scheduled"),
        "resolved": term("status", "resolved"),
        "closed": term("status", "closed"),
    },
    "portal_status": {
        "new": term("portal status", "received"),
        "open": term("portal status", "in progress"),
        "waiting_client": term("portal status", "awaiting your reply"),
        "waiting_third_party": term("portal status", "pending third party"),
        "scheduled": term("portal status", "scheduled"),
        "resolved": term("portal status", "resolved"),
        "closed": term("portal status", "closed"),
    },
    "priority": {
        "urgent": term("priority", "urgent"),
        "high": term("priority", "high"),
        "normal": term("priority", "normal"),
        "low": term("priority", "low"),
    },
    "relation": {
        "related": term("relation", "related to"),
        "duplicate_of": term("relation", "duplicate of"),
        "duplicated_by": term("relation", "has the duplicate"),
        "child_of": term("relation", "child of"),
        "parent_of": term("relation", "parent of"),
        "split_from": term("relation", "split from"),
        "split_into": term("relation", "split into"),
        "follow_up_of": term("relation", "follow-up of"),
        "followed_up_by": term("relation", "continued in"),
    },
    "rating": {"good": term("rating", "good"), "bad": term("rating", "bad")},
    "type": {"incident": term("type", "incident"), "request": term("type", "request")},
    "tier": {"1": term("tier", "T1"), "2": term("tier", "T2"), "3": term("tier", "T3")},
    "channel": {
        "portal": term("channel", "portal"),
        "console": term("channel", "console"),
        "phone": term("channel", "phone"),
        "api": "API",
    },
    "reply_by": {
        "portal": term("reply by", "Reply in the portal"),
    },
    "sent_by": {
        "": term("sent by", "Sent"),
        "portal": term("sent by", "In the portal"),
    },
    "clock": {
        "first_response": term("clock", "response"),
        "next_response": term("clock", "next response"),
        "resolution": term("clock", "resolution"),
        "fulfilment": term("clock", "fulfilment"),
    },
    "clock_long": {
        "first_response": term("clock", "First response"),
        "next_response": term("clock", "Next response"),
        "resolution": term("clock", "Resolution"),
        "fulfilment": term("clock", "Fulfilment"),
    },
    "macro_scope": {
        "personal": term("macro scope", "personal"),
        "team": term("macro scope", "team"),
        "client": term("macro scope", "client"),
    },
    "recipient": {
        "assignee": term("recipient", "assignee"),
        "lead": term("recipient", "team leads"),
        "on_call": term("recipient", "person on call"),
        "client_manager": term("recipient", "client managers"),
    },
    "way": {"console": term("way", "console"), "chat": term("way", "chat"), "mail": term("way", "email")},
    "moment": {
        "share": term("moment", "% of the SLA target"),
        "before": term("moment", "min before due"),
        "after": term("moment", "min after due"),
    },
    "escalation": {
        "notify": term("escalation", "notify"),
        "assign": term("escalation", "assign to a person or the person on call"),
        "raise_priority": term("escalation", "raise priority"),
        "next_tier": term("escalation", "escalate to the next tier"),
        "webhook": term("escalation", "call a webhook"),
    },
    "recomputed": {
        "priority": term("recomputed", "priority changed"),
        "type": term("recomputed", "type changed"),
        "contract": term("recomputed", "contract changed"),
        "contract_changed": term("recomputed", "contract terms changed"),
        "calendar_changed": term("recomputed", "calendar changed"),
    },
    "role": {
        "administrator": term("role", "administrator"),
        "team_lead": term("role", "team lead"),
        "technician": term("role", "technician"),
        "account_manager": term("role", "account manager"),
        "client_manager": term("role", "client manager"),
        "client_employee": term("role", "employee"),
    },
    "contract": {
        "time_and_materials": term("contract", "time and materials"),
        "block_hours": term("contract", "block of hours"),
        "retainer": term("contract", "retainer"),
        "flat_fee": term("contract", "flat fee"),
        "per_seat": term("contract", "per seat"),
        "per_ticket": term("contract", "per ticket"),
        "fixed_price": term("contract", "fixed price"),
    },
    "work": {
        "remote": term("work", "remote"),
        "onsite": term("work", "on site"),
        "project": term("work", "project"),
        "travel": term("work", "travel"),
    },
    "band": {
        "business": term("band", "business hours"),
        "after_hours": term("band", "after hours"),
        "weekend": term("band", "weekend"),
        "holiday": term("band", "holiday"),
    },
    "entry": {
        "draft": term("entry", "draft"),
        "approved": term("entry", "approved"),
        "billed": term("entry", "billed"),
    },
    "invoice": {
        "draft": term("invoice", "draft"),
        "issued": term("invoice", "issued"),
        "sent": term("invoice", "sent"),
        "paid": term("invoice", "paid"),
        "partly_paid": term("invoice", "partly paid"),
        "refunded": term("invoice", "refunded"),
        "disputed": term("invoice", "disputed"),
        "overdue": term("invoice", "overdue"),
        "void": term("invoice", "void"),
    },
    "billing": {
        "check": term("billing", "to review"),
        "ready": term("billing", "ready"),
        "missing": term("billing", "data missing"),
        "carried": term("billing", "carried over"),
        "held": term("billing", "held"),
        "issued": term("billing", "issued"),
    },
    "outcome": {
        "met": term("outcome", "within target"),
        "met_late": term("outcome", "met late"),
        "breached": term("outcome", "breached, still open"),
        "running": term("outcome", "not due yet"),
        "paused": term("outcome", "paused"),
        "cancelled": term("outcome", "no longer needed"),
        "no_contract": term("outcome", "no contract"),
        "no_target": term("outcome", "no SLA target"),
    },
    "verdict": {
        "at_risk": term("verdict", "at risk"),
        "unknown": term("verdict", "not enough data"),
        "in_time": term("verdict", "on track"),
    },
    "connection": {
        "connected": term("connection", "connected"),
        "waiting": term("connection", "pending link"),
        "revoked": term("connection", "revoked"),
        "off": term("connection", "not set up"),
    },
    "holiday_scope": {
        "national": term("holiday", "national"),
        "regional": term("holiday", "regional"),
        "island": term("holiday", "island"),
        "municipal": term("holiday", "local"),
    },
    "place_year": {
        "frozen": term("holidays", "confirmed"),
        "draft": term("holidays", "to review"),
        "missing": term("holidays", "missing"),
    },
    "locale": {"es": "español", "en": "English"},
    "weekday": {
        "0": term("weekday", "Monday"),
        "1": term("weekday", "Tuesday"),
        "2": term("weekday", "Wednesday"),
        "3": term("weekday", "Thursday"),
        "4": term("weekday", "Friday"),
        "5": term("weekday", "Saturday"),
        "6": term("weekday", "Sunday"),
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
