"""Administration of contracts: SLA targets, prices and invoicing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.datastructures import MultiDict

from msp.calendars.office_hours import add_office_hours
from msp.calendars.queries import all_calendars
from msp.clients.models import Client
from msp.clients.queries import access_client, all_clients
from msp.contracts.actions import Agreement, RateLine, add_contract, edit_contract
from msp.contracts.escalation_policy import ACTIONS, CLOCK_KINDS, MEDIA, MOMENTS, ROLES
from msp.contracts.kinds import KINDS
from msp.contracts.models import WORK_TYPES, Contract
from msp.contracts.queries import access_contract, to_escalation
from msp.contracts.service_level import MAY_PAUSE, PRIORITIES
from msp.kernel import clock
from msp.kernel.db import Json, db
from msp.kernel.errors import Invalid
from msp.kernel.money import InvalidMoney, Money
from msp.notify.webhooks import webhooks
from msp.people.access import may
from msp.people.queries import staff
from msp.web.admin import list_queries
from msp.web.admin.clients import note_of
from msp.web.admin.contract_escalation import posted_policy, read_policy, shown_policy
from msp.web.admin.contract_targets import FIELDS as TARGET_FIELDS
from msp.web.admin.contract_targets import REQUEST_FIELDS, read_targets, shown_targets
from msp.web.admin.contract_terms import FIELD_OF, as_fields, read_terms
from msp.web.admin.forms import Form, chosen_client, day, decimal, identity, written
from msp.web.guards import Answer, is_first_time, needs
from msp.web.request_scope import current_person
from msp.web.shell import shell
from msp.words import formats
from msp.words.refusals import field_messages

USUAL = {
    "response_urgent": "30", "resolution_urgent": "240", "response_high": "60", "resolution_high": "480",
    "response_normal": "120", "resolution_normal": "960", "response_low": "240", "resolution_low": "2400",
    "rounding_increment": "15", "pauses_waiting_client": "1", "pauses_scheduled": "1",
}  # fmt: skip

OFFICE_HOURS = UUID(int=0)  # form value: create a calendar with the contract


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    see, change = needs("see_contracts"), needs("change_contracts")
    blueprint.add_url_rule("/contracts", "contracts", see(contracts))
    blueprint.add_url_rule("/contracts/new", "new_contract", change(new_contract))
    blueprint.add_url_rule("/contracts/new", "create_contract", change(create_contract), methods=["POST"])
    blueprint.add_url_rule("/contracts/<uuid:contract_id>", "contract", see(contract))
    blueprint.add_url_rule("/contracts/<uuid:contract_id>", "save_contract", change(save_contract), methods=["POST"])


def contracts() -> str:
    """All contracts, grouped by client."""
    found = list_queries.all_contracts()
    return render_template(
        "admin/contracts.html",
        shell=shell(current="admin.contracts"),
        subtitle=ngettext("%(num)d contract", "%(num)d contracts", len(found)),
        rows=[
            {
                "contract": each,
                "client": client,
                "url": url_for("admin.contract", contract_id=each.id),
                "note": note_of(each),
            }
            for each, client in found
        ],
        new_url=url_for("admin.new_contract") if may(current_person(), "change_contracts") else None,
    )


def new_contract() -> str:
    """A form with the default SLA targets, for the client in the URL."""
    client_id = request.args.get("client_id", "")
    posted = MultiDict({**USUAL, "client_id": client_id, "starts_on": formats.today().isoformat()})
    return _form(None, _posted_values(posted), {})


def create_contract() -> Answer:
    """Create a contract; redisplays the form with errors if fields are refused."""
    form = Form(request.form)
    client_id = form.read("client_id", identity, is_required=True)
    client = chosen_client(form, client_id)
    try:
        agreement = _agreement(form, client=client, before=None)
        if client is None:
            raise Invalid(fields=form.errors)
        if not is_first_time():
            return redirect(url_for("admin.client", client_id=client.id), 303)
        added = add_contract(client, _with_calendar(agreement, client), at=clock.now())
    except Invalid as wrong:
        return _form(None, _posted_values(request.form), _by_field(form, wrong)), 422
    flash(
        gettext("%(name)s applies from %(day)s.", name=added.name, day=formats.day(added.starts_on, year=True)), "green"
    )
    return redirect(url_for("admin.client", client_id=client.id), 303)


def contract(contract_id: UUID) -> str:
    """One contract; a form for people who may change it."""
    found = access_contract(contract_id)
    return _form(found, _values(found), {})


def save_contract(contract_id: UUID) -> Answer:
    """Save a contract; refused if it was changed since the form was loaded."""
    found, form = access_contract(contract_id), Form(request.form)
    if form.text("version") not in ("", str(found.version)):
        flash(gettext("Edited by someone else. These are the current values."), "amber")
        return redirect(url_for("admin.contract", contract_id=contract_id), 303)
    client = access_client(found.client_id)
    try:
        agreement = _agreement(form, client=client, before=found)
        edit_contract(found, _with_calendar(agreement, client), at=clock.now())
    except Invalid as wrong:
        db.session.rollback()
        found = access_contract(contract_id)
        return _form(found, _posted_values(request.form), _by_field(form, wrong)), 422
    flash(gettext("Saved. It applies from now on; billed time does not change."), "green")
    return redirect(url_for("admin.contract", contract_id=contract_id), 303)


def _agreement(form: Form, *, client: Client | None, before: Contract | None) -> Agreement:
    """The form's values; raises Invalid with all fields that cannot be read."""
    kind = form.text("kind")
    if kind not in KINDS:
        form.fault("kind", "unknown")
    if not form.text("name"):
        form.fault("name", "required")
    currency = before.currency if before else client.currency if client else "EUR"
    starts_on = form.read("starts_on", day, is_required=True) or formats.today()
    calendar_id = form.read("calendar_id", _calendar, is_required=True)
    ends_on = form.read("ends_on", day)
    policy = read_policy(form)
    targets, targets_of_type = read_targets(form, before.targets if before else ())
    terms = read_terms(kind, form, before=before.terms if before else {})
    today = clock.now().astimezone(ZoneInfo(client.timezone)).date() if client else starts_on
    rates = _rates(form, before, starts_on=starts_on, currency=currency, today=today)
    if form.errors or calendar_id is None:
        raise Invalid(fields=form.errors)
    return Agreement(
        name=form.text("name"),
        kind=kind,
        starts_on=starts_on,
        ends_on=ends_on,
        calendar_id=calendar_id,
        currency=currency,
        targets=targets,
        rates=rates,
        terms=terms,
        po_number=form.text_or_none("po_number"),
        targets_of_type=targets_of_type,
        pausing=[status for status in MAY_PAUSE if form.text(f"pauses_{status}")],
        escalation_policy=policy,
        terms_from=form.read("terms_from", day),
    )


