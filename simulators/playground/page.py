"""A demonstration's page where one acts as an employee in Slack and in Teams and watches the desk answer.

The page has no direct access to the desk: it passes the person's acts to the local servers, which send signed requests
to the desk's endpoints as Slack and Teams do. The whole state of the page is in its address, so that it works without
scripts too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup, escape

from msp.config import Settings
from msp.kernel.i18n import current_reader, reading_as
from simulators.playground import slack as page_slack
from simulators.playground import teams as page_teams
from simulators.playground import workspaces
from simulators.playground.desk_client import Door, NoAnswer
from simulators.playground.local import HOST, played, ports_of, staff
from simulators.playground.views import Panel, Wish, address
from simulators.playground.words import markdown, mrkdwn

PATIENCE = 8.0  # seconds that one request for news may wait
MAX_TEXT = 4000  # characters; the most that Slack accepts in one message
CHATS: dict[str, ModuleType] = {"slack": page_slack, "teams": page_teams}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One chat on the page: its panel, or None if no person is available (`is_down`: the server did not answer)."""

    platform: str
    panel: Panel | None
    is_down: bool = False
    notice: str = ""


def register(app: Flask, settings: Settings) -> None:
    """Add the page to a demonstration's desk, for the chats that are simulated."""
    ports, here = ports_of(settings), played(settings)
    doors = {
        name: Door(f"http://{HOST}:{port}")
        for name, port in (("slack", ports.slack), ("teams", ports.teams))
        if name in here
    }
    if doors:
        app.register_blueprint(_pages(doors, staff=partial(staff, settings)))
    if "slack" in doors:
        workspaces.register(app, settings, doors["slack"])


def _pages(doors: dict[str, Door], *, staff: Callable[[], tuple[str, str]]) -> Blueprint:
    pages = Blueprint("playground", __name__, url_prefix="/playground", template_folder="templates")
    pages.own_scope = True  # type: ignore[attr-defined]  # no sign-in; reads no data of the desk

    @pages.before_request
    def only_from_here() -> None:
        if request.method == "POST" and not _is_own_page():
            abort(403)

    @pages.get("")
    def page() -> Response | str:
        wanted = request.headers.get("X-Panel", "")
        if wanted not in doors:
            return _whole(doors, staff=staff())
        since = request.headers.get("X-Since", "")
        return _news(doors, wanted, int(since)) if since.isdecimal() else _part(doors, wanted)

    @pages.post("/<platform>/say")
    def say(platform: str) -> Response:
        text = request.form.get("text", "").replace("\r\n", "\n").strip()[:MAX_TEXT]

        def act(door: Door, wish: Wish) -> tuple[Wish, str]:
            return (CHATS[platform].say(door, wish, text) if text else wish), ""

        return _acted(doors, platform, act)

    @pages.post("/<platform>/press")
    def press(platform: str) -> Response:
        message, action = request.form.get("message", ""), request.form.get("action", "")
        return _acted(doors, platform, lambda door, wish: (wish, CHATS[platform].press(door, wish, message, action)))

    @pages.post("/<platform>/delete")
    def delete(platform: str) -> Response:
        def act(door: Door, wish: Wish) -> tuple[Wish, str]:
            CHATS[platform].delete(door, wish, request.form.get("message", ""))
            return Wish(wish.person, wish.place, wish.thread), ""

        return _acted(doors, platform, act)

    return pages


def _is_own_page() -> bool:
    """Whether a form comes from this very page: other sites may not write in a demo employee's name."""
    origin = request.headers.get("Origin", "")
    return not origin or urlsplit(origin).netloc == request.host


def _wishes(doors: dict[str, Door]) -> dict[str, Wish]:
    return {name: Wish.of(name, request.args.get) for name in doors}


def _whole(doors: dict[str, Door], *, staff: tuple[str, str]) -> Response:
    wishes = _wishes(doors)
    chats = [_read(doors, name, wish) for name, wish in wishes.items()]
    seen = wishes | {each.platform: each.panel.wish for each in chats if each.panel}
    drawn = [(chat, _draw(chat, seen)) for chat in chats]
    return _fresh(make_response(render_template("playground/page.html", chats=drawn, staff=staff)))


def _part(doors: dict[str, Door], platform: str, wish: Wish | None = None, *, notice: str = "") -> Response:
    wishes = _wishes(doors)
    chat = _read(doors, platform, wish or wishes[platform], notice=notice)
    wishes |= {platform: chat.panel.wish} if chat.panel else {}
    return _fresh(make_response(_draw(chat, wishes)))


def _news(doors: dict[str, Door], platform: str, since: int) -> Response:
    """The chat once something in it has changed; 204 with the new cursor if nothing did for a while."""
    try:
        entries, cursor = doors[platform].news(since, wait=PATIENCE)
        wish = Wish.of(platform, request.args.get)
        is_news = any(CHATS[platform].is_news(entry, wish) for entry in entries)
    except NoAnswer:
        return _fresh(Response(status=503))
    if is_news:
        return _part(doors, platform)
    return _fresh(Response(status=204, headers={"X-Cursor": str(cursor)}))


def _acted(doors: dict[str, Door], platform: str, act: Callable[[Door, Wish], tuple[Wish, str]]) -> Response:
    if platform not in doors:
        abort(404)
    wishes = _wishes(doors)
    try:
        wish, notice = act(doors[platform], wishes[platform])
    except NoAnswer:
        wish, notice = wishes[platform], gettext("Not completed. Try again in a moment.")
    if request.headers.get("X-Panel") == platform:
        return _part(doors, platform, wish, notice=notice)
    where = url_for("playground.page") + "?" + address(wishes | {platform: wish})
    return make_response(redirect(where, 303))


def _read(doors: dict[str, Door], platform: str, wish: Wish, *, notice: str = "") -> Drawn:
    door = doors[platform]
    try:
        cursor = door.cursor()  # read before anything else: later changes are news
        return Drawn(platform, CHATS[platform].panel(door, wish, cursor=cursor), notice=notice)
    except NoAnswer:
        return Drawn(platform, None, is_down=True)


def _draw(chat: Drawn, wishes: dict[str, Wish]) -> Markup:
    """The panel as HTML: words in the visitor's language, times in the zone of the person acted as."""
    zone = chat.panel.who.zone if chat.panel else current_reader().timezone

    def link(route: str = "page", **changes: str) -> str:
        """An address of this page with some parameters of this chat changed."""
        own = wishes[chat.platform]
        changed = Wish(**{name: changes.get(name, getattr(own, name)) for name in own.__slots__})
        query = address(wishes | {chat.platform: changed})
        if route == "page":
            return f"{url_for('playground.page')}?{query}"
        return f"{url_for(f'playground.{route}', platform=chat.platform)}?{query}"

    with reading_as(current_reader().locale, zone):
        drawn = render_template(
            "playground/_panel.html",
            chat=chat,
            panel=chat.panel,
            link=link,
            wishes=wishes,
            markdown=markdown,
            said=partial(_said, chat.panel.names if chat.panel else {}),
        )
    return Markup(drawn)  # noqa: S704  # from a template, which escapes


def _said(names: dict[str, str], text: dict[str, str]) -> Markup:
    """The HTML of a text object of Slack's blocks."""
    return mrkdwn(text["text"], names=names) if text["type"] == "mrkdwn" else escape(text["text"])


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "X-Panel"
    return response
