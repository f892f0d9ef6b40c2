"""The demo: a fictional service desk with four months of history."""

from msp.demo.generator import PASSWORD, generate, generate_clients
from msp.demo.world import DemoWorld

__all__ = ["PASSWORD", "DemoWorld", "generate", "generate_clients"]
