"""The page of one ticket: conversation, composer and side panels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from flask import Blueprint, Response, g, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy import Uuid, bindparam, select

from msp.contracts.escalation_policy import person_of
from msp.contracts.models import WORK_TYPES
from msp.contracts.queries import service_level
from msp.kernel import clock
from msp.kernel.batch_read import BatchQuery, BatchResult
from msp.kernel.db import db
from msp.kernel.errors import NotFound
from msp.notify.inbox import mark_read, unread_read
from msp.people.access import may
from msp.people.models import Person
from msp.people.queries import staff
from msp.sla.detail_queries import (
    ShownClock,
    Spans,
    clocks_read,
    due_first,
    explain_shown,
    latest_of_each_kind,
    minutes_left,
    minutes_used,
    pauses_read,
)
from msp.tickets import detail, queries
from msp.tickets.attached_files import access_file, access_thumbnail
from msp.tickets.drafts import DRAFT, DraftRow
from msp.tickets.following import FOLLOWERS
from msp.tickets.hand_offs import HAND_OFFS
from msp.tickets.history import TicketTerms, terms_at
from msp.tickets.link_rules import OFFERED
from msp.tickets.linking import LINKS
from msp.tickets.merging import UNDO_WITHIN
from msp.tickets.rating import RATING
from msp.tickets.search import similar_resolved
from msp.tickets.states import MOVES, STATUSES
from msp.tickets.ticket_rows import TicketRow
from msp.tickets.upload_quota import DAY, sent_read
from msp.web import downloads
from msp.web.desk.hand_offs import hand_off_parts
from msp.web.desk.held_reply import Hold, held_reply, hold_asked_for
from msp.web.desk.macros import Choice, chosen_macro
from msp.web.desk.people import assignable, assignees
from msp.web.desk.presence import page_version, present, writing_lines
from msp.web.desk.reply_words import destination
from msp.web.desk.timeline import timeline
from msp.web.guards import list_before, needs
from msp.web.parts.folding import shown_newest
from msp.web.parts.quoting import quoted
from msp.web.request_scope import current_person
from msp.web.shell import shell
from msp.words import formats
from msp.words.deadline_explanations import sentences
from msp.words.escalation_texts import what_is_next
from msp.words.failure_messages import failure_sentence
from msp.words.per_locale import cached_per_locale
from msp.words.refusals import field_messages
from msp.words.vocabulary import word
from msp.worklog.actions import may_change
from msp.worklog.detail_queries import entries_read, timer_read

_ME = bindparam("person_id", type_=Uuid)
_CLOCKS, _PAUSES = clocks_read(detail.THIS), pauses_read(detail.THIS)
_ENTRIES, _TIMER = entries_read(detail.THIS), timer_read(_ME)
_UNREAD, _SENT = unread_read(_ME, detail.THIS), sent_read(detail.CLIENT)
_PAGE = BatchQuery(
    queries.NEWEST, detail.TICKET, detail.REQUESTER, detail.MESSAGES, detail.FILES, detail.EVENTS, detail.THREADS,
    detail.TARGETS, detail.OTHERS, DRAFT, detail.CONTRACTS, LINKS, FOLLOWERS, detail.MERGE, HAND_OFFS, _CLOCKS, RATING,
    _PAUSES, _ENTRIES, _TIMER, _UNREAD, _SENT, queries.DUE_NEXT,
)  # fmt: skip


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this page."""
    blueprint.add_url_rule("/tickets/<label>", "ticket", needs("desk")(ticket))
    blueprint.add_url_rule("/tickets/<label>/similar", "similar", needs("desk")(similar))
    blueprint.add_url_rule("/attachments/<uuid:attachment_id>", "attachment", needs("desk")(attachment))
    blueprint.add_url_rule("/attachments/<uuid:attachment_id>/thumbnail", "thumbnail", needs("desk")(thumbnail))


def ticket(label: str) -> str:
    """The page of one ticket; marks its notifications as read."""
    return _page(label, hold_asked_for())


def held_page(label: str, hold: Hold) -> str:
    """The page as the response to a reply that is held."""
    g.page_path = url_for("desk.ticket", label=label)
    return _page(label, hold)


def preview_page(label: str, body: str, preview: object) -> str:
    """The page with a preview of the text in the composer (msp/web/desk/composing.py), for pages without script."""
    g.page_path = url_for("desk.ticket", label=label)
    return _page(label, None, body=body, preview=preview)


