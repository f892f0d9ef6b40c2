"""A mail server and the mailboxes behind it."""
