"""Invoices in the portal: the company's issued invoices, their PDF, and payment links."""

from uuid import UUID

from flask import Blueprint, Flask, Response, render_template
from flask_babel import lazy_gettext

from billing.month import today_at_issuer
from billing.queries import access_document, invoices_for_client
from msp.kernel import clock
from msp.web.guards import needs
from msp.web.portal.frame import Tab, add_tab, client_of, frame
from msp.web.request_scope import current_person

blueprint = Blueprint("portal_invoices", __name__, url_prefix="/portal/invoices", template_folder="templates")


def register(app: Flask) -> None:
    """Add the page and its tab to the portal."""
    app.register_blueprint(blueprint)
    add_tab(Tab(lazy_gettext("Invoices"), "portal_invoices.invoices", "see_company"))


@blueprint.get("/")
@needs("see_company")
def invoices() -> str:
    """The company's invoices, newest first."""
    rows = invoices_for_client(client_of(current_person()), today=today_at_issuer(clock.now()))
    return render_template("billing/portal_invoices.html", portal=frame(current="portal_invoices.invoices"), rows=rows)


@blueprint.get("/<uuid:invoice_id>/pdf")
@needs("see_company")
def pdf(invoice_id: UUID) -> Response:
    """The issued PDF; 404 for other companies' invoices (row-level security)."""
    document = access_document(invoice_id)
    headers = {"Content-Disposition": f'attachment; filename="{document.name}.pdf"'}
    return Response(document.content, mimetype="application/pdf", headers=headers)
