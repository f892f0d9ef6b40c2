"""URLs of built stylesheets, scripts, icons and fonts; file names contain a content hash."""

import json
import time
from functools import cache, lru_cache
from pathlib import Path

from flask import current_app, request, url_for

LOOK_SECONDS = 1.0
_looked: tuple[float, dict[str, str]] = (0.0, {})


def asset(name: str) -> str:
    """URL of a built file by its plain name, such as `app.css`; raises an error for unknown names."""
    return _url(request.root_path, _files()[name])


def _files() -> dict[str, str]:
    """Plain names to built names; checked for a new build once a second."""
    global _looked
    moment = time.monotonic()
    if not _looked[1] or moment - _looked[0] > LOOK_SECONDS:
        path = Path(current_app.static_folder or "") / "dist" / "manifest.json"
        try:
            _looked = (moment, _manifest(str(path), path.stat().st_mtime_ns))
        except FileNotFoundError as missing:
            raise RuntimeError("the pages' files are not built: run `npm ci && npm run build`") from missing
    return _looked[1]


@cache
def _manifest(path: str, changed_ns: int) -> dict[str, str]:
    return {str(name): str(file) for name, file in json.loads(Path(path).read_text()).items()}


@lru_cache(maxsize=256)
def _url(_root: str, file: str) -> str:
    return url_for("static", filename=f"dist/{file}")
