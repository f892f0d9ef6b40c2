"""axe-core on every page and state of the demo: all rules, and colour contrast again in dark mode."""

import pytest
from playwright.sync_api import Browser

from scripts.axe import dark_contrast, violations
from scripts.pictures import Faults, find_shots, new_context, open_shot, people, scratch_desk, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("accessibility")]


def test_no_page_breaks_a_rule(chromium: Browser) -> None:
    """Spanish, light and wide; `make pictures` covers the other languages and widths."""
    found: dict[str, str] = {}
    with scratch_desk("") as (url, app):
        roles = {who: signed_in(chromium, url, who) for who in people()}
        shots = list(find_shots(chromium, url, app, roles, Faults()))
        assert len(shots) > 80
        for who in {shot.role: None for shot in shots}:
            context = new_context(chromium, roles.get(who), width=1440, scheme="light", lang="es")
            page = context.new_page()
            for shot in (each for each in shots if each.role == who):
                open_shot(page, url, shot)
                broken = [*violations(page), *dark_contrast(page)]
                found |= {each: shot.name for each in broken if each not in found}
            context.close()
    assert found == {}
