"""Figures for operators; metrics and `msp doctor` share them.

- `figures`: what waits, is late or failed, from the database
- `lag`: whether workers keep up
- `uncertain_sends`: registry of sends whose outcome is not known
"""