def refused_page(label: str, hold: Hold | None, errors: Mapping[str, Sequence[str]]) -> str:
    """The page as the response to a reply or note whose text or files are refused: as posted, with the errors."""
    g.page_path = url_for("desk.ticket", label=label)
    return _page(label, hold, body=request.form.get("body", ""), errors=field_messages(errors))


def _page(
    label: str,
    hold: Hold | None,
    *,
    body: str = "",
    preview: object = None,
    errors: Mapping[str, Sequence[str]] | None = None,
) -> str:
    at, person = clock.now(), current_person()
    found = _PAGE.read(person_id=person.id, sent_since=at - DAY, **detail.label_parts(label))
    this = found.first(detail.TICKET)
    if this is None:
        raise NotFound("ticket")
    unread = _unread(found, this, person, at)
    contract = next((each for each in found.all(detail.CONTRACTS) if each.id == this.contract_id), None)
    here, messages = present(this.id), detail.messages_with_files(found)
    may_act = may(person, "work_tickets") and this.closed_as is None
    return render_template(
        "desk/ticket.html",
        shell=shell(
            current="ticket",
            live_url=url_for("desk.live_ticket", ticket_id=this.id),
            live_version=page_version(queries.version_of(found.all(queries.NEWEST)), here),
            unread=unread,
        ),
        ticket=this,
        timeline=timeline(messages, found.all(detail.EVENTS), newest=shown_newest()),
        whole=request.args.getlist("whole"),
        viewers=_people(here.viewers),
        writing=writing_lines(here.writers),
        held=held_reply(hold, messages),
        preview=preview,
        **_text_to_begin_with(found, label, messages, hold, body=body, may_act=may_act),
        errors=errors or {},
        last_seen=request.form.get("last_seen_message_id") or max((each.id for each in messages), default=""),
        **hand_off_parts(this, found.all(HAND_OFFS), may_act=may_act),
        moves=_moves(this),
        **_schedule(this, at),
        may_act=may_act,
        may_log=may_act,
        deadlines=_deadlines(this, found, at),
        panel=_panel(this, contract, found),
        contracts=_contracts(this, found, at) if may_act or may(person, "change_contracts") else [],
        composer=_composer(this, found, person) if may_act else {},
        work=_work(found),
        links=found.all(LINKS),
        followers=found.all(FOLLOWERS),
        rating=found.first(RATING),
        **_merge(found, may_act=may_act, person=person, at=at),
        relations=[(code, word(code, "relation")) for code in OFFERED],
        log_fields=log_fields,
        today=formats.here(at).date(),
        assignable=assignable(at=at, person=person),
        assignees=assignees,
        targets=_targets(this, found),
        next_step=_next_step(contract, found.all(_CLOCKS)),
        back_url=list_before() or url_for("desk.queue", view="mine"),
        next_urgent_url=_next_urgent(this, found),
    )


def _text_to_begin_with(
    found: BatchResult,
    label: str,
    messages: Sequence[detail.MessageRow],
    hold: Hold | None,
    *,
    body: str,
    may_act: bool,
) -> dict[str, object]:
    """The text and visibility of the composer: as posted, or of a held reply, a macro, a quote or the draft."""
    macro = chosen_macro(label) if may_act else None
    quote = _quoted(messages) if may_act else None
    draft = found.first(DRAFT) if may_act else None
    return {
        "macro": macro,
        "typed": _typed(body, hold, macro, quote, draft),
        "draft": draft,
        "is_note": _is_note(macro, quote, draft),
    }


def _moves(this: TicketRow) -> list[str]:
    """The statuses that the ticket may get; none if it is merged or spam."""
    if this.closed_as is not None:
        return []
    return [status for status in STATUSES if status in MOVES[this.status] or status == this.status == "scheduled"]


def _merge(found: BatchResult, *, may_act: bool, person: Person, at: datetime) -> dict[str, object]:
    """The latest merge of the ticket, unless it was undone long ago."""
    last = found.first(detail.MERGE)
    is_shown = last is not None and (last.undone_at is None or last.undone_at > at - UNDO_WITHIN)
    is_recent = last is not None and last.merged_at > at - UNDO_WITHIN
    return {
        "merge": last if is_shown else None,
        "may_merge": may_act,
        "may_unmerge": is_recent and may(person, "work_tickets"),
    }


