"""The Flask application of the desk, without integrations and billing (added in wsgi.py)."""

from flask import Flask

from msp import notify, web
from msp.clients import deactivation
from msp.config import Settings
from msp.kernel import clock, crypto, destinations, events, files, i18n, inbox, jobs, leases, wake
from msp.kernel.db import db
from msp.macros.applying import apply_fields
from msp.notify import portal_channel, reply_copies, reply_delivery, resending
from msp.people import password_reset
from msp.tickets import delayed_replies, escalation, recomputing, removed_files, thumbnails, undoable, waking
from msp.web.api.description import DescribedFlask
from msp.worklog import moving

OUTBOX_THREADS = (
    6  # for chat and the desk's own deliveries; mail, payment and webhooks have one thread each in addition
)
INBOX_THREADS = 3
STATEMENT_TIMEOUT_MS = 15_000
QUEUES: dict[str, type[leases.Leased]] = {"inbox": inbox.Inbound, "outbox": events.Delivery}


def make_app(settings: Settings) -> Flask:
    """Build the desk: database, workers' drains, pages, API. Opens no connection."""
    app = DescribedFlask(
        "msp",
        spec_path=None,  # served by msp/web/api
        docs_path=None,
        json_errors=False,
        static_folder=None,  # type: ignore[arg-type]
        template_folder=None,  # type: ignore[arg-type]
    )
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.app_database_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_size": 12,
            "max_overflow": 8,
            "connect_args": {
                "prepare_threshold": 2,  # planning a page's statement costs ten times as much as running it
                "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c jit=off -c timezone=UTC",
            },
        },
        MAX_CONTENT_LENGTH=30 * 1024 * 1024,
    )
    if settings.clock_file is not None:
        clock.follow(settings.clock_file)
    crypto.use_keys(settings.encryption_keys)
    files.use_folder(settings.home / "files")
    wake.connect(settings.redis_url)
    db.init_app(app)
    i18n.init_app(app)
    jobs.register_drain("inbox", inbox.work_one, oldest=inbox.work_oldest, threads=INBOX_THREADS)
    jobs.register_hands("outbox", events.deliver_one, _outbox_hands())
    jobs.register_drain("escalation", escalation.take_batch, threads=1)
    jobs.every_second(_look_at_steps)
    jobs.every_second(_wake_the_forgotten)
    jobs.every_second(_hurry_what_holds_up)
    recomputing.register()
    removed_files.register()
    thumbnails.register()
    waking.register()
    deactivation.register()
    password_reset.register()
    undoable.register()
    moving.register()
    delayed_replies.register(apply_fields)
    notify.register()
    reply_delivery.register()
    reply_copies.register()
    portal_channel.register()
    resending.register()
    web.register(app)
    return app


def _outbox_hands() -> list[jobs.One]:
    """Threads per kind of destination, so that a slow one cannot block all; one also takes unknown destinations."""
    usual = (destinations.DESK, destinations.CHAT)
    own = (destinations.MAIL, destinations.PAYMENT, destinations.WEBHOOKS)
    return [
        events.deliver_to(*usual, oldest=True),
        *[events.deliver_to(*usual)] * (OUTBOX_THREADS - 2),
        events.deliver_to(destinations.DESK),
        *[events.deliver_to(each) for each in own],
    ]


def _look_at_steps() -> None:
    """Run escalation steps in their own thread, so that many at once delay neither ticks nor messages."""
    if escalation.is_due():
        jobs.run("escalation")


def _hurry_what_holds_up() -> None:
    """Raise the priority of rows that block urgent ones."""
    for model in QUEUES.values():
        leases.promote_blockers(model)


def _wake_the_forgotten() -> None:
    """Safety net for lost wake-ups: run a drain whose rows are due."""
    for name, model in QUEUES.items():
        if leases.is_due(model):
            jobs.run(name)
