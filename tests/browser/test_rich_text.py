"""Messages of every kind on a phone and a desktop, light and dark: nothing is wider than the page."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets.opening import Request, open_ticket
from tests.browser.conftest import Served
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SignedIn = Callable[[Person], BrowserContext]
LONG = "x" * 400
BODY = f"""Un **párrafo** con https://a.example/{LONG}_y y `{LONG}`:

- uno {LONG}
  1. dentro

```
{LONG} {LONG}
    sangrado
```

> cita {LONG}

| una columna | otra columna | tercera | cuarta | quinta |
|---|---|---|---|---|
| {LONG} | valor | valor | valor | valor |
"""


@pytest.fixture
def opened(world: World) -> None:
    with work(Scope.client(world.lozano.id)):
        wanted = Request(subject="El TPV no cobra", body=BODY, source="portal")
        open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())


@pytest.mark.parametrize("width", [390, 1300])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_message_is_wider_than_the_page(
    served: Served, signed_in: SignedIn, world: World, opened: None, width: int, scheme: str
) -> None:
    for person, path in ((world.tomas, "/desk/tickets/LOZ-1"), (world.marta, "/portal/tickets/LOZ-1")):
        page = signed_in(person).new_page()
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(f"{served.url}{path}")
        assert _overflow(page) <= 0
        block = page.locator(".rich pre")
        assert block.evaluate("node => getComputedStyle(node).whiteSpaceCollapse || 'preserve'") == "preserve"
        assert page.locator(".rich pre").evaluate("node => node.scrollWidth - node.clientWidth") <= 0
        link = page.locator(".rich a").first
        assert link.get_attribute("target") == "_blank" and link.is_visible()
        assert _contrast(page) >= 4.5


def _overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def _contrast(page: Page) -> float:
    """The contrast of code with its background, by the formula of WCAG 2."""
    return float(
        page.locator(".rich pre code").evaluate(
            """node => {
              const canvas = Object.assign(document.createElement('canvas'), {width: 1, height: 1}).getContext('2d')
              const light = color => {
                canvas.fillStyle = color
                canvas.fillRect(0, 0, 1, 1)
                const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(each => {
                  each /= 255
                  return each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4
                })
                return 0.2126 * r + 0.7152 * g + 0.0722 * b
              }
              const one = light(getComputedStyle(node).color)
              const other = light(getComputedStyle(node.parentElement).backgroundColor)
              return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
            }"""
        )
    )
