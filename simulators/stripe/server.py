"""A simulated Stripe: invoicing over Stripe's own HTTP protocol, signed webhooks and a payment page.

`create_stripe_server` makes it. It is a WSGI application; `.serve()` starts it on a port. It is controlled by the
routes under /_control (see `control.py`) and by the acts and settings of `StripeServer`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, abort, redirect, request

from msp.kernel import clock
from simulators.control import control_routes
from simulators.courier import Courier, Delivery
from simulators.faults import Faults
from simulators.feed import Feed
from simulators.ids import Now
from simulators.serving import RunningServer, serve
from simulators.stripe.api import StripeApi
from simulators.stripe.customers import create_customer
from simulators.stripe.errors import StripeRefusal
from simulators.stripe.invoices import void
from simulators.stripe.page import credit_note_page, invoice_page, language
from simulators.stripe.payments import charge, charge_of, close_dispute, create_refund, open_dispute
from simulators.stripe.webhooks import Endpoint, StripeWebhooks
from simulators.stripe.world import Object, StripeWorld, shown

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

RETRY_SCHEDULE = (2.0, 10.0, 60.0, 600.0, 3600.0)
ANSWER_SECONDS = 20.0
GOOD_CARD, DECLINED_CARD = "pm_card_visa", "pm_card_chargeDeclined"
ROUNDINGS = ("line", "invoice")


class StripeServer:
    """A simulated Stripe: `app` is its Flask application, `url` its address once served.

    Faults (POST /_control/faults) take an `operation` such as "invoices.create" or "*" and, in addition to the kinds in
    `faults.py`, kind "error" with `error` "after_commit" (executed, answered 500; a retry with the same key gets the
    lost answer) or "after_commit_for_good" (executed, answered 500, also on every retry with that key).
    """

    def __init__(
        self, *, endpoints: Iterable[Endpoint], api_key: str, now: Now, public_url: str, state: Path | None,
        account_name: str, country: str, retry_schedule: Sequence[float],
    ) -> None:  # fmt: skip
        self.world = StripeWorld(now=now, state=state, account_name=account_name, country=country)
        self.feed = Feed(now)
        self.courier = Courier(
            now, timeout=ANSWER_SECONDS, schedule=retry_schedule, again=lambda _: True, on_settled=self._delivered
        )
        self.webhooks = StripeWebhooks(self.courier, endpoints)
        self.faults = Faults(self.courier.closing)
        self.api = StripeApi(self.world, self.faults, api_key=api_key, committed=self._committed)
        self.calls = self.api.calls
        self.url = public_url.rstrip("/")
        self.app = Flask("simulators.stripe", static_folder=None)
        self.app.register_blueprint(_v1(self))
        self.app.register_blueprint(_pages(self))
        self.app.register_blueprint(control_routes("stripe", self))

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return self.app(environ, start_response)

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> RunningServer:
        """Start the server in a thread; closing the handle stops its webhooks too."""
        running = serve(self, host, port, on_close=self.close)
        self.url = self.url or running.url
        return running

    def close(self) -> None:
        """Stop sending webhooks and end hanging requests."""
        self.webhooks.close()

    @property
    def acts(self) -> Mapping[str, Callable[..., Any]]:
        """The acts of the control routes, by name."""
        return {
            "pay": self.pay, "decline": self.decline, "resend": self.resend, "refund": self.refund,
            "dispute": self.dispute, "close_dispute": self.close_dispute, "void": self.void,
        }  # fmt: skip

    def pay(self, invoice: str) -> Object:
        """Pay an open invoice as the button on its page does."""
        return self._charge(invoice, method=GOOD_CARD)

    def decline(self, invoice: str) -> Object:
        """Try to pay an open invoice with a card that the bank declines; the invoice stays open."""
        return self._charge(invoice, method=DECLINED_CARD)

    def refund(self, invoice: str, amount: int | None = None) -> Object:
        """Refund the charge of a paid invoice, or a part of it, as the dashboard does."""
        return self._with_charge(invoice, lambda charged: create_refund(
            self.world, {"charge": charged["id"]} | ({} if amount is None else {"amount": amount})
        ))  # fmt: skip

    def dispute(self, invoice: str, status: str = "needs_response") -> Object:
        """Open a dispute on the charge of a paid invoice."""
        return self._with_charge(invoice, lambda charged: open_dispute(self.world, charged, status=status))

    def close_dispute(self, dispute: str, status: str) -> Object:
        """Close a dispute as won or lost."""
        return self._act(lambda: close_dispute(self.world, dispute, status=status))

    def void(self, invoice: str) -> Object:
        """Void an open invoice as the dashboard does."""
        return self._act(lambda: void(self.world, invoice, {}))

    def resend(self, event: str) -> Object:
        """Send an event again."""
        found = shown(self.world.objects["events"][event])
        self.webhooks.send([found])
        return found

    def describe(self) -> dict[str, Any]:
        """Settings and objects, each kind in order of creation."""
        with self.world.lock:
            objects = {kind: [shown(one) for one in self.world.all(kind)] for kind in self.world.objects}
            return {
                "url": self.url, "api_version": self.world.api_version, "settings": dict(self.world.settings),
                "webhooks": self.webhooks.describe(), "objects": objects,
            }  # fmt: skip

    def messages(self, *, type: str = "") -> list[Object]:
        """The events, oldest first, optionally of one type."""
        with self.world.lock:
            return [shown(event) for event in self.world.all("events") if type in ("", event["type"])]

    def load(self, world: Mapping[str, Any]) -> dict[str, Any]:
        """Add {"customers": [{…}]}, with the API's parameters."""
        with self.world.lock:
            for customer in world.get("customers", []):
                create_customer(self.world, customer)
            self.api.commit()
        return self.describe()

    def configure(self, **settings: Any) -> dict[str, Any]:
        """Change tax_rounding ("line" or "invoice"), or the webhooks' settings (see `StripeWebhooks`)."""
        rounding = settings.pop("tax_rounding", None)
        if rounding not in (None, *ROUNDINGS):
            raise ValueError(f"tax_rounding is one of {', '.join(ROUNDINGS)}")
        self.webhooks.configure(**settings)
        if rounding is not None:
            self.world.settings["tax_rounding"] = rounding
        return dict(self.world.settings) | self.webhooks.describe()

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until every webhook was accepted or given up; returns False if one was not."""
        return self.webhooks.settle(timeout)

    def reset(self, *, keep_world: bool = True) -> None:
        """Clear calls, deliveries and faults; without `keep_world` the objects and settings too."""
        self.faults.clear()
        self.calls.clear()
        self.courier.deliveries.clear()
        self.feed.clear()
        if not keep_world:
            with self.world.lock:
                self.world.clear()
                self.world.save()
            self.webhooks.configure(duplicates=0, order="kept", delay=0.0, held=False)

    def invoice_of(self, token: str) -> Object | None:
        """The invoice of a page's token."""
        with self.world.lock:
            return next((one for one in self.world.all("invoices") if one["_token"] == token), None)

    def _with_charge(self, invoice: str, act: Callable[[Object], Object]) -> Object:
        """Act on the charge that paid an invoice; raises ValueError if there is none."""
        charged = charge_of(self.world, self.world.objects["invoices"][invoice])
        if charged is None:
            raise ValueError(f"no charge paid {invoice}")
        return self._act(lambda: act(charged))

    def _act(self, act: Callable[[], Object]) -> Object:
        """Perform an act of the dashboard, and send its events."""
        with self.world.lock:
            self.world.request = {"id": None, "idempotency_key": None}
            done = act()
            self.api.commit()
            return shown(done)

    def _charge(self, id: str, *, method: str) -> Object:
        with self.world.lock:
            self.world.request = {"id": None, "idempotency_key": None}
            invoice = self.world.objects["invoices"][id]
            try:
                charge(self.world, invoice, method=method, declined=method == DECLINED_CARD)
            except StripeRefusal as refusal:
                if refusal.error["type"] != "card_error":
                    raise ValueError(str(refusal)) from refusal
            self.api.commit()
            return shown(invoice)

    def _committed(self, events: list[Object]) -> None:
        for event in events:
            event["pending_webhooks"] = len(self.webhooks.endpoints)
            self.feed.add("event", type=event["type"], id=event["id"], object=event["data"]["object"]["id"])
        self.webhooks.send([shown(event) for event in events])

    def _delivered(self, delivery: Delivery) -> None:
        self.feed.add("delivery", type=delivery.kind, id=delivery.id, url=delivery.url, state=delivery.state)


