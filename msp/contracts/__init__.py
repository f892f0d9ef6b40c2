"""Contracts: SLA targets and prices.

- `actions`: add, change and end contracts; dated terms
- `queries`: the current contract, and its SLA targets
- `service_level`: SLA targets as a value; pure
- `escalation_policy`: escalation steps as a value; pure
- `kinds`: the kinds of contract, their terms and how they are priced; pure
- `terms`: the schema of contract terms by kind
- `events`: events of contracts
- `models`: contracts, terms, rate cards
"""
