"""Administration of webhooks: URL, last call; the secret is shown once, when it is created."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from msp.kernel import clock
from msp.kernel.db import db
from msp.kernel.errors import Invalid
from msp.notify import webhooks as kept
from msp.notify.webhooks import Webhook, access_webhook
from msp.web.admin.forms import Form, refuse_restricted
from msp.web.confirm import confirmation, needs_confirmation
from msp.web.guards import Answer, is_first_time, needs
from msp.web.shell import shell
from msp.words.failure_messages import failure_sentence, unknown_code
from msp.words.refusals import field_messages


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    guard = needs("administer")
    blueprint.add_url_rule("/webhooks", "webhooks", guard(webhooks))
    blueprint.add_url_rule("/webhooks", "create_webhook", guard(create_webhook), methods=["POST"])
    rules = (
        ("/webhooks/<uuid:webhook_id>", "save_webhook", save_webhook),
        ("/webhooks/<uuid:webhook_id>/test", "test_webhook", test_webhook),
        ("/webhooks/<uuid:webhook_id>/secret", "renew_webhook_secret", renew_secret),
        ("/webhooks/<uuid:webhook_id>/remove", "remove_webhook", remove_webhook),
    )
    for rule, endpoint, view in rules:
        blueprint.add_url_rule(rule, endpoint, guard(view), methods=["POST"])


def webhooks() -> str:
    """All webhooks, and the form for a new one."""
    return _page({}, {})


def create_webhook() -> Answer:
    """Create a webhook; the response shows its secret once."""
    refuse_restricted()
    form = Form(request.form)
    if not is_first_time():
        return redirect(url_for("admin.webhooks"), 303)
    try:
        made, secret = kept.add_webhook(name=form.text("name"), url=form.text("url"), at=clock.now())
    except Invalid as wrong:
        return _page(request.form.to_dict(), wrong.fields), 422
    return _with_secret(made, secret)


def save_webhook(webhook_id: UUID) -> Answer:
    """Change a webhook's name or URL, or switch it on or off."""
    refuse_restricted()
    found, form = access_webhook(webhook_id), Form(request.form)
    try:
        kept.change_webhook(
            found, name=form.text("name"), url=form.text("url"), is_active=bool(form.text("is_active")), at=clock.now()
        )
    except Invalid as wrong:
        flash(" ".join(text for texts in field_messages(wrong.fields).values() for text in texts), "red")
        return redirect(url_for("admin.webhooks"), 303)
    flash(gettext("Saved."), "green")
    return redirect(url_for("admin.webhooks"), 303)


def test_webhook(webhook_id: UUID) -> Response:
    """Queue a test message."""
    refuse_restricted()
    kept.ask_for_test(access_webhook(webhook_id), at=clock.now())
    flash(gettext("Test sent. The result appears here in a moment."))
    return redirect(url_for("admin.webhooks"), 303)


def renew_secret(webhook_id: UUID) -> Answer:
    """Create a new secret; the response shows it once."""
    refuse_restricted()
    found = access_webhook(webhook_id)
    if needs_confirmation():
        return confirmation(
            gettext("New secret for %(name)s", name=found.name),
            gettext(
                "The previous secret stops working immediately: calls signed with the new one will "
                "not pass checks against it."
            ),
            button=gettext("New secret"),
            back_url=url_for("admin.webhooks"),
        )
    if not is_first_time():
        return redirect(url_for("admin.webhooks"), 303)
    return _with_secret(found, kept.renew_secret(found, at=clock.now()))


def remove_webhook(webhook_id: UUID) -> Answer:
    """Delete the webhook."""
    refuse_restricted()
    found = access_webhook(webhook_id)
    if needs_confirmation():
        return confirmation(
            gettext("Delete %(name)s", name=found.name),
            gettext("It is no longer called, and its secret is deleted."),
            facts=[(gettext("Web address"), found.url)],
            button=gettext("Remove"),
            back_url=url_for("admin.webhooks"),
        )
    kept.remove_webhook(found, at=clock.now())
    flash(gettext("Deleted webhook %(name)s.", name=found.name), "green")
    return redirect(url_for("admin.webhooks"), 303)


def _with_secret(webhook: Webhook, secret: str) -> Response:
    db.session.flush()
    answer = make_response(_page({}, {}, fresh=(webhook.name, secret)))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _page(
    values: Mapping[str, Any], errors: Mapping[str, Sequence[str]], *, fresh: tuple[str, str] | None = None
) -> str:
    return render_template(
        "admin/webhooks.html",
        shell=shell(current="admin.webhooks"),
        rows=[_row(each) for each in kept.webhooks()],
        values=values,
        errors=field_messages(errors),
        fresh=fresh,
    )


def _row(webhook: Webhook) -> dict[str, Any]:
    return {
        "webhook": webhook,
        "failure": failure_sentence(webhook.last_reason, service="webhook"),
        "failure_code": unknown_code(webhook.last_reason),
        "save_url": url_for("admin.save_webhook", webhook_id=webhook.id),
        "test_url": url_for("admin.test_webhook", webhook_id=webhook.id),
        "secret_url": url_for("admin.renew_webhook_secret", webhook_id=webhook.id),
        "remove_url": url_for("admin.remove_webhook", webhook_id=webhook.id),
    }
