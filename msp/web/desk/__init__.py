"""The technicians' console.

- `queue`, `solved`: open tickets, finished tickets
- `bulk`: bulk actions of the lists
- `views`, `view_words`, `view_addresses`: lists by filter, and saved views
- `due_groups`: the groups of lists by due date
- `ticket`, `timeline`: a ticket and its timeline
- `actions`: forms that change a ticket
- `hand_offs`: tickets escalated or returned with a form
- `taking`: the button that takes the next ticket
- `spam`: spam and blocked senders
- `merges`: merge and split tickets
- `timeline_export`: the timeline as a file
- `links`, `followers`: links to other tickets; followers and CC
- `composing`: preview of a reply, quotes of messages
- `drafts`: drafts of replies and notes
- `held_reply`, `reply_words`: held replies; where a reply will be sent
- `macros`: the macros of a ticket, for the composer
- `own_messages`: one's own messages edited or retracted
- `new_ticket`: a ticket on behalf of a caller
- `time_form`: the form that logs time
- `live`, `presence`: news for open pages, who has a ticket open
- `notifications`: the bell
- `oncall`, `oncall_strip`: the on-call schedule
- `people`, `search`: staff in dialogs, search
- `reports`, `forecasts`, `satisfaction`: SLA compliance, forecast, ratings
- `report_access`: what staff may ask of the reports
"""

from flask import Blueprint, Flask

from msp.web import undo
from msp.web.desk import (
    actions,
    bulk,
    composing,
    drafts,
    followers,
    forecasts,
    hand_offs,
    links,
    live,
    macros,
    merges,
    new_ticket,
    notifications,
    oncall,
    own_messages,
    queue,
    reports,
    satisfaction,
    search,
    spam,
    taking,
    ticket,
    timeline_export,
    views,
)

blueprint = Blueprint("desk", __name__, url_prefix="/desk")
for module in (
    queue, ticket, new_ticket, actions, links, followers, merges, macros, composing, drafts, own_messages, live,
    notifications, oncall, search, reports, forecasts, satisfaction, timeline_export, spam, undo, bulk, views,
    hand_offs, taking,
):  # fmt: skip
    module.add_routes(blueprint)


def register(app: Flask) -> None:
    """Add the console's pages to the application."""
    app.register_blueprint(blueprint)
    oncall.add_to_menu()
