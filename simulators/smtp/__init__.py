"""A mail server and its mailboxes.

- `server`: `create_mail_server`
- `session`, `envelope`, `wire`: the protocol
- `mailbox`: received messages
"""
