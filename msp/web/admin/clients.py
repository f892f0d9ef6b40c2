"""Administration of client companies: details, contracts, connections."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel import Locale
from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext, ngettext

from msp.clients.actions import CODE, DOMAIN, GUEST_POLICIES, add_client, edit_client
from msp.clients.models import Client
from msp.clients.platforms import connectable_platforms
from msp.clients.queries import access_client, connections_of
from msp.clients.tax_regime import spanish_postcode
from msp.contracts.models import Contract
from msp.contracts.queries import contracts_of
from msp.kernel import clock, timezones
from msp.kernel.db import Json, db
from msp.kernel.errors import Conflict, Invalid
from msp.people.access import may
from msp.people.queries import people_of
from msp.web.admin import list_queries
from msp.web.admin.forms import Errors, Form, refuse_restricted, whole
from msp.web.admin.pager import Pager
from msp.web.guards import Answer, is_first_time, needs
from msp.web.request_scope import current_person
from msp.web.shell import shell
from msp.words import formats
from msp.words.failure_messages import failure_sentence
from msp.words.formats import day
from msp.words.refusals import field_messages
from msp.words.vocabulary import word

PEOPLE_SHOWN = 12
SOON_DAYS = 60
CURRENCIES = ("EUR", "GBP", "USD", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "RON", "MAD", "MXN")
ADDRESS = {"line1": "street", "postcode": "postcode", "city": "city", "province": "province", "country": "country"}
TEXTS = ("name", "code", "legal_name", "tax_id", "billing_email", "sector")


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    see, change = needs("see_contracts"), needs("change_contracts")
    blueprint.add_url_rule("/clients", "clients", see(clients))
    blueprint.add_url_rule("/clients/new", "new_client", change(new_client))
    blueprint.add_url_rule("/clients/new", "create_client", change(create_client), methods=["POST"])
    blueprint.add_url_rule("/clients/<uuid:client_id>", "client", see(client))
    blueprint.add_url_rule("/clients/<uuid:client_id>/edit", "edit_client", change(edit))
    blueprint.add_url_rule("/clients/<uuid:client_id>/edit", "save_client", change(save), methods=["POST"])


def clients() -> str:
    """All clients with counts of people, contracts, chats and open tickets, in six statements."""
    words, pager = request.args.get("q", "").strip()[:100], Pager.of_request()
    found, total = list_queries.clients_page(words, offset=pager.offset)
    ids = [each.id for each in found]
    people, opened = list_queries.people_counts(ids), list_queries.open_counts(ids)
    contracts, kinds = list_queries.contract_names(ids, on=formats.today()), list_queries.connection_kinds(ids)
    return render_template(
        "admin/clients.html",
        shell=shell(current="admin.clients"),
        subtitle=ngettext("%(num)d client", "%(num)d clients", total),
        rows=[
            {
                "client": each,
                "url": url_for("admin.client", client_id=each.id),
                "people": people.get(each.id, 0),
                "open": opened.get(each.id, 0),
                "contract": ", ".join(contracts.get(each.id, ())),
                "connections": kinds.get(each.id, []),
                "locale": each.locale,
            }
            for each in found
        ],
        new_url=url_for("admin.new_client") if _may_change() else None,
        query=words,
        **pager.context(total),
    )


def client(client_id: UUID) -> str:
    """One client: contracts, connections, people and company details."""
    found, person = access_client(client_id), current_person()
    people, is_admin = people_of(client_id), may(person, "administer")
    settings = current_app.config["SETTINGS"]
    here = url_for("admin.client", client_id=client_id)
    return render_template(
        "admin/client.html",
        shell=shell(current="admin.clients"),
        client=found,
        facts=_facts(found),
        contracts=[
            {"contract": each, "url": url_for("admin.contract", contract_id=each.id), "note": note_of(each)}
            for each in contracts_of(client_id)
        ],
        connections=[
            {
                "connection": each,
                "state": "revoked" if each.broken_reason else "connected",
                "note": failure_sentence(each.broken_reason, service=each.kind),
            }
            for each in connections_of(client_id)
        ],
        people=people[:PEOPLE_SHOWN],
        people_count=len(people),
        people_url=url_for("admin.people", kind="clients", client=client_id) if is_admin else None,
        is_admin=is_admin,
        tickets_url=url_for("desk.queue", view="team", client=client_id),
        edit_url=url_for("admin.edit_client", client_id=client_id) if _may_change() else None,
        new_contract_url=url_for("admin.new_contract", client_id=client_id)
        if may(person, "change_contracts")
        else None,
        new_person_url=url_for("admin.new_person", client_id=client_id) if is_admin else None,
        installs=[
            {"name": each.label, "url": f"{each.install_path}?client_id={client_id}&next={here}"}
            for each in connectable_platforms()
            if is_admin and each.can_install(settings)
        ],
        connect_url=url_for("admin.new_connection", client_id=client_id) if is_admin else None,
    )


def note_of(contract: Contract) -> str:
    """A note on a contract's dates today: not begun, ending soon, ended."""
    today = formats.today()
    if contract.starts_on > today:
        return gettext("starts on %(day)s", day=day(contract.starts_on))
    if contract.ends_on is None:
        return ""
    if contract.ends_on < today:
        return gettext("ended")
    return gettext("ends soon") if (contract.ends_on - today).days <= SOON_DAYS else ""


