"""A third platform, which no file of the product knows: what another channel needs, and nothing more."""

from functools import partial

from flask import Blueprint, Flask, request

from integrations import channels
from msp.config import Settings
from msp.kernel import inbox
from msp.web.request_scope import own_scope
from msp.web.reserved import reserve
from tests.channels.minimal.platform import MINIMAL
from tests.channels.minimal.transport import MinimalTransport, handle

PLATFORM = MINIMAL
SECRET = "minimal-secret-of-the-tests"


def register(app: Flask, settings: Settings) -> None:
    """Open its endpoint and let workers speak with it."""
    transport = MinimalTransport()
    blueprint = Blueprint(MINIMAL.name, __name__)
    blueprint.add_url_rule(MINIMAL.endpoint_path, "events", own_scope(_events), methods=["POST"])
    app.register_blueprint(blueprint)
    reserve(app, MINIMAL.endpoint_path)
    inbox.register_source(MINIMAL.name, partial(handle, transport))
    channels.register(transport)


def _events() -> tuple[str, int]:
    """One message: 401 without the secret, 200 once it is stored."""
    if request.headers.get("X-Secret") != SECRET:
        return "", 401
    event = request.get_json()
    inbox.store(MINIMAL.name, event["id"], event, key=f"{event['space']}:{event['person']}")
    return "", 200
