"""Navigation of the portal. Packages above add tabs with `add_tab`."""

from dataclasses import dataclass
from uuid import UUID

from flask import url_for

from msp.clients.models import Client
from msp.clients.queries import access_client
from msp.people.access import may
from msp.people.models import Person
from msp.tickets import queries
from msp.web.request_scope import current_person


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab for client managers."""

    label: object
    endpoint: str
    needs: str


@dataclass(frozen=True, slots=True)
class Frame:
    """Context of templates/portal/base.html."""

    person: Person
    client: Client
    nav: list[dict[str, object]]
    home_url: str
    new_url: str
    sign_out_url: str
    account_url: str
    live_url: str | None
    live_version: str | None


_tabs: list[Tab] = []


def add_tab(tab: Tab) -> None:
    """Add a tab for people with the permission that it needs."""
    _tabs[:] = [each for each in _tabs if each.endpoint != tab.endpoint] + [tab]


def frame(*, current: str, live_url: str | None = None, live_version: str | None = None) -> Frame:
    """The navigation for the person signed in."""
    person = current_person()
    tabs = [tab for tab in _tabs if may(person, tab.needs)]
    nav = [{"label": str(t.label), "url": url_for(t.endpoint), "current": t.endpoint == current} for t in tabs]
    return Frame(
        person=person,
        client=access_client(client_of(person)),
        nav=nav if len(nav) > 1 else [],
        home_url=url_for("portal.tickets"),
        new_url=url_for("portal.new"),
        sign_out_url=url_for("security.logout"),
        account_url=url_for("account"),
        live_url=live_url,
        live_version=live_version,
    )


def client_of(person: Person) -> UUID:
    """The company of a contact."""
    assert person.client_id is not None, "the portal serves people of clients only"
    return person.client_id


def portal_news(since: str) -> queries.News:
    """Events of the tickets that the person sees: their own, or the company's for a manager."""
    person = current_person()
    return queries.news(since) if may(person, "see_company") else queries.news_of(person.id, since)