@dataclass(frozen=True, slots=True)
class _QuotedMessage:
    text: str
    visibility: str


def _quoted(messages: Sequence[detail.MessageRow]) -> _QuotedMessage | None:
    """The message that `?quote=` names, as a quote."""
    wanted = request.args.get("quote", "")
    found = next((each for each in messages if str(each.id) == wanted and each.deleted_at is None), None)
    return _QuotedMessage(quoted(found.body, found.content), found.visibility) if found else None


def _typed(
    body: str, hold: Hold | None, macro: Choice | None, quote: _QuotedMessage | None, draft: DraftRow | None
) -> str:
    """The text in the composer: as posted, else the draft with the text of a macro or a quote below it."""
    if body or hold:
        return body or (hold.body if hold else "")
    parts = (draft.body if draft else "", macro.text if macro else "", quote.text if quote else "")
    return "\n\n".join(part for part in parts if part)


def _is_note(macro: Choice | None, quote: _QuotedMessage | None, draft: DraftRow | None) -> bool:
    """Whether the composer starts with an internal note: as posted, for a note's draft, macro or quote."""
    if "visibility" in request.form:
        return request.form["visibility"] == "internal"
    if draft is not None and draft.visibility == "internal":
        return True
    return "internal" in (macro.visibility if macro else "", quote.visibility if quote else "")


def _schedule(ticket: TicketRow, at: datetime) -> dict[str, str]:
    """Default of the status dialog for when a scheduled ticket reopens: its stored time, else tomorrow at nine."""
    tomorrow = datetime.combine(formats.here(at).date() + timedelta(days=1), time(9))
    chosen = formats.here(ticket.scheduled_for) if ticket.scheduled_for else tomorrow
    return {"scheduled_for": f"{chosen:%Y-%m-%dT%H:%M}", "scheduled_from": f"{formats.here(at):%Y-%m-%dT%H:%M}"}


def similar(label: str) -> str:
    """Similar solved tickets; loaded after the page, since the search is its slowest part."""
    this = queries.access_by_label(label)
    found = similar_resolved(this)
    if request.headers.get("HX-Request"):
        return render_template("desk/_similar.html", ticket=this, similar=found)
    return render_template("desk/similar.html", shell=shell(current=""), ticket=this, similar=found)


def attachment(attachment_id: UUID) -> Response:
    """Download of a file; always as an attachment, never rendered on this origin."""
    return downloads.download(access_file(attachment_id).attachment)


def thumbnail(attachment_id: UUID) -> Response:
    """The thumbnail of an image."""
    return downloads.thumbnail(access_thumbnail(attachment_id).attachment)


def _people(ids: tuple[UUID, ...]) -> list[Person]:
    return list(db.session.scalars(select(Person).where(Person.id.in_(ids)))) if ids else []


def _unread(found: BatchResult, this: TicketRow, person: Person, at: datetime) -> int:
    """The person's other unread notifications; those of this ticket are marked as read."""
    [unread] = found.all(_UNREAD)
    if unread.here:
        mark_read(person.id, at=at, ticket_id=this.id)
    return unread.of_all - unread.here


def _deadlines(this: TicketRow, found: BatchResult, at: datetime) -> list[dict[str, object]]:
    """SLA targets with their reasons; that of the next due target is expanded."""
    clocks, pauses = found.all(_CLOCKS), found.all(_PAUSES)
    due = due_first(clocks)
    return [
        _deadline(each, pauses, at) | {"reason": _reason(this, each, pauses, found), "is_due_first": each is due}
        for each in latest_of_each_kind(clocks)
    ]


def _deadline(each: ShownClock, pauses: Spans, at: datetime) -> dict[str, object]:
    return {
        "clock": each,
        "took_minutes": minutes_used(each, pauses, at=at) if each.state == "met" else None,
        "left_minutes": minutes_left(each, pauses, at=at) if each.state == "paused" else None,
    }


def _targets(this: TicketRow, found: BatchResult) -> dict[str, detail.TargetRow]:
    """SLA target times by priority for this ticket's type; targets of the type override those of all types."""
    meant = [each for each in found.all(detail.TARGETS) if each.type in ("", this.type)]
    return {each.priority: each for each in sorted(meant, key=lambda each: each.type)}


