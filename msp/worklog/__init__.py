"""Time worked on tickets: time entries and timers.

- `actions`: log, correct and delete time; who may; timers
- `billed`: which entries an invoice bills, for billing
- `overlaps`: entries at the same time, days of more than 24 hours
- `moving`: time and timers of merged tickets
- `queries`: time entries in pages
- `detail_queries`: row queries of the ticket page
- `events`: events of time entries
- `models`: time entries and timers
"""
