"""Sentences that describe chat events (msp.words.event_messages)."""

from flask_babel import gettext

from integrations.channels import events
from msp.words.event_messages import add_event_messages

add_event_messages(
    {
        events.FileOffered: lambda _: gettext("File to fetch"),
        events.TranscriptAwaited: lambda _: gettext("Transcript to fetch"),
        events.DeletedEarly: lambda _: gettext("Message deleted before it arrived"),
        events.UnconnectedWrote: lambda _: gettext("Message from a workspace that is not connected"),
        events.StrangerWrote: lambda _: gettext("Message from another company"),
        events.RefusedWrote: lambda _: gettext("Message from someone who may not open tickets"),
    }
)