def new_client() -> Answer:
    """An empty form."""
    refuse_restricted()
    return _form(None, {"locale": "es", "country": "ES", "payment_days": 30}, {})


def create_client() -> Answer:
    """Create a client company; redisplays the form with errors if fields are refused."""
    refuse_restricted()
    form = Form(request.form)
    details = _details(form, before=None)
    if not form.errors and not is_first_time():
        return redirect(url_for("admin.clients"), 303)
    try:
        _refuse(form)
        added = add_client(at=clock.now(), code=form.text("code").upper(), **details)
    except Invalid as wrong:
        return _form(None, request.form.to_dict(), _by_field(form, wrong)), 422
    except Conflict:
        return _form(None, request.form.to_dict(), {"code": ["code_in_use"]}), 422
    flash(gettext("Added %(name)s. Next, add its contract and connect its chat.", name=added.name), "green")
    return redirect(url_for("admin.client", client_id=added.id), 303)


def edit(client_id: UUID) -> Answer:
    """The form with the current values."""
    refuse_restricted()
    found = access_client(client_id)
    return _form(found, _values(found), {})


def save(client_id: UUID) -> Answer:
    """Save a client company; redisplays the form with errors if fields are refused."""
    refuse_restricted()
    found, form = access_client(client_id), Form(request.form)
    details = _details(form, before=found)
    try:
        _refuse(form)
        edit_client(found, at=clock.now(), active=bool(form.text("active")), **details)
    except Invalid as wrong:
        db.session.expire(found)
        return _form(found, request.form.to_dict(), _by_field(form, wrong)), 422
    flash(gettext("Saved."), "green")
    return redirect(url_for("admin.client", client_id=client_id), 303)


def _may_change() -> bool:
    person = current_person()
    return may(person, "change_contracts") and not person.is_restricted


def _refuse(form: Form) -> None:
    if form.errors:
        raise Invalid(fields=form.errors)


def _details(form: Form, *, before: Client | None) -> Json:
    """The form's values as arguments of the domain functions; invalid ones are added to the form's errors."""
    if not form.text("name"):
        form.fault("name", "required")
    if before is None and not CODE.fullmatch(form.text("code").upper()):
        form.fault("code", "code_shape")
    domains = sorted({each.strip().lower().lstrip("@") for each in form.text("mail_domains").split()} - {""})
    if not all(DOMAIN.fullmatch(each) for each in domains):
        form.fault("mail_domains", "domain_shape")
    days = form.read("payment_days", whole)
    kept = dict(before.billing_address) if before else {}
    is_spanish = form.text("country").upper() in ("", "ES")
    if is_spanish and form.text("postcode") and spanish_postcode(form.text("postcode")) is None:
        form.fault("postcode", "postcode_shape")
    given = {key: form.text(name) for key, name in ADDRESS.items()}
    given["country"] = given["country"].upper() or "ES"
    return {
        "name": form.text("name"),
        "legal_name": form.text_or_none("legal_name"),
        "tax_id": form.text_or_none("tax_id"),
        "billing_address": {name: text for name, text in (kept | given).items() if text},
        "billing_email": form.text_or_none("billing_email"),
        "locale": form.text("locale"),
        "timezone": form.text("timezone"),
        "currency": form.text("currency"),
        "sector": form.text_or_none("sector"),
        "mail_domains": domains,
        "guest_policy": _guest_policy(form, before),
        "asks_rating": _asks_rating(form, before),
        "payment_days": 30 if days is None else days,
    } | ({"tax_regime": regime} if (regime := form.text("tax_regime")) else {})


def _by_field(form: Form, wrong: Invalid) -> Errors:
    """Errors of the page and the domain functions by field of this page."""
    found = {name.removeprefix("billing_address."): codes for name, codes in wrong.fields.items()}
    return form.errors | {ADDRESS.get(name, name): codes for name, codes in found.items()}


