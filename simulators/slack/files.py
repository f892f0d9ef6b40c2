"""Files in the simulated Slack: the three-step upload, files.info, and private downloads."""

import mimetypes
import re
from typing import Any

from flask import Blueprint, Response, request

from simulators.courier import Delivery
from simulators.slack.chat import post_as_bot
from simulators.slack.core import SlackCore
from simulators.slack.shapes import file_json, shares_json
from simulators.slack.web import Call, SlackRefusal, bearer_token, method
from simulators.slack.world import SlackChannel, SlackFile, Workspace

SIGN_IN_PAGE = (
    '<!DOCTYPE html><html lang="en"><head><title>Sign in | Slack</title></head>'
    "<body><h1>Sign in to your workspace</h1></body></html>"
)


@method("files.getUploadURLExternal", scope="files:write", tier=4)
def files_get_upload_url(call: Call) -> dict[str, Any]:
    """Step one: a file id and an address to send the bytes to."""
    name = call.need("filename")
    if not call.need("length").isdecimal() or int(call.text("length")) == 0:
        raise SlackRefusal("invalid_arguments")
    file = add_file(call.core, call.workspace, user=call.workspace.bot_user_id, name=name, content=b"")
    file.ready = False
    return {"file_id": file.id, "upload_url": f"{_base(call)}/upload/v1/{file.id}"}


@method("files.completeUploadExternal", scope="files:write", tier=4, takes_json=True)
def files_complete_upload(call: Call) -> dict[str, Any]:
    """Step three: finish files and share them; they appear in the conversation a moment after this answer."""
    wanted = call.structure("files", error="invalid_arguments")
    if not isinstance(wanted, list) or not wanted:
        raise SlackRefusal("invalid_arguments")
    files = [_finished(call, item) for item in wanted]
    if call.text("channel_id"):
        channel = call.channel("channel_id")
        if call.workspace.bot_user_id not in channel.members:
            raise SlackRefusal("not_in_channel")
        thread_ts = call.text("thread_ts")
        if thread_ts and thread_ts not in channel.messages:
            raise SlackRefusal("thread_not_found")
        _share_later(call, channel, files, thread_ts)
    return {"files": [shown_file(call.core, file) | {"shares": {}} for file in files]}


def _share_later(call: Call, channel: SlackChannel, files: list[SlackFile], thread_ts: str) -> None:
    core, workspace = call.core, call.workspace
    if core.faults.take("share", {"channel": channel.id}) is not None:
        return  # answered with ok, but never shared
    words = {"text": call.text("initial_comment"), "subtype": "file_share", "upload": True}
    words |= {"thread_ts": thread_ts} if thread_ts else {}

    def share() -> None:
        shown = [shown_file(core, file) for file in files]
        message = post_as_bot(core, workspace, channel, words | {"files": shown})
        for file in files:
            file.shares.append((channel.id, message["ts"]))
            tell_of_share(core, channel, file, wait=False)

    core.pending.later(share)


def _finished(call: Call, item: Any) -> SlackFile:
    file = call.world.files.get(str(item.get("id"))) if isinstance(item, dict) else None
    if file is None or file.ready or file.user != call.workspace.bot_user_id:
        raise SlackRefusal("file_not_found")
    if not file.content:
        raise SlackRefusal("file_upload_size_restricted")
    file.title = str(item.get("title") or file.name)
    file.ready = True
    return file


@method("files.info", scope="files:read", tier=4)
def files_info(call: Call) -> dict[str, Any]:
    """One file, with the places where it was shared."""
    file = call.world.files.get(call.text("file"))
    if file is None or not file.ready or not may_read(call.core, call.workspace, file):
        raise SlackRefusal("file_not_found")
    shown = shown_file(call.core, file) | {"shares": shares_json(file, call.world.channels)}
    return {"file": shown, "comments": [], "response_metadata": {"next_cursor": ""}}


def add_file(
    core: SlackCore, workspace: Workspace, *, user: str, name: str, content: bytes, mimetype: str = ""
) -> SlackFile:
    """Store a new file."""
    guessed = mimetype or mimetypes.guess_type(name)[0] or "application/octet-stream"
    file = SlackFile(
        core.world.ids.upper("F"), workspace.team_id, user, name, name, guessed, content,
        int(core.now().timestamp()),
    )  # fmt: skip
    core.world.files[file.id] = file
    return file


def shown_file(core: SlackCore, file: SlackFile) -> dict[str, Any]:
    """A file object with addresses on this server."""
    return file_json(file, base=core.url, domain=core.world.workspaces[file.team_id].domain)


