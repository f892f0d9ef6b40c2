"""Lists by name in pages of fifty."""

from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from flask_babel import gettext

PAGE = 50


@dataclass(frozen=True, slots=True)
class Pager:
    """Which page is asked for, and how to get to the ones beside it."""

    number: int

    @classmethod
    def of_request(cls) -> "Pager":
        """The page that the address names; the first where it names nonsense."""
        written = request.args.get("page", "1")
        return cls(min(int(written), 100_000) if written.isdecimal() and len(written) < 7 and int(written) else 1)

    @property
    def offset(self) -> int:
        """How many rows stand before this page."""
        return (self.number - 1) * PAGE

    def context(self, total: int) -> dict[str, str | None]:
        """What the template's `pages` draws."""
        last = min(self.offset + PAGE, total)
        shown = gettext("%(first)s–%(last)s of %(total)s", first=self.offset + 1, last=last, total=total)
        return {
            "before_url": self._url(self.number - 1) if self.number > 1 else None,
            "after_url": self._url(self.number + 1) if last < total else None,
            "shown": shown,
        }

    def _url(self, number: int) -> str:
        args: dict[str, Any] = {**(request.view_args or {}), **request.args.to_dict(flat=True), "page": number}
        return url_for(str(request.endpoint), **args)