def _guest_policy(form: Form, before: Client | None) -> str:
    """The form's guest policy; a form without this field changes nothing."""
    policy = form.text("guest_policy") or (before.guest_policy if before else GUEST_POLICIES[0])
    if policy not in GUEST_POLICIES:
        form.fault("guest_policy", "invalid")
    return policy


def _asks_rating(form: Form, before: Client | None) -> bool:
    """Whether requesters are asked for ratings; a form without this field changes nothing."""
    wanted = form.text("asks_rating")
    if wanted not in ("", "yes", "no"):
        form.fault("asks_rating", "invalid")
    return wanted == "yes" if wanted else before is None or before.asks_rating


def _values(found: Client) -> Json:
    address = found.billing_address
    return {name: getattr(found, name) for name in TEXTS} | {
        "locale": found.locale,
        "timezone": found.timezone,
        "currency": found.currency,
        "payment_days": found.payment_days,
        "tax_regime": found.tax_regime,
        "guest_policy": found.guest_policy,
        "asks_rating": "yes" if found.asks_rating else "no",
        "mail_domains": "\n".join(found.mail_domains),
        "street": address.get("line1", ""),
        "postcode": address.get("postcode", ""),
        "city": address.get("city", ""),
        "province": address.get("province", ""),
        "country": address.get("country", "ES"),
        "active": found.active,
    }


def _form(found: Client | None, values: Mapping[str, Any], errors: Mapping[str, Sequence[str]] | Errors) -> str:
    back = url_for("admin.client", client_id=found.id) if found else url_for("admin.clients")
    own = (str(values["currency"]),) if values.get("currency") and values["currency"] not in CURRENCIES else ()
    return render_template(
        "admin/client_form.html",
        shell=shell(current="admin.clients"),
        client=found,
        values=values,
        errors=field_messages(errors),
        timezones=timezones.places(),
        currencies=[*CURRENCIES, *own],
        regimes=_regimes(is_new=found is None),
        guest_policies=_guest_policies(),
        asks_rating=_rating_choices(),
        action_url=url_for("admin.save_client", client_id=found.id) if found else url_for("admin.create_client"),
        back_url=back,
    )


def _regimes(*, is_new: bool) -> list[tuple[str, str]]:
    decided = [("", gettext("from the addresses and tax IDs"))] if is_new else []
    return [
        *decided,
        ("national", gettext("Spanish IVA")),
        ("igic", gettext("IGIC, both parties in the Canary Islands")),
        ("canarias_b2b", gettext("company in the Canary Islands: no IVA")),
        ("eu_b2b", gettext("company in the European Union: reverse charge")),
        ("outside_eu", gettext("company outside the European Union: no IVA")),
    ]


def _guest_policies() -> list[tuple[str, str]]:
    return [
        ("accept", gettext("Accept: they can open tickets")),
        ("refuse", gettext("Reject: they are referred to their contact")),
    ]


def _rating_choices() -> list[tuple[str, str]]:
    return [("yes", gettext("Ask when a ticket is resolved")), ("no", gettext("Do not ask"))]


def _facts(found: Client) -> list[tuple[str, str]]:
    address = found.billing_address
    town = " ".join(part for part in (address.get("postcode"), address.get("city")) if part)
    country = (get_locale() or Locale("es")).territories.get(address.get("country", ""), "")
    written = ", ".join(part for part in (address.get("line1"), town, address.get("province"), country) if part)
    local = clock.now().astimezone(ZoneInfo(found.timezone))
    rows = [
        (gettext("Legal name"), found.legal_name),
        (gettext("Tax ID"), found.tax_id),
        (gettext("Billing address"), written),
        (gettext("Billing email"), found.billing_email),
        (gettext("Payment terms (days)"), str(found.payment_days)),
        (gettext("Currency"), found.currency),
        (gettext("Language"), word(found.locale, "locale")),
        (gettext("Time zone"), f"{found.timezone} · {local:%H:%M}"),
        (gettext("Email domains"), ", ".join(found.mail_domains)),
        (gettext("Guests of other companies"), dict(_guest_policies())[found.guest_policy]),
        (gettext("Ratings"), dict(_rating_choices())["yes" if found.asks_rating else "no"]),
        (gettext("Sector"), found.sector),
        (gettext("Client since"), day(_since(found), year=True)),
    ]
    return [(label, text) for label, text in rows if text]


def _since(found: Client) -> date:
    return found.created_at.date()
