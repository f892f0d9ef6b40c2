"""Where the built stylesheet, script, icons and fonts are: names with their content's hash."""

import json
from functools import cache
from pathlib import Path

from flask import current_app, url_for


@cache
def _manifest(path: str, changed_ns: int) -> dict[str, str]:
    return {str(name): str(file) for name, file in json.loads(Path(path).read_text()).items()}


def asset(name: str) -> str:
    """URL of a built file by its plain name, such as `app.css`; refuses names that were not built."""
    path = Path(current_app.static_folder or "") / "dist" / "manifest.json"
    try:
        files = _manifest(str(path), path.stat().st_mtime_ns)
    except FileNotFoundError as missing:
        raise RuntimeError("the pages' files are not built: run `npm ci && npm run build`") from missing
    return url_for("static", filename=f"dist/{files[name]}")
