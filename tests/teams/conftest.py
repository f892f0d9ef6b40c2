"""A local Teams with the desk under test, served over HTTP, as its bot."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.serving import make_server

from msp.config import Settings
from msp.kernel.db import db
from simulators.teams.server import APP_ID, APP_PASSWORD, HOME_TENANT, create_teams_server
from tests.teams.desk import Desk
from tests.world import TEAMS_TENANT, World
from wsgi import create_app


@pytest.fixture
def desk(app: Flask, settings: Settings, world: World) -> Iterator[Desk]:
    """The listening desk; a tenant Azcárate with Íñigo, a team and a channel."""
    teams = create_teams_server()
    at_teams = teams.serve()
    mine = settings.with_values(
        TEAMS_APP_ID=APP_ID,
        TEAMS_APP_PASSWORD=APP_PASSWORD,
        TEAMS_APP_TENANT_ID=HOME_TENANT,
        TEAMS_OPENID_METADATA_URL=teams.openid_url,
        TEAMS_TOKEN_URL=teams.token_url,
    )
    served = create_app(mine)
    server = make_server("127.0.0.1", 0, served, threaded=True)
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    teams.configure(endpoint=f"{url}/api/messages")
    teams.add_tenant("Azcárate Abogados", id=TEAMS_TENANT, domain="azcarate.example")
    teams.add_user(TEAMS_TENANT, id=Desk.person, name="Iñigo Azcárate", email="inigo@azcarate.example")
    teams.add_team(TEAMS_TENANT, "Despacho", members=[Desk.person], channels=["Sala"], installed=True)
    yield Desk(teams, url, served)
    unshown = teams.unshown_cards()
    server.shutdown()
    server.server_close()
    at_teams.close()
    with served.app_context():
        db.engine.dispose()
    create_app(settings)
    assert not unshown, "people do not see these cards"
