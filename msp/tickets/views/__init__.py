"""Saved views of tickets: filters and order with a name, for a person, the team, or a client.

- `definition`: what a view selects; read and checked for page, API and storage; pure
- `selecting`: the tickets of a view in pages, and how many there are
- `actions`: adds, changes and removes views; lists those a person sees
- `models`: the table
"""
