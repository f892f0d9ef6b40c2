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


# When the transition of an inherited colour ends, those of inner elements start: until two rounds find none.
_SETTLED = """async () => {
    for (let round = 0, still = 0; round < 20 && still < 2; round++) {
        await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
        const running = document.getAnimations().filter(one => one.effect.getComputedTiming().iterations !== Infinity)
        still = running.length ? 0 : still + 1
        await Promise.all(running.map(one => one.finished.catch(() => 0)))
    }
}"""


def dark_contrast(page: Page) -> list[str]:
    """Violations of the contrast rule in dark mode; restores light mode."""
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.evaluate(_SETTLED)
    found = [f"dark {each}" for each in violations(page, rules=("color-contrast",))]
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    return found


def violations(page: Page, *, rules: tuple[str, ...] = ()) -> list[str]:
    """Violations on the current page as "rule: element"; all rules unless some are named."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(SOURCE.read_text() + ";0")
    found: list[dict[str, Any]] = page.evaluate(_RUN, list(rules))
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]
