"""Macros: a prepared reply or note, changes of fields and time, applied to a ticket in one step.

A macro that only has a text is a canned reply.

- `models`: the table
- `events`: its events
- `variables`: variables of texts, and their expansion (pure)
- `definition`: the values of a macro and their checks (pure)
- `actions`: add, edit, remove
- `applying`: apply a macro to a ticket
- `queries`: the macros of a person, for a ticket, and in pages
"""
