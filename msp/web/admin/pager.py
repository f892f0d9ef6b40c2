"""Pagination of lists sorted by name, fifty rows per page."""

from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from flask_babel import gettext

PAGE = 50


@dataclass(frozen=True, slots=True)
class Pager:
    """The requested page, and links to its neighbours."""

    number: int

    @classmethod
    def of_request(cls) -> "Pager":
        """The page in the URL; the first page if the parameter is invalid."""
        written = request.args.get("page", "1")
        return cls(min(int(written), 100_000) if written.isdecimal() and len(written) < 7 and int(written) else 1)

    @property
    def offset(self) -> int:
        """Number of rows before this page."""
        return (self.number - 1) * PAGE

    def context(self, total: int) -> dict[str, str | None]:
        """Context of the template's `pages` macro."""
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