def _calendar(text: str) -> UUID:
    """The selected calendar, or OFFICE_HOURS."""
    return OFFICE_HOURS if text == OFFICE_HOURS.hex else identity(text)


def _with_calendar(agreement: Agreement, client: Client) -> Agreement:
    if agreement.calendar_id != OFFICE_HOURS:
        return agreement
    country = str((client.billing_address or {}).get("country") or "ES")
    made = add_office_hours(name=gettext("Office hours"), country=country, timezone=client.timezone, at=clock.now())
    return replace(agreement, calendar_id=made.id)


def _calendars() -> list[tuple[UUID | str, str]]:
    """All calendars; office hours, created with the contract, if there is none yet."""
    found: list[tuple[UUID | str, str]] = [(each.id, each.name) for each in all_calendars()]
    return found or [(OFFICE_HOURS.hex, gettext("New: office hours, Monday to Friday 9:00 to 18:00"))]


def _rates(form: Form, before: Contract | None, *, starts_on: date, currency: str, today: date) -> list[RateLine]:
    """The rate card: a changed price applies from today (or the contract's first day), earlier prices are kept."""
    lines = []
    for work_type in WORK_TYPES:
        amount = form.read(f"rate_{work_type}", lambda text: _minor(text, currency))
        if amount is None:
            continue
        old = [
            RateLine(work_type, starts_on if rate.valid_from == before.starts_on else rate.valid_from, rate.amount)
            for rate in (before.rates if before else ())
            if before is not None and rate.work_type == work_type
        ]
        if not old:
            lines.append(RateLine(work_type, starts_on, amount))
        elif old[-1].amount == amount:
            lines += old
        else:
            since = max(today, starts_on)
            lines += [*(line for line in old if line.valid_from < since), RateLine(work_type, since, amount)]
    return lines


