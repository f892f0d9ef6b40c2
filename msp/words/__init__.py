"""Display texts in the reader's language and time zone, for pages, chat, mail and PDF.

- `vocabulary`: the word for a code, such as a status, a role or a kind of contract
- `formats`: dates, times, durations, numbers and money
- `deadline_explanations`: how a due date was calculated
- `escalation_texts`: the steps of an escalation policy
- `macro_texts`: variables and effects of macros
- `forecast_texts`: the reason for a forecast
- `refusals`: a sentence for each refusal code
- `event_messages`: a sentence for each kind of event
- `failure_messages`: why a delivery failed; platforms add the sentences of their own codes
- `per_locale`: a cache of values that depend on language and time zone only
"""
