"""The fault drill: a desk of real processes under load, one fault after another, then a count of all data.

`make drill` runs it (ROUNDS=, SEED=).
"""
