"""The conformance suite of channels: one list of behaviours, each run against every platform.

A behaviour is a test that takes `driver` and carries `@behaviour`; what a platform cannot do is a capability, and the
same test asserts what happens instead. A platform takes part by a folder with `driver.py`, which holds a `DRIVER`.
`scripts/channels_table.py` writes docs/channels.md from the behaviours.
"""
