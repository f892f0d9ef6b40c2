"""Settings page: invoice issuer, integrations and their missing variables, versions."""

import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any

import redis
from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import text
from stdnum import iban
from stdnum.es import nif
from stdnum.exceptions import InvalidChecksum, ValidationError

from msp.clients.billing_data import EMAIL
from msp.clients.platforms import Platform, missing_settings, platforms
from msp.config import Settings
from msp.kernel import settings as kept
from msp.kernel import wake
from msp.kernel.db import Json, db
from msp.kernel.errors import Invalid
from msp.kernel.issuer import AVAILABLE_MODES, read_issuer, set_verifactu_mode, verifactu_mode
from msp.web.admin.forms import Form, refuse_restricted
from msp.web.admin.message_settings import messages_section, save_messages
from msp.web.admin.reopening_settings import reopening_section, save_reopening
from msp.web.admin.session_settings import save_session_limits, sessions_section
from msp.web.admin.undo_settings import save_undo, undo_section
from msp.web.guards import Answer, needs
from msp.web.shell import shell
from msp.words.refusals import field_messages

ADDRESS = ("line1", "postcode", "city", "province", "country")
LONGEST = 300  # characters per field: what fits the header and footer of an invoice
PROVIDER = ("legal_name", "tax_id", "registry", "email", "iban")
PROVIDER_FIELDS = frozenset((*PROVIDER, *ADDRESS))


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this page."""
    guard = needs("administer")
    blueprint.add_url_rule("/settings", "settings", guard(settings))
    blueprint.add_url_rule("/settings", "save_settings", guard(save_settings), methods=["POST"])
    blueprint.add_url_rule("/settings/messages", "save_messages", guard(_save_messages), methods=["POST"])
    blueprint.add_url_rule("/settings/sessions", "save_session_limits", guard(_save_sessions), methods=["POST"])
    blueprint.add_url_rule("/settings/undo", "save_undo", guard(_save_undo), methods=["POST"])
    blueprint.add_url_rule("/settings/reopening", "save_reopening", guard(_save_reopening), methods=["POST"])
    blueprint.add_url_rule("/settings/verifactu", "save_verifactu", guard(save_verifactu), methods=["POST"])


def settings() -> str:
    """The whole page."""
    return _page(_flat(kept.read("provider")), {})


def save_settings() -> Answer:
    """Save the provider's data; issued invoices keep the data they were issued with."""
    refuse_restricted()
    form, before = Form(request.form), kept.read("provider")
    for name in ("legal_name", "tax_id", "line1", "postcode", "city"):
        if not form.text(name):
            form.fault(name, "required")
    for name in (*PROVIDER, *ADDRESS):
        if len(form.text(name)) > LONGEST:
            form.fault(name, "too_long")
    country = form.text("country").upper() or "ES"
    submitted = {name: form.text(name) for name in PROVIDER}
    submitted["tax_id"] = _tax_id(form) if country == "ES" else submitted["tax_id"]
    submitted["iban"] = _iban(form)
    if submitted["email"] and not EMAIL.fullmatch(submitted["email"]):
        form.fault("email", "email_shape")
    if form.errors:
        return _page(request.form.to_dict(), form.errors), 422
    address = {name: form.text(name) for name in ADDRESS if form.text(name)} | {"country": country}
    kept.write("provider", {**before, **submitted, "address": address})
    flash(gettext("Saved. It applies to invoices issued from now on."), "green")
    return redirect(url_for("admin.settings"), 303)


def _save_messages() -> Answer:
    answer = save_messages()
    if answer is not None:
        return answer
    return _page(_flat(read_issuer()), {"grouping_seconds": ["out_of_range"]}), 422


def _save_sessions() -> Answer:
    answer = save_session_limits()
    return (_page(_flat(read_issuer()), answer), 422) if isinstance(answer, dict) else answer


def _save_undo() -> Answer:
    answer = save_undo()
    return (_page(_flat(read_issuer()), answer), 422) if isinstance(answer, dict) else answer


def _save_reopening() -> Answer:
    answer = save_reopening()
    if answer is not None:
        return answer
    return _page(_flat(read_issuer()), {"reopen_days": ["out_of_range"]}), 422


def save_verifactu() -> Answer:
    """Set the VERI*FACTU mode; an unavailable mode is refused at its field."""
    refuse_restricted()
    try:
        set_verifactu_mode(request.form.get("verifactu_mode", ""))
    except Invalid as refused:
        return _page(_flat(read_issuer()), refused.fields), 422
    flash(gettext("Saved. It applies to invoices issued from now on."), "green")
    return redirect(url_for("admin.settings"), 303)


def _tax_id(form: Form) -> str:
    typed = form.text("tax_id")
    try:
        return str(nif.validate(typed)) if typed else ""
    except InvalidChecksum:
        form.fault("tax_id", "nif_check")
    except ValidationError:
        form.fault("tax_id", "nif_shape")
    return typed


def _iban(form: Form) -> str:
    typed = form.text("iban")
    try:
        return str(iban.validate(typed)) if typed else ""
    except ValidationError:
        form.fault("iban", "iban")
        return typed


def _flat(provider: Json) -> Json:
    return {name: provider.get(name, "") for name in PROVIDER} | {
        name: provider.get("address", {}).get(name, "") for name in ADDRESS
    }


