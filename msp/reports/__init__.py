"""SLA compliance, drill-down and forecast.

- `outcome`: what became of an SLA target, as one SQL expression
- `attainment`: targets of a question, counted or listed
- `satisfaction`: ratings of a question, counted or listed
- `figures`: counts, and shares that follow from them
- `names`: names of what figures are grouped by
- `period`: the days of a report
- `reasons`: behind one target: ticket, contract, calculation of the deadline
- `forecast`: which open targets are at risk; pure
- `late_chance`: how likely a target is missed, from past ones like it; pure
- `as_of`: what was known of a target at an earlier instant; pure
- `backtest`: forecasts of past mornings and what came of them; pure
- `outlook`: the forecast of the next hours
- `targets`: targets of the last months with their histories
"""
