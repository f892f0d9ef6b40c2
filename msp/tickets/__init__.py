"""Tickets: opened, written on, changed and read; their SLA targets, escalation and search.

What others call
- `opening`: opens a ticket with its first message and SLA clocks
- `by_requester`: the requester's actions, for chat, portal and API
- `rating`: the requester's rating of a finished ticket
- `messages`: replies and notes of the desk
- `own_messages`: one's own messages edited or retracted
- `noting`: internal notes with mentions
- `actions`: assignment, status, priority, contract, tier, details
- `hand_offs`, `accepting`: tickets handed off to another tier with a form, and accepted there
- `taking`: a technician takes the most urgent unassigned ticket
- `linking`: links between tickets, and the children of a ticket
- `following`: followers: staff who watch, people of the client in CC
- `link_targets`: tickets to link to or merge into, found by number or subject
- `follow_ups`: reopening, and tickets that follow closed ones
- `timeline_rows`: messages and events of a ticket for an export
- `spam`, `spam_events`: spam tickets and blocked senders
- `merging`, `survivors`: tickets merged into others, and which ticket continues one
- `splitting`: messages moved to another ticket, or to a new one
- `closing`: tickets closed as merged or spam, and restored
- `message_changes`: a message edited, deleted or restored in chat
- `undoable`: actions that can be undone for some seconds
- `bulk`, `bulk_actions`: one action on many tickets, with undo
- `callers`: requester of a ticket that staff opens
- `events`: events of tickets, messages, files and SLA targets; emits them
- `ticket_rows`: the row and the filter of all lists
- `queries`, `finished`, `api_queries`: lists of tickets and single tickets
- `detail`: row queries of the ticket page
- `reading`: which replies a requester has not read
- `search`: full-text search
- `views`: saved views
- `attaching`, `attached_files`: files that people attach to a message; stored files
- `thumbnails`, `pictures`: small re-encoded images of files
- `upload_quota`: bytes of files that a person or client may send in a day

Rules
- `states`: statuses, moves, finished and open; priorities
- `link_rules`: kinds of links and how each ticket names them
- `label`: LOZ-42, read and written
- `numbers`: the next number of a client, with the current contract
- `schedule`: times for which a ticket may be scheduled
- `held_replies`: a reply is refused if others wrote meanwhile
- `grouping`: how long messages of a person are added to one ticket
- `history`: status, priority and contract of a ticket at an earlier instant

SLA and escalation
- `sla_targets`: updates a ticket's clocks after each change
- `recomputing`: recomputes open clocks after a change of contract or calendar
- `undelivered`: reopens the clocks of a reply that failed
- `delayed_replies`: replies that can be undone
- `drafts`: drafts of replies and notes
- `escalation`: finds due escalation steps
- `escalation_actions`: takes them
- `waking`: opens scheduled tickets when their time comes

Texts
- `subject`, `derived_subject`: the subject of a ticket from its messages
- `message_lines`, `sentence_end`, `opening_phrases`, `weak_sentences`: how a subject is found in a message
- `small_talk`, `still_failing`: thanks and greetings; "it still fails"
- `phrases`, `folding`: lists of phrases, text without case and accents

Storage
- `models`: tickets, messages, attachments, conversations
- `follower_models`: followers of tickets
- `hand_off_models`: hand-offs between tiers
- `blocked_models`: blocked senders
- `merge_models`: merges, with what they moved
- `link_models`: links between tickets
- `rating_models`, `rating_events`: ratings of tickets
- `locking`: locks several tickets in one order
- `bulk_models`: what a bulk action did
- `removed_files`: files of deleted messages
"""