def _next_step(contract: detail.ContractRow | None, clocks: list[ShownClock]) -> str:
    if contract is None:
        return ""
    policy = service_level(contract.id, version=contract.version).escalation_policy
    is_named = any(person_of(who) for step in policy for who in step.who)
    return what_is_next(clocks, policy, {each.id: each.name for each in staff()} if is_named else {})


def _reason(this: TicketRow, each: ShownClock, pauses: Spans, found: BatchResult) -> list[str]:
    """Why an SLA target is or was due at its time; empty for a cancelled one.

    The reason of a finished target names the priority and contract it was created with.
    """
    if each.state == "cancelled":
        return []
    now = TicketTerms(this.priority, this.contract_id)
    events, contracts = found.all(detail.EVENTS), found.all(detail.CONTRACTS)
    then = terms_at(now, events, each.met_at)
    contract = next((known for known in contracts if known.id == then.contract_id), None)
    return sentences(then, contract, explain_shown(each, pauses))


def _panel(this: TicketRow, contract: detail.ContractRow | None, found: BatchResult) -> dict[str, object]:
    [requester] = found.all(detail.REQUESTER)
    known = (requester.title, requester.phone)
    return {
        "url": url_for("admin.client", client_id=this.client_id) if may(current_person(), "see_contracts") else None,
        "contract": contract,
        "requester_line": " · ".join(each for each in known if each) or requester.locale,
        "others": found.all(detail.OTHERS),
    }


def _contracts(this: TicketRow, found: BatchResult, at: datetime) -> list[detail.ContractRow]:
    """The client's contracts that were valid at some time since the ticket was opened, the ticket's own first.

    Empty if there is no choice.
    """
    opened, today = formats.here(this.created_at).date(), formats.here(at).date()
    offered = [
        each
        for each in found.all(detail.CONTRACTS)
        if each.id == this.contract_id or (each.starts_on <= today and (each.ends_on is None or each.ends_on >= opened))
    ]
    has_choice = any(each.id != this.contract_id for each in offered)
    return sorted(offered, key=lambda each: each.id != this.contract_id) if has_choice else []


def _composer(this: TicketRow, found: BatchResult, person: Person) -> dict[str, object]:
    [requester] = found.all(detail.REQUESTER)
    to = destination(this, may_administer=may(person, "administer"))
    broken = next((each for each in found.all(detail.THREADS) if each.unreachable_reason), None)
    return {
        "to": to,
        "reason": _unreachable(broken) if broken and not to.blocked else None,
        "timer": _timer(this, found),
        "language": requester.locale,
        "bytes_left": found.all(_SENT)[0].left,
    }


def _unreachable(thread: detail.ThreadRow) -> str:
    reason = failure_sentence(thread.unreachable_reason, service=thread.platform)
    return gettext("The thread cannot be reached. %(reason)s", reason=reason)


def _timer(this: TicketRow, found: BatchResult) -> dict[str, object] | None:
    timer = found.first(_TIMER)
    if timer is None:
        return None
    if timer.ticket_id == this.id:
        return {"started_at": timer.started_at}
    return {
        "ticket_label": timer.label,
        "ticket_url": url_for("desk.ticket", label=timer.label),
        "started_at": timer.started_at,
    }


def _work(found: BatchResult) -> dict[str, object]:
    entries, me = found.all(_ENTRIES), current_person()
    changeable = {each.id for each in entries if may_change(each, by_id=me.id, is_administrator=may(me, "administer"))}
    return {"entries": entries, "changeable": changeable, "total_minutes": sum(each.minutes for each in entries)}


@cached_per_locale
def log_fields(today: date, minutes: int | None) -> Markup:
    """Defaults of the form that logs time; `minutes` are those of the person's timer on this ticket."""
    drawn = render_template("desk/_log_fields.html", today=today, minutes=minutes or "", work_types=WORK_TYPES)
    return Markup(drawn)  # noqa: S704 (a template of ours)


def _next_urgent(this: TicketRow, found: BatchResult) -> str | None:
    """The ticket of this person that is due next after this one."""
    other = next((str(each) for each in found.all(queries.DUE_NEXT) if str(each) != this.label), None)
    return url_for("desk.ticket", label=other) if other else None
