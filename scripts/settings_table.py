#!/usr/bin/env python3
"""Write docs/settings.md from the settings that plug-ins declare; with `--check`, only say whether it is up to date."""

import sys
from pathlib import Path

HOME = Path(__file__).parents[1]
PAGE = HOME / "docs" / "settings.md"
sys.path.insert(0, str(HOME))

from integrations.installed import CHANNELS  # noqa: E402
from msp.clients.platforms import Platform  # noqa: E402
from msp.config import EnvironmentSetting  # noqa: E402

INTRODUCTION = """# Settings of channels

This page is written by `scripts/settings_table.py` from the settings that each channel declares (`settings.py` of its
package). A channel without its required settings is off. Those for *installation* let workspaces install the app by
themselves. Any of them can be read from a file, with `_FILE` appended to its name. The README has all other settings.
"""
HEAD = "| name | meaning | type | use | default |\n|---|---|---|---|---|\n"
USES = {"required": "required", "install": "installation", "optional": "optional"}


def page() -> str:
    """The whole page."""
    return INTRODUCTION + "".join(_part(each.PLATFORM) for each in CHANNELS)


def _part(platform: Platform) -> str:
    return f"\n## {platform.full_name}\n{HEAD}{''.join(map(_row, platform.settings))}"


def _row(setting: EnvironmentSetting) -> str:
    kind = f"{setting.type.name}, secret" if setting.is_secret else setting.type.name
    default = f"`{setting.default}`" if setting.default else "computed" if setting.default_of else "–"
    return f"| `{setting.name}` | {setting.description} | {kind} | {USES[setting.use]} | {default} |\n"


if __name__ == "__main__":
    if "--check" in sys.argv:
        current = PAGE.exists() and PAGE.read_text() == page()
        sys.exit(0 if current else "docs/settings.md is not up to date: run scripts/settings_table.py")
    PAGE.write_text(page())
