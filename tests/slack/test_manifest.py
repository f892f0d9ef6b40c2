"""The app manifest requests what the code uses: the same scopes and endpoints."""

import re
from pathlib import Path

from flask import Flask

from integrations.slack.install import SCOPES

MANIFEST = (Path(__file__).parents[2] / "docs" / "slack-app-manifest.yml").read_text()


def test_the_manifest_asks_for_the_scopes_of_the_installation() -> None:
    assert sorted(re.findall(r"^      - ([a-z_]+:[a-z:.]+|commands)(?: #.*)?$", MANIFEST, re.MULTILINE)) == sorted(
        SCOPES
    )


def test_the_manifest_names_doors_that_exist(app: Flask) -> None:
    paths = re.findall(r"https://desk\.example\.com(/slack/\w+)", MANIFEST)
    assert set(paths) == {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/slack/")}
