"""The demo: a made-up service desk with four months behind it."""

from msp.demo.generator import PASSWORD, generate, generate_clients
from msp.demo.world import DemoWorld

__all__ = ["PASSWORD", "DemoWorld", "generate", "generate_clients"]
