"""The command of the benchmark, which `msp` has in a checkout."""

import sys

import click

from msp.config import Settings


@click.command()
@click.option("--json", "json_path", envvar="BENCH_JSON", default="", help="Write the figures to this file too.")
@click.option("--only", envvar="ONLY", default="", help="Parts by name, with commas; without it all of them.")
def bench(json_path: str, only: str) -> None:
    """Preload a scratch desk, measure it against a baseline, print a table (BENCH_JSON: a file for the figures).

    ONLY names parts: starts, pages, endpoints, cards, flood, overload, steps, search. Talks to this machine alone. Exit
    code 1 where a target was missed.
    """
    from msp.bench import PARTS, run_bench

    wanted = [each.strip() for each in only.split(",") if each.strip()] or list(PARTS)
    if unknown := set(wanted) - set(PARTS):
        raise click.BadParameter(f"{', '.join(sorted(unknown))}; there are {', '.join(PARTS)}", param_hint="--only")
    settings = Settings.from_env()
    sys.exit(0 if run_bench(settings, json_path or None, only=wanted, say=click.echo) else 1)
