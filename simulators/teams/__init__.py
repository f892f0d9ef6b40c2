"""Microsoft Teams: Bot Connector, sign-in and people.

- `server`: `create_teams_server`, made of the parts below
- `core`: state, keys, and sending activities to the bot
- `world`: tenants, people, conversations
- `directory`, `installs`, `writing`, `invokes`: acts of people
- `screens`: content for single people
- `activities`, `markup`, `files`: content of activities
- `signin`, `tokens`: sign-in and tokens
- `connector`, `messages`, `checks`, `cards`, `splitting`, `limits`, `refusals`: the Connector's API
"""