def _minor(text: str, currency: str) -> int:
    try:
        return Money.parse(decimal(text), currency).amount
    except InvalidMoney as wrong:
        raise ValueError(text) from wrong


def _by_field(form: Form, wrong: Invalid) -> dict[str, list[str]]:
    """Errors of the domain functions by field of this page."""
    errors = dict(form.errors)
    for name, codes in wrong.fields.items():
        section, _, key = name.partition(".")
        if section in ("targets", "targets_of_type") and key:
            priority = key.rpartition(".")[2]
            errors |= {f"response_{priority}": ["target_order"], f"resolution_{priority}": ["target_order"]}
        elif section == "escalation_policy":
            errors["escalation_policy"] = codes
        elif section == "rates":
            errors["rate_remote"] = codes
        elif section == "terms":
            errors.setdefault(FIELD_OF.get(key, key), codes)
        else:
            errors.setdefault(name, codes)
    return errors


def _values(found: Contract) -> Json:
    return {
        "name": found.name,
        "client_id": found.client_id,
        "kind": found.kind,
        "starts_on": found.starts_on.isoformat(),
        "ends_on": found.ends_on.isoformat() if found.ends_on else "",
        "calendar_id": found.calendar_id,
        "currency": found.currency,
        "po_number": found.po_number,
        "targets": shown_targets(found.targets),
        "pausing": found.pausing,
        "escalation_policy": shown_policy(to_escalation(row) for row in found.escalation_policy),
        "rates": {rate.work_type: written(Money(rate.amount, found.currency).decimal, least=2) for rate in found.rates},
        "terms": as_fields(found.terms),
    }


def _posted_values(posted: "MultiDict[str, str]") -> Json:
    """The submitted values, in the format of the page."""
    typed = posted.to_dict()
    targets = {name: typed.get(name, "") for name in TARGET_FIELDS}
    policy = posted_policy(posted) or shown_policy(())
    pausing = [status for status in MAY_PAUSE if typed.get(f"pauses_{status}")]
    rates = {work_type: typed.get(f"rate_{work_type}", "") for work_type in WORK_TYPES}
    return typed | {
        "targets": targets,
        "pausing": pausing,
        "escalation_policy": policy,
        "rates": rates,
        "terms": as_fields({}) | typed,
    }


def _form(found: Contract | None, values: Mapping[str, Any], errors: Mapping[str, Sequence[str]]) -> str:
    clients = [access_client(found.client_id)] if found else all_clients()
    back = url_for("admin.client", client_id=found.client_id) if found else url_for("admin.contracts")
    return render_template(
        "admin/contract_form.html",
        shell=shell(current="admin.contracts"),
        contract=found,
        clients=[(each.id, each.name) for each in clients],
        calendars=_calendars(),
        kinds=KINDS,
        terms_of_kinds={code: kind.terms for code, kind in KINDS.items()},
        priorities=PRIORITIES,
        work_types=WORK_TYPES,
        may_pause=MAY_PAUSE,
        policy_words={"moments": MOMENTS, "actions": ACTIONS, "roles": ROLES, "ways": MEDIA, "clocks": CLOCK_KINDS},
        staff=[(person.id, person.name) for person in staff()],
        webhooks=[(webhook.id, webhook.name) for webhook in webhooks()],
        has_request_targets=any(values.get("targets", {}).get(name) for name in REQUEST_FIELDS),
        values=values,
        currency=found.currency if found else "",
        errors=field_messages(errors),
        can_save=may(current_person(), "change_contracts"),
        action_url=url_for("admin.save_contract", contract_id=found.id) if found else url_for("admin.create_contract"),
        back_url=back,
    )
