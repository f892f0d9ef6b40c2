"""A Slack that runs here, as strict as Slack's documentation and its libraries say it is.

`server` puts it together. What is in it: `world`, `roster` (organizations, workspaces, people, channels), `manifest`
(what the app asks for), `installs` (consent, tokens), `places` (joining, leaving, archiving). What people say:
`people`, `kinds`, `speaking`, `interact`; `person` gives one person's view in one line each, `screens` what they see.
What the app hears: `envelopes`, `shapes`, sent by `core`. What the app calls: `web` with `methods`, `chat`, `views`,
`files`, `blocks`, `rich`, within `limits`; `spread` says how a heavy load stays within them. `state` is what tests and
the control routes read.
"""
