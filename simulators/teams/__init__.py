"""Microsoft Teams: Bot Connector, sign-in and people's side of it."""
