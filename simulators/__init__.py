"""Local servers that speak the real protocols of the outside world, for the demo and the tests.

Production code never imports this package. Each server lives in memory, is a WSGI application of
its own, and is brought up with `serve`.
"""

from simulators.serving import RunningServer, serve

__all__ = ["RunningServer", "serve"]
