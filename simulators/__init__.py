"""Local servers that speak the real protocols of Slack, Teams, Stripe and SMTP, for the demo and the tests.

Product code never imports this package. Each server keeps its state in memory and is started with `serve`.

- `slack`, `teams`, `stripe`, `smtp`: one server each
- `playground`: the demo's page on which one acts as a requester
- `serving`: a server on a port, in a thread
- `control`: HTTP routes under /_control that drive a server
- `courier`: sends requests to the application, with retries
- `faults`: errors on demand
- `feed`: log of events, in order
- `ids`: ids and times that are the same in each run
- `keeping`: stores conversations in a file
- `signing`: Slack's request signatures
"""

from simulators.serving import RunningServer, serve

__all__ = ["RunningServer", "serve"]
