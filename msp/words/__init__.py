"""Words for people, in the reader's language and time zone; pages, chat, mail and PDF take them from here.

- `vocabulary`: the word for a code, such as a status, a role or a kind of contract
- `formats`: dates, times, durations, numbers and money
- `deadline_explanations`: how a deadline was calculated
- `escalation_texts`: the steps of an escalation policy
- `forecast_texts`: why a forecast is what it is
- `refusals`: what each refusal code means
- `event_messages`: what happened, one sentence for each kind of event
- `failure_messages`: why a delivery failed; platforms bring the sentences of their own codes
- `per_locale`: a cache for what depends on language and time zone alone
"""
