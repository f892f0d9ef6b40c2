"""The demo's page on which one acts as a requester, and the process that serves the simulators.

- `page`, `views`: the page
- `slack`, `teams`: its halves
- `desk_client`: calls the simulators' control routes
- `words`: mrkdwn and Markdown as HTML
- `cast`, `workspaces`: the demo's clients in the simulators
- `local`, `run`: settings and process of the simulators
"""
