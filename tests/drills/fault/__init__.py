"""The fault drill: a desk of real processes at work, one bad thing after another, and then everything is counted.

`make drill` runs it (ROUNDS=, SEED=).
"""
