"""Imports all tables of the desk, so that the metadata is complete (migrations, checks)."""

from msp.calendars import models as calendars
from msp.clients import models as clients
from msp.contracts import models as contracts
from msp.kernel import events, idempotency, inbox, insert_order, settings
from msp.macros import models as macros
from msp.notify import models as notify
from msp.notify import webhooks
from msp.oncall import models as oncall
from msp.people import models as people
from msp.sla import models as sla
from msp.tickets import blocked_models as blocked_senders
from msp.tickets import bulk_models as bulk
from msp.tickets import follower_models as ticket_followers
from msp.tickets import link_models as ticket_links
from msp.tickets import merge_models as ticket_merges
from msp.tickets import models as tickets
from msp.tickets import rating_models as ticket_ratings
from msp.tickets.search import models as search
from msp.tickets.views import models as views
from msp.worklog import models as worklog

__all__ = [
    "blocked_senders",
    "bulk",
    "calendars",
    "clients",
    "contracts",
    "events",
    "idempotency",
    "inbox",
    "insert_order",
    "macros",
    "notify",
    "oncall",
    "people",
    "search",
    "settings",
    "sla",
    "ticket_followers",
    "ticket_links",
    "ticket_merges",
    "ticket_ratings",
    "tickets",
    "views",
    "webhooks",
    "worklog",
]