def create_stripe_server(
    webhooks: Sequence[tuple[str, str]] = (),
    *,
    api_key: str = "",
    now: Now = clock.now,
    public_url: str = "",
    state: Path | None = None,
    account_name: str = "Guardia",
    country: str = "ES",
    enabled_events: Sequence[str] = ("*",),
    retry_schedule: Sequence[float] = RETRY_SCHEDULE,
) -> StripeServer:
    """Return an empty test account that sends its events to `webhooks`, pairs of (url, signing secret).

    `api_key` is the only accepted key, by default any that begins with sk_test_ or rk_test_. `public_url` is the base
    address of the invoice pages for browsers, by default that of the request. With `state` everything is stored in that
    file and loaded at the next start. `retry_schedule` holds the seconds before each new attempt.
    """
    endpoints = [Endpoint(url, secret, tuple(enabled_events)) for url, secret in webhooks]
    return StripeServer(
        endpoints=endpoints, api_key=api_key, now=now, public_url=public_url, state=state,
        account_name=account_name, country=country, retry_schedule=retry_schedule,
    )  # fmt: skip


def _v1(server: StripeServer) -> Blueprint:
    routes = Blueprint("stripe_v1", __name__)

    @routes.route("/v1/<path:rest>", methods=["GET", "POST", "DELETE"])
    def api(rest: str) -> Response:
        return server.api.answer(origin=server.url or request.host_url.rstrip("/"))

    return routes


