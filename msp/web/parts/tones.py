"""Colours of codes and icons of channels."""

from msp.clients.platforms import platform_named

TONES = {
    "status": {
        "new": "blue",
        "open": "accent",
        "waiting_client": "amber",
        "waiting_third_party": "amber",
        "scheduled": "line",
        "resolved": "green",
        "closed": "",
    },
    "invoice": {
        "draft": "line",
        "issued": "blue",
        "sent": "blue",
        "paid": "green",
        "partly_paid": "amber",
        "refunded": "amber",
        "disputed": "red",
        "overdue": "red",
        "void": "",
    },
    "billing": {
        "check": "amber",
        "ready": "green",
        "missing": "red",
        "carried": "",
        "held": "line",
        "issued": "blue",
    },
    "outcome": {"met": "green", "met_late": "amber", "breached": "red", "paused": "line"},
    "rating": {"good": "green", "bad": "red"},
    "verdict": {"at_risk": "amber", "unknown": "line", "in_time": "green"},
    "entry": {"draft": "line", "approved": "accent", "billed": "green"},
    "place_year": {"frozen": "green", "draft": "amber", "missing": "red"},
    "connection": {"connected": "green", "waiting": "amber", "revoked": "red", "off": ""},
}

TONES["portal_status"] = TONES["status"]

_CHANNEL_ICONS = {
    "portal": "globe",
    "console": "user-round",
    "phone": "phone",
    "api": "webhook",
}


def tone(code: object, of: str) -> str:
    """The colour of a code, or empty if it has none."""
    return TONES[of].get(str(code), "")


def channel_icon_name(code: str) -> str:
    """The icon of a channel: that of its platform, or of portal, phone and so on."""
    platform = platform_named(code)
    return platform.icon if platform else _CHANNEL_ICONS.get(code, "globe")