def withheld_file(file: SlackFile) -> dict[str, Any]:
    """A file of another company in a message: details only through files.info.

    Source: MercuryTechnologies/slack-web, tests/golden: message_file_share_slack_connect.
    """
    return {
        "id": file.id, "mode": "file_access", "file_access": "check_file_info", "created": 0, "timestamp": 0,
        "user": "",
    }  # fmt: skip


def tell_of_share(core: SlackCore, channel: SlackChannel, file: SlackFile, *, wait: bool) -> list[Delivery]:
    """Send file_shared, which has ids only."""
    event = {
        "type": "file_shared", "channel_id": channel.id, "file_id": file.id, "user_id": file.user,
        "file": {"id": file.id}, "event_ts": core.world.ts(),
    }  # fmt: skip
    return core.emit(channel, event, wait=wait)


def may_read(core: SlackCore, workspace: Workspace, file: SlackFile) -> bool:
    """Whether a bot may see a file: its own, shared where it is a member, or in a public channel of its workspace."""
    if file.user == workspace.bot_user_id:
        return True
    places = [core.world.channels[channel] for channel, _ in file.shares]
    return any(
        workspace.bot_user_id in place.members or (place.kind == "channel" and place.team_id == workspace.team_id)
        for place in places
    )


def _base(call: Call) -> str:
    return call.core.url or request.host_url.rstrip("/")


def file_routes(core: SlackCore) -> Blueprint:
    """Upload and download addresses; a download without a valid token gets a sign-in page."""
    routes = Blueprint("slack_files", __name__)

    @routes.post("/upload/v1/<file_id>")
    def upload(file_id: str) -> Response:
        file = core.world.files.get(file_id)
        if file is None or file.ready:
            return Response("Not found", status=404, mimetype="text/plain")
        return core.faults.meet(
            core.faults.take("upload", {"file": file_id}),
            act=lambda: _store(file), refuse=lambda fault: Response("Error", status=_status(fault.kind)),
        )  # fmt: skip

    @routes.get("/files-tmb/<team_file>/file.vtt")
    def subtitles(team_file: str) -> Response:
        file = core.world.files.get(team_file.partition("-")[2])
        if file is None or "_words" not in file.more:
            return Response("Not found", status=404, mimetype="text/plain")
        if not _is_readable(core, file):
            return Response(SIGN_IN_PAGE, mimetype="text/html")
        return Response(_vtt(str(file.more["_words"])), mimetype="text/vtt")

    @routes.get("/files-pri/<team_file>/<name>")
    @routes.get("/files-pri/<team_file>/download/<name>")
    def download(team_file: str, name: str) -> Response:
        file = core.world.files.get(team_file.partition("-")[2])
        if file is None:
            return Response("Not found", status=404, mimetype="text/plain")
        return core.faults.meet(
            core.faults.take("download", {"file": file.id}),
            act=lambda: _fetch(core, file),
            refuse=lambda fault: Response("Error", status=_status(fault.kind)),
        )

    return routes


def _store(file: SlackFile) -> Response:
    raw = request.get_data()  # read first, so that a raw body with a form's content type is not parsed as a form
    parts = list(request.files.values()) if request.mimetype == "multipart/form-data" else []
    file.content = parts[0].read() if parts else raw
    return Response(f"OK - {len(file.content)}", mimetype="text/plain")


def _fetch(core: SlackCore, file: SlackFile) -> Response:
    if not _is_readable(core, file):
        return Response(SIGN_IN_PAGE, mimetype="text/html")
    response = Response(file.content, mimetype=file.mimetype or "application/octet-stream")
    safe_name = re.sub(r'[^ -~]|"', "_", file.name)
    response.headers["Content-Disposition"] = f'attachment; filename="{safe_name}"'
    return response


def _is_readable(core: SlackCore, file: SlackFile) -> bool:
    """Whether the request's token may download a file: without files:read, or with an invalid token, it gets a page."""
    token = bearer_token({})
    usable = [
        workspace for workspace in core.world.workspaces_of_token(token)
        if workspace.installed and "files:read" in workspace.scopes and token not in workspace.install.revoked_tokens
    ]  # fmt: skip
    return any(may_read(core, workspace, file) for workspace in usable)


def _vtt(words: str) -> str:
    """A transcription as subtitles: a header with a trailing space, and a dash before the first words."""
    return f"WEBVTT \n\n00:00:00.000 --> 00:00:04.000\n- {words}\n\n\n"


def _status(kind: str) -> int:
    return int(kind) if kind.isdecimal() else 500
