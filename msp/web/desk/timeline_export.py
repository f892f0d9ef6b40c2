"""The timeline of a ticket as a file: CSV in the reader's language, or JSON with codes."""

from flask import Blueprint, Response, jsonify

from msp.kernel.event_types import read_event
from msp.tickets.queries import access_by_label
from msp.tickets.timeline_rows import MESSAGE, TimelineRow, timeline_rows
from msp.web.guards import needs
from msp.web.reporting.files import csv_file
from msp.web.timeline_json import timeline_json
from msp.words.event_messages import event_message

HEAD = ("at", "type", "code", "visibility", "who", "channel", "text")


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these files."""
    guard = needs("desk")
    blueprint.add_url_rule("/tickets/<label>/timeline.csv", "timeline_csv", guard(as_csv))
    blueprint.add_url_rule("/tickets/<label>/timeline.json", "timeline_json", guard(as_json))


def as_csv(label: str) -> Response:
    """All messages and events, one a line; times are UTC."""
    ticket = access_by_label(label)
    return csv_file(f"{ticket.label}-timeline", HEAD, [_cells(each) for each in timeline_rows(ticket.id)])


def as_json(label: str) -> Response:
    """The same with ids and data."""
    ticket = access_by_label(label)
    answer = jsonify(timeline_json(ticket))
    answer.headers["Content-Disposition"] = f'attachment; filename="{ticket.label}-timeline.json"'
    return answer


def _cells(row: TimelineRow) -> tuple[str, ...]:
    return (
        row.at.isoformat(),
        row.type,
        row.code,
        row.visibility,
        row.who or "",
        row.channel or "",
        row.text if row.type == MESSAGE else _sentence(row),
    )


def _sentence(row: TimelineRow) -> str:
    event = read_event(row.code, row.data)
    return event_message(event) if event else ""