def _page(values: Mapping[str, Any], errors: Mapping[str, Sequence[str]]) -> str:
    given: Settings = current_app.config["SETTINGS"]
    messages = field_messages(errors)
    return render_template(
        "admin/settings.html",
        shell=shell(current="admin.settings"),
        sections=[
            _provider(values, {name: messages[name] for name in PROVIDER_FIELDS if name in messages}),
            _verifactu(messages.get("verifactu_mode", ())),
            messages_section(messages.get("grouping_seconds", ())),
            sessions_section(messages),
            undo_section(messages),
            reopening_section(messages.get("reopen_days", ())),
            _integrations(given),
            _installation(given),
        ],
    )


def _provider(values: Mapping[str, Any], errors: Mapping[str, Sequence[str]]) -> Json:
    rows = (
        (("legal_name", gettext("Legal name"), "text", ""), ("tax_id", gettext("Tax ID"), "text", "")),
        (("line1", gettext("Street and number"), "text", ""),),
        (
            ("postcode", gettext("Postcode"), "text", ""),
            ("city", gettext("Town"), "text", ""),
            ("province", gettext("Province"), "text", ""),
            ("country", gettext("Country"), "text", gettext("Two letters, such as ES.")),
        ),
        (("registry", gettext("Registration details"), "text", gettext("Shown at the foot of invoices.")),),
        (
            ("email", gettext("Billing email"), "email", gettext("For clients’ questions about invoices.")),
            ("iban", "IBAN", "text", gettext("For bank transfers.")),
        ),
    )
    return {
        "title": gettext("Invoice issuer"),
        "text": gettext("Shown on every invoice. Issued invoices do not change."),
        "rows": [],
        "form": {
            "action_url": url_for("admin.save_settings"),
            "rows": [
                [
                    {
                        "name": name,
                        "label": label,
                        "value": values.get(name, "") or ("ES" if name == "country" else ""),
                        "type": kind,
                        "hint": hint,
                        "errors": errors.get(name),
                    }
                    for name, label, kind, hint in row
                ]
                for row in rows
            ],
        },
    }


def _verifactu(errors: Sequence[str]) -> Json:
    """The VERI*FACTU modes; unavailable ones are shown with the reason."""
    sender_missing = gettext("Not available: this version cannot send records to the tax agency (AEAT).")
    options = (
        (
            "off",
            gettext("VERI*FACTU off"),
            gettext("Records are kept and chained here. Nothing is sent, no QR code is printed."),
        ),
        ("verifactu", gettext("VERI*FACTU: each record is sent to the tax agency"), sender_missing),
    )
    field = {
        "name": "verifactu_mode",
        "label": gettext("VERI*FACTU mode"),
        "value": verifactu_mode(read_issuer()),
        "errors": errors,
        "options": [
            {"value": mode, "text": text, "hint": hint, "is_disabled": mode not in AVAILABLE_MODES}
            for mode, text, hint in options
        ],
    }
    return {
        "title": gettext("Invoice records"),
        "text": gettext("Each invoice gets a record that is chained to the one before (RD 1007/2023)."),
        "rows": [],
        "form": {"action_url": url_for("admin.save_verifactu"), "rows": [[field]]},
    }


def _integrations(given: Settings) -> Json:
    """Integrations that are on, or their missing variables; values of variables are never shown."""
    parts = (
        *(each for platform in platforms() for each in _platform_parts(platform, given)),
        (
            "Stripe",
            given.stripe_enabled,
            missing_settings(("STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET"), given),
            gettext("Test key: no real payments.") if given.stripe_api_key.startswith("sk_test_") else "",
        ),
    )
    rows = []
    for label, is_on, missing, note in parts:
        hint = note if is_on else gettext("Missing: %(names)s", names=", ".join(missing)) if missing else ""
        value = gettext("on") if is_on else gettext("off")
        rows.append({"label": label, "value": value, "tone": "green" if is_on else "amber", "hint": hint})
    text = gettext("Configured with environment variables.")
    return {"title": gettext("Integrations"), "text": text, "rows": rows, "form": None}


def _platform_parts(platform: Platform, given: Settings) -> Iterator[tuple[str, bool, list[str], str]]:
    yield str(platform.full_name), platform.is_enabled(given), missing_settings(platform.required_settings, given), ""
    if platform.install_settings:
        title = gettext("%(platform)s, installed by clients", platform=platform.label)
        yield title, platform.can_install(given), missing_settings(platform.install_settings, given), ""


def _installation(given: Settings) -> Json:
    mode = gettext("demonstration") if given.is_demo else gettext("production")
    rows = [
        (gettext("Web address"), given.public_url, ""),
        (gettext("Mode"), mode, ""),
        ("Guardia", _version("guardia"), ""),
        ("Python", platform.python_version(), ""),
        ("PostgreSQL", _postgres_version(), _where(given.embedded_database)),
        (gettext("Redis or Valkey"), _redis_version(), _where(given.embedded_redis)),
    ]
    return {
        "title": gettext("This installation"),
        "text": "",
        "rows": [{"label": label, "value": value, "tone": "", "hint": hint} for label, value, hint in rows],
        "links": [(gettext("REST API reference"), "/api/docs")],
        "form": None,
    }


def _where(is_embedded: bool) -> str:
    return gettext("embedded") if is_embedded else gettext("external")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return gettext("from source")


def _postgres_version() -> str:
    return str(db.session.execute(text("show server_version")).scalar_one()).split(" ")[0]


def _redis_version() -> str:
    try:
        found = wake.connection().info("server")
    except redis.RedisError:
        return gettext("not responding")
    return str(found.get("valkey_version") or found.get("redis_version") or "")
