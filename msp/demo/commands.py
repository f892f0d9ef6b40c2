"""The command of a demonstration, which `msp` has in a checkout."""

import click

from msp import embedded
from msp.config import Settings
from msp.supervisor import StartError


@click.command()
def demo() -> None:
    """Fill an empty installation with the made-up desk (MSP_ENV=demo does so by itself on its first start)."""
    from msp.demo import first_start
    from msp.demo.running import load_app

    settings = Settings.from_env()
    if not settings.is_demo:
        raise StartError("The made-up desk is for MSP_ENV=demo alone")
    with embedded.running(settings):
        is_new = first_start.load_once(load_app(settings))
    click.echo("The made-up desk is in place." if is_new else "There is something in this installation already.")
