"""Dashboard and alerts use existing metrics, and the runbook explains every alert."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from msp.kernel import clock, heartbeats, settings
from msp.kernel.db import Scope, work
from msp.kernel.unhandled import count_unhandled
from tests.operations.test_metrics import figures

FOLDER = Path(__file__).parents[2] / "docs" / "operations"
NAME = re.compile(r"\bmsp_[a-z_]+")


def rules() -> list[dict[str, Any]]:
    """The alerts; parses only the YAML that they use."""
    found: list[dict[str, Any]] = []
    inner = ""
    for number, line in enumerate((FOLDER / "prometheus-alerts.yml").read_text().splitlines(), 1):
        if line.startswith("#") or line in ("groups:", "  - name: guardia", "    rules:"):
            continue
        matched = re.fullmatch(r"      (- |  |    )([a-z]+):(?: (.+))?", line)
        assert matched, f"line {number}: {line}"
        dash, key, value = matched.groups()
        if dash == "- ":
            found.append({})
        if value is None:
            inner = key
            found[-1][inner] = {}
            continue
        assert value.startswith('"') == value.endswith('"'), f"line {number}"
        assert value[0] not in "{[&*!|>%@`'" and ": " not in value.strip('"') and " #" not in value, f"line {number}"
        (found[-1][inner] if dash == "    " else found[-1])[key] = value.strip('"')
    return found


def dashboard() -> dict[str, Any]:
    told: dict[str, Any] = json.loads((FOLDER / "grafana-dashboard.json").read_text())
    return told


@pytest.fixture
def names(web: FlaskClient) -> set[str]:
    """Every metric of a desk that was used and backed up once, and that got a request that nothing handles."""
    count_unhandled("teams", "installation_update")
    with work(Scope.system()):
        settings.write("last_backup", {"at": clock.now().isoformat()})
    heartbeats.beat(heartbeats.TICKS, "clock")
    web.get("/healthz")
    return {name.partition("{")[0] for name in figures(web)}


def test_every_metric_of_the_alerts_is_there(names: set[str]) -> None:
    for rule in rules():
        used = set(NAME.findall(rule["expr"]))
        assert (used or rule["alert"] == "GuardiaDown") and used <= names, rule["alert"]


def test_every_metric_of_the_dashboard_is_there(names: set[str]) -> None:
    panels = dashboard()["panels"]
    assert len(panels) > 15
    for panel in panels:
        used = {name for target in panel["targets"] for name in NAME.findall(target["expr"])}
        assert used and used <= names, panel["title"]


def test_every_metric_is_drawn(names: set[str]) -> None:
    drawn = set(NAME.findall(json.dumps(dashboard())))
    assert names - drawn - {"msp_info", "msp_request_seconds_sum"} == set()


def test_no_two_panels_lie_on_one_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken and max(x for x, _ in cells) < 24
        taken |= cells


def test_every_alert_is_whole_and_explained() -> None:
    runbook = (FOLDER / "README.md").read_text()
    for rule in rules():
        assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}, rule
        assert rule["labels"]["severity"] in ("page", "ticket") and rule["annotations"]["summary"]
        assert re.fullmatch(r"\d+[smhd]", rule["for"])
        assert rule["expr"].count("(") == rule["expr"].count(")")
        assert f"**{rule['alert']}**" in runbook
