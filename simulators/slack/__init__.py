"""A Slack that runs here, as strict as Slack's documentation and its libraries say it is.

- `server`: `create_slack_server`, made of the parts below
- `core`: state, and sending events and interactions to the app
- `world`, `roster`, `places`: organizations, workspaces, people, channels; joining, leaving, archiving
- `manifest`, `installs`: what the app asks for; consent and tokens
- `people`, `kinds`, `speaking`, `interact`: what people write, press and submit
- `person`, `screens`: one person's view
- `envelopes`, `shapes`, `text`: what the app is sent
- `web`, `methods`, `chat`, `views`, `files`, `blocks`, `rich`: the Web API
- `limits`, `pending`, `spread`: rate limits, what is not visible yet, loads within the limits
- `state`: what tests and control routes read
"""
