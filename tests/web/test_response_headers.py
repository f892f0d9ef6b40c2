"""Headers of every answer: no forged host, and no copies of private pages in shared caches."""

import pytest
from flask import Flask

from tests.world import World, sign_in


@pytest.mark.parametrize("path", ["/desk", "/portal", "/billing", "/admin"])
def test_a_redirect_repeats_no_host_that_somebody_made_up(app: Flask, path: str) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    assert "evil.example" not in app.test_client().get(path, headers=headers).headers.get("Location", "")


def test_a_redirect_never_leads_to_another_site(app: Flask) -> None:
    assert app.test_client().get("/desk").headers["Location"] == "/desk/"


@pytest.mark.parametrize("path", ["/desk/", "/billing/", "/admin/people", "/nothing-here"])
def test_private_pages_are_kept_by_no_cache(app: Flask, world: World, path: str) -> None:
    answer = sign_in(app.test_client(), world.ana).get(path, follow_redirects=True)
    assert answer.headers["Cache-Control"].startswith("private")
