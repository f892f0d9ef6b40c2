"""SLA clocks: one for each SLA target of a ticket. They store start, budget and pauses; due dates are derived.

- `clocks`: starts, pauses, resumes, stops and reopens clocks; schedules the next check
- `retargeting`: targets after a change of priority, type, contract or calendar
- `reply_state`: whether a reply is owed, and since when; pure
- `undelivered`: clocks after a reply that was not delivered
- `timing`: clocks, pauses, contract and calendar of a ticket, read together
- `history`: the calendar version that explains a clock
- `explanation`: why a clock is due when it is, as codes
- `detail_queries`: row queries of the ticket page
- `models`: clocks, pauses, escalation steps taken
"""
