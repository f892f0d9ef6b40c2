"""Shared files of people and the bot, at pre-authorised addresses: access needs no token.

Source: learn.microsoft.com, "Send and receive files through a bot".
"""

import re
from datetime import timedelta

from flask import Blueprint, Response, jsonify, request

from simulators.teams.core import TeamsCore
from simulators.teams.world import TeamsFile

LIFE = timedelta(minutes=10)


def keep_file(core: TeamsCore, name: str, content: bytes) -> TeamsFile:
    """Store bytes at an address of their own, for ten minutes."""
    kept = TeamsFile(core.world.ids.secret(32), name, content, core.now() + LIFE, len(content))
    core.world.files[kept.id] = kept
    return kept


def file_routes(core: TeamsCore) -> Blueprint:
    """Download routes, and upload in parts by the bot; 401 once the address has expired."""
    routes = Blueprint("teams_files", __name__)

    def usable(file_id: str) -> bool:
        file = core.world.files.get(file_id)
        return file is not None and core.now() < file.expires

    @routes.get("/files/download/<file_id>")
    def download(file_id: str) -> Response:
        if not usable(file_id):
            return Response("The address has expired.", status=401, mimetype="text/plain")
        return Response(core.world.files[file_id].content, mimetype="application/octet-stream")

    @routes.put("/files/upload/<file_id>")
    def upload(file_id: str) -> Response:
        span = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", request.headers.get("Content-Range", ""))
        if not usable(file_id) or span is None:
            return Response("invalidRequest", status=401 if span else 400, mimetype="text/plain")
        file, part = core.world.files[file_id], request.get_data()
        start, end, total = (int(number) for number in span.groups())
        if start != len(file.content) or end - start + 1 != len(part):
            return Response("invalidRange", status=416, mimetype="text/plain")
        file.content += part
        if len(file.content) < total:
            going_on = jsonify({"nextExpectedRanges": [f"{len(file.content)}-"]})
            going_on.status_code = 202
            return going_on
        done = jsonify({"id": file.id, "name": file.name, "size": total})
        done.status_code = 201
        return done

    return routes