def _pages(server: StripeServer) -> Blueprint:
    routes = Blueprint("stripe_pages", __name__)

    def page(token: str, *, declined: bool = False) -> Response:
        invoice = server.invoice_of(token)
        if invoice is None:
            abort(404)
        lang = _language(server, invoice)
        drawn = invoice_page(invoice, rates=server.world.objects["tax_rates"], lang=lang, declined=declined)
        return Response(drawn, mimetype="text/html")

    @routes.get("/i/<token>")
    def show(token: str) -> Response:
        return page(token)

    @routes.post("/i/<token>")
    def press(token: str) -> Response:
        invoice = server.invoice_of(token)
        if invoice is None:
            abort(404)
        if request.form.get("card") == "declined" and invoice["status"] in ("open", "uncollectible"):
            server.decline(invoice["id"])
            return page(token, declined=True)
        if invoice["status"] in ("open", "uncollectible"):
            server.pay(invoice["id"])
        return Response(status=303, headers=redirect(f"/i/{token}", 303).headers)

    @routes.get("/i/<token>/credit-notes/<int:number>")
    def credit_note(token: str, number: int) -> Response:
        invoice = server.invoice_of(token)
        notes = server.world.all("credit_notes", invoice=invoice["id"]) if invoice else []
        if invoice is None or not 0 < number <= len(notes):
            abort(404)
        return Response(credit_note_page(notes[number - 1], lang=_language(server, invoice)), mimetype="text/html")

    return routes


def _language(server: StripeServer, invoice: Object) -> str:
    customer = server.world.objects["customers"][invoice["customer"]]
    return language(customer, request.headers.get("Accept-Language"))
