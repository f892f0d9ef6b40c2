"""A simulated Slack, as strict as Slack's documentation and libraries describe it.

- `server`: `create_slack_server`, made of the parts below
- `core`: state, and sending events and interactions to the app
- `world`, `roster`, `places`: organizations, workspaces, people, channels; joining, leaving, archiving
- `manifest`, `installs`: the app's scopes and events; consent and tokens
- `people`, `kinds`, `speaking`, `interact`: acts of people
- `person`, `screens`: one person's view
- `envelopes`, `shapes`, `text`: content of events
- `web`, `methods`, `chat`, `views`, `files`, `blocks`, `rich`: the Web API
- `limits`, `pending`, `spread`: rate limits, delayed effects, loads within the limits
- `state`: read by tests and control routes
"""
