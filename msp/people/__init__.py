"""People, what they may do, and how they sign in.

- `access`: what a role may do, and the scope a person works in
- `actions`: add people, accounts and chat identities
- `chat_platforms`: chat systems that people can have identities in
- `editing`: change and deactivate people
- `queries`: people and their identities
- `names`: how to address a person; pure
- `given_names`: given names and surnames; pure
- `sessions`, `client_sessions`: sessions of signed-in people; of client people in `msp portal`
- `session_limits`: idle and absolute timeouts
- `tokens`: API tokens
- `password_reset`: links to a new password
- `first_administrator`: the setup code
- `events`: events of people, accounts and tokens
- `models`: people, accounts, sessions, tokens
"""
