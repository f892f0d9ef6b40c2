"""Runs axe-core on an open page: every rule, best practices included; needs the Node development packages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SOURCE = Path(__file__).resolve().parent.parent / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """async rules => {
    const options = { resultTypes: ['violations'] }
    if (rules.length) options.runOnly = { type: 'rule', values: rules }
    return (await axe.run(document, options)).violations
}"""


# Twice: when the transition of an inherited colour ends, those of inner elements start.
_SETTLED = """async () => {
    for (let round = 0; round < 2; round++) {
        await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
        await Promise.all(document.getAnimations()
            .filter(one => one.effect.getComputedTiming().iterations !== Infinity)
            .map(one => one.finished.catch(() => 0)))
    }
}"""


def dark_contrast(page: Page) -> list[str]:
    """Violations of the contrast rule in dark mode; restores light mode."""
    page.emulate_media(color_scheme="dark")
    page.evaluate(_SETTLED)
    found = [f"dark {each}" for each in violations(page, rules=("color-contrast",))]
    page.emulate_media(color_scheme="light")
    return found


def violations(page: Page, *, rules: tuple[str, ...] = ()) -> list[str]:
    """Violations on the current page as "rule: element"; all rules unless some are named."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(SOURCE.read_text() + ";0")
    found: list[dict[str, Any]] = page.evaluate(_RUN, list(rules))
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]
