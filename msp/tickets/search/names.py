"""Meanings of terms: word forms, stop words, and people and companies with matching names."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from msp.kernel.db import Json, db
from msp.kernel.folding import fold
from msp.tickets.search.words import ParsedQuery, Term

NAMESAKES = 500  # people of one name whose tickets are found
ALIKE = 10  # similar names

_NAMED = text(
    """
    select asked.n, search_forms(asked.ways, asked.is_exact), not asked.is_exact and search_is_stop(asked.folded),
        array(select p.id::text || coalesce(' ' || p.client_id::text, '') from person p
              where asked.is_word and (search_fold(p.name) like asked.folded || '%'
                                       or search_fold(p.name) like '% ' || asked.folded || '%')
              union
              select p.id::text || coalesce(' ' || p.client_id::text, '') from person p
              where asked.address <> '' and lower(p.email) like asked.address || '%'
              union
              select p.id::text || coalesce(' ' || p.client_id::text, '') from person p
              where asked.digits <> '' and regexp_replace(p.phone, '[^0-9]', '', 'g') like '%' || asked.digits
              limit :namesakes),
        array(select c.id::text from client c
              where asked.is_word and (search_fold(names(c)) like asked.folded || '%'
                                       or search_fold(names(c)) like '% ' || asked.folded || '%')
              union
              select c.id::text from client c
              where asked.tax_id <> ''
                and regexp_replace(upper(c.tax_id), '[^A-Z0-9]', '', 'g') like '%' || asked.tax_id
              limit :namesakes)
    from jsonb_to_recordset(cast(:asked as jsonb))
        as asked(n integer, ways text[], is_exact boolean, is_word boolean, folded text, address text, digits text,
                 tax_id text)
    order by asked.n
    """.replace("names(c)", "c.name || ' ' || coalesce(c.legal_name, '') || ' ' || c.code")
)
_ALIKE = text(
    """
    select asked.n,
        array(select p.id::text || coalesce(' ' || p.client_id::text, '') from person p
              where search_is_alike(asked.folded, p.name)
              order by search_likeness(asked.folded, p.name) desc, p.id limit :alike),
        array(select c.id::text from client c
              where search_is_alike(asked.folded, names(c))
              order by search_likeness(asked.folded, names(c)) desc, c.id limit :alike)
    from jsonb_to_recordset(cast(:asked as jsonb)) as asked(n integer, folded text)
    where length(asked.folded) > 3
    """.replace("names(c)", "c.name || ' ' || coalesce(c.legal_name, '') || ' ' || c.code")
)


@dataclass(frozen=True, slots=True)
class NameMatch:
    """A term with its forms in folded text, and matching people (with their company) and companies."""

    term: Term
    forms: tuple[str, ...]
    is_stop: bool
    people: dict[UUID, UUID | None]
    clients: frozenset[UUID]

    def to_json(self) -> Json:
        """As JSON for search_tickets in the database."""
        ids = [f"#p{each}" for each in self.people] + [f"#c{each}" for each in self.clients]
        return {"ways": list(self.term.spellings), "is_exact": self.term.is_exact, "ids": ids}


def name_matches(asked: ParsedQuery) -> list[NameMatch]:
    """The terms without stop words, each with matching names; all of them if all are stop words."""
    if not asked.terms:
        return []
    rows = db.session.execute(_NAMED, {"asked": _json(asked.terms), "namesakes": NAMESAKES})
    meant = [
        NameMatch(asked.terms[n], _with_y(forms), is_stop, _people(people), frozenset(map(UUID, clients)))
        for n, forms, is_stop, people, clients in rows
    ]
    return [each for each in meant if not each.is_stop] or meant


def _with_y(forms: Sequence[str]) -> tuple[str, ...]:
    """Stems such as «copi» also as in «copying», for marking."""
    return (*forms, *(f"{form[:-1]}y" for form in forms if form.endswith("i") and len(form) > 3))


def with_names_alike(meant: Sequence[NameMatch]) -> list[NameMatch]:
    """The terms with people and companies of a similar name, if none has exactly that name."""
    words = [(n, fold(each.term.spellings[0])) for n, each in enumerate(meant) if _may_be_misspelt(each)]
    if not words:
        return list(meant)
    db.session.execute(text("select set_config('pg_trgm.word_similarity_threshold', '0.5', true)"))
    asked = json.dumps([{"n": n, "folded": folded} for n, folded in words])
    found = {
        n: (people, clients) for n, people, clients in db.session.execute(_ALIKE, {"asked": asked, "alike": ALIKE})
    }
    return [_widened(each, *found[n]) if n in found else each for n, each in enumerate(meant)]


def _may_be_misspelt(meant: NameMatch) -> bool:
    folded = fold(meant.term.spellings[0])
    has_name = bool(meant.people or meant.clients)
    return not meant.term.is_exact and not has_name and folded.isalpha()


def _widened(meant: NameMatch, people: list[str], clients: list[str]) -> NameMatch:
    return NameMatch(meant.term, meant.forms, meant.is_stop, _people(people), frozenset(map(UUID, clients)))


def _people(people_and_clients: Sequence[str]) -> dict[UUID, UUID | None]:
    people: dict[UUID, UUID | None] = {}
    for each in people_and_clients:
        person, _, client = each.partition(" ")
        people[UUID(person)] = UUID(client) if client else None
    return people


def _address(term: Term) -> str:
    """A LIKE pattern for the beginning of an email address: any word may be the part before @."""
    address = re.sub("^mailto:", "", term.spellings[0].lower())
    is_one = re.fullmatch(r"[^\s@]{3,}(@[^\s@]*)?", address) and not address.isdigit()
    return re.sub(r"([\\%_])", r"\\\1", address) if is_one else ""


def _digits(term: Term) -> str:
    """The end of a phone number: its digits without the country code, if there are enough of them."""
    number = re.fullmatch(r"(?:\+|00)?[\d ()./-]+", term.spellings[0])
    digits = re.sub("[^0-9]", "", term.spellings[0]) if number else ""
    return digits[-9:] if 9 <= len(digits) <= 15 else ""


def _tax_id(term: Term) -> str:
    """A company's tax ID: letters and digits, with or without its country."""
    letters = re.sub("[^A-Z0-9]", "", term.spellings[0].upper())
    return letters if re.fullmatch(r"(?=.*\d{5})[A-Z0-9]{8,14}", letters) else ""


def _json(terms: Sequence[Term]) -> str:
    return json.dumps(
        [
            {
                "n": n,
                "ways": list(term.spellings),
                "is_exact": term.is_exact,
                "is_word": len(fold(term.spellings[0])) > 1,
                "folded": fold(term.spellings[0]),
                "address": _address(term),
                "digits": _digits(term),
                "tax_id": _tax_id(term),
            }
            for n, term in enumerate(terms)
        ]
    )
