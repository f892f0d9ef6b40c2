"""Writes a ticket: its messages, the changes of its fields, its clocks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from msp.demo.content import pools
from msp.demo.labour import WorkShift, time_entries
from msp.demo.opening import open_with
from msp.demo.plan import DemoPlan, choose_steps, cut_at, moments_of
from msp.demo.script import ScriptStep
from msp.demo.timeline import Moment, waited_minutes
from msp.demo.words import WEEKDAYS, Words, appointment_words, say, with_words, words_for
from msp.demo.world import DemoChange, DemoMessage, DemoTicket, Person, SlaClock

_CLOSE_AFTER = timedelta(days=3)
_CHAT = ("slack", "teams", "portal")


@dataclass
class _Draft:
    """A ticket while it is being written."""

    plan: DemoPlan
    words: Words
    rng: Random
    messages: list[DemoMessage]
    changes: list[DemoChange]
    assignee: Person | None = None
    tier: int = 1
    speaker: Person | None = None  # the technician in conversation with the requester
    taken_at: datetime | None = None


def tell(plan: DemoPlan, rng: Random, seen: set[str]) -> DemoTicket | None:
    """Write the ticket of a plan; returns None if its story does not fit into the available time.

    `seen` holds every opening and every thread so far; an opening is worded differently until it is new.
    """
    openings = plan.scenario.scripts[plan.locale].openings
    telling = plan.opening if plan.opening is not None else plan.turn % len(openings)
    steps = _steps(plan, telling, rng)
    moments = moments_of(plan, steps, rng) if steps is not None else None
    fresh = _fresh_opening(plan, telling, moments, rng, seen) if moments is not None else None
    if moments is None or fresh is None:
        return None
    subject, body, words = fresh
    draft = _Draft(plan, words, rng, [], [], tier=plan.scenario.tier)
    for position, moment in enumerate(moments):
        following = moments[position + 1].at if position + 1 < len(moments) else plan.now
        _perform(draft, moment, moments[position - 1] if position else None, following)
    thread = "\n".join(message.body for message in draft.messages)
    if thread and thread in seen:
        return None
    seen.add(thread)
    return _ticket(draft, moments, subject, body)


def _steps(plan: DemoPlan, telling: int, rng: Random) -> tuple[ScriptStep, ...] | None:
    """Return the steps so far; None if the story never reaches the planned status."""
    steps = choose_steps(plan.scenario, plan.locale, telling, rng)
    if plan.status != "resolved":
        return cut_at(steps, plan.status, rng)
    return _with_impatience(steps, plan.locale, rng) if plan.breach == "resolution" else steps


def _with_impatience(steps: tuple[ScriptStep, ...], locale: str, rng: Random) -> tuple[ScriptStep, ...]:
    """Return the steps with a reminder and an answer before the solution, as late tickets have."""
    end = next(i for i, step in enumerate(steps) if step.mark == "resolved")
    if steps[end - 1].mark in ("waiting_third_party", "scheduled", "escalate") or end < 2:
        return steps
    chase = ScriptStep("e", "", False, None, (rng.choice(pools.ANY_NEWS[locale]),))
    reply = ScriptStep(steps[end].actor, "", False, None, (rng.choice(pools.STILL_ON_IT[locale]),))
    return (*steps[:end], chase, reply, *steps[end:])


def _day_of(moments: tuple[Moment, ...], plan: DemoPlan) -> dict[str, str]:
    """Return the day that the requester mentions, for which the appointment will be made."""
    appointment = next((moment.appointment for moment in moments if moment.appointment), None)
    if not appointment or appointment - plan.created > timedelta(days=6):
        return {}
    return {"day": WEEKDAYS[plan.locale][plan.worktime.local(appointment).weekday()]}


def _fresh_opening(
    plan: DemoPlan, telling: int, moments: tuple[Moment, ...], rng: Random, seen: set[str]
) -> tuple[str, str, Words] | None:
    script = plan.scenario.scripts[plan.locale]
    created = plan.worktime.local(plan.created)
    opening = script.openings[telling % len(script.openings)]
    day = _day_of(moments, plan)
    subject = plan.subject or script.subjects[telling % len(script.subjects)]
    for _ in range(12):
        words = words_for(plan.client, plan.requester, plan.locale, created, rng, {**day, **plan.fixed})
        body = open_with(
            opening,
            words,
            requester=plan.requester,
            source=plan.source,
            priority=plan.priority,
            type=plan.scenario.type,
            at=created,
            rng=rng,
        )
        if body not in seen:
            seen.add(body)
            return say(subject, words, at=created, me=None, rng=rng).rstrip("."), body, words
    return None


def _perform(draft: _Draft, moment: Moment, previous: Moment | None, following: datetime) -> None:
    step, plan = moment.step, draft.plan
    if step.tier and draft.assignee is None:
        _take(draft, moment)
    if step.tier == 0:
        _requester_says(draft, moment, previous)
        return
    author = draft.assignee if step.mark == "escalate" or step.tier <= draft.tier else None
    author = author or plan.technicians[step.tier]
    text = _spoken(draft, moment, author)
    if step.mark == "escalate":
        _hand_over(draft, moment, author, text, following)
        return
    if previous and previous.status in ("waiting_third_party", "scheduled") and moment.status == "open":
        _change(draft, moment.at - timedelta(seconds=20), author, "status", "open")
    visibility = "internal" if step.mark == "note" else "public"
    channel = "console" if step.mark == "note" else _channel(plan)
    draft.messages.append(DemoMessage(moment.at, author.email, visibility, channel, text))
    draft.speaker = author if visibility == "public" else draft.speaker
    if step.mark not in ("", "note"):
        _change(draft, moment.at + timedelta(seconds=1), author, "status", step.mark)
    if moment.appointment:
        when = moment.appointment.isoformat()
        _change(draft, moment.at + timedelta(seconds=1), author, "scheduled_for", when)


def _take(draft: _Draft, moment: Moment) -> None:
    """The first technician takes the ticket shortly before the first message."""
    plan, rng = draft.plan, draft.rng
    technician = plan.technicians[moment.step.tier]
    waited = (moment.at - plan.created).total_seconds()
    draft.taken_at = moment.at - timedelta(seconds=min(rng.uniform(50, 420), waited * 0.6))
    draft.assignee = draft.speaker = technician
    _change(draft, draft.taken_at, technician, "assignee", technician.email)
    _change(draft, draft.taken_at, technician, "status", "open")
    if plan.initial_priority != plan.priority:
        _change(draft, draft.taken_at + timedelta(seconds=5), technician, "priority", plan.priority)


def _requester_says(draft: _Draft, moment: Moment, previous: Moment | None) -> None:
    text = _spoken(draft, moment, draft.speaker)
    author = draft.plan.requester.email
    draft.messages.append(DemoMessage(moment.at, author, "public", _channel(draft.plan), text))
    if previous and previous.status == "waiting_client":
        _change(draft, moment.at + timedelta(seconds=1), draft.plan.requester, "status", "open")


def _hand_over(draft: _Draft, moment: Moment, author: Person, reason: str, following: datetime) -> None:
    tier = moment.step.tier
    _change(draft, moment.at, author, "tier", str(tier), reason)
    successor = draft.plan.technicians[tier]
    pause = min(draft.rng.uniform(60, 300), (following - moment.at).total_seconds() * 0.5)
    _change(draft, moment.at + timedelta(seconds=pause), successor, "assignee", successor.email)
    draft.tier, draft.assignee = tier, successor


def _spoken(draft: _Draft, moment: Moment, me: Person | None) -> str:
    zone = draft.plan.worktime
    at = zone.local(moment.at)
    if moment.appointment:
        draft.words = with_words(
            draft.words, **appointment_words(zone.local(moment.appointment), at, draft.words.locale)
        )
    second = draft.plan.technicians[2]
    words = draft.words
    if second.gender == "f":
        words = Words(words.slots, words.women | {"u"}, words.locale, words.formal)
    extra = {"tech2": second.given_name}
    return say(moment.step.wordings[0], words, at=at, me=me, rng=draft.rng, extra=extra)


def _change(
    draft: _Draft, at: datetime, actor: Person | None, field: str, value: str, reason: str | None = None
) -> None:
    draft.changes.append(DemoChange(at, actor.email if actor else None, field, value, reason))


def _channel(plan: DemoPlan) -> str:
    return plan.source if plan.source in _CHAT else "email"


def _ticket(draft: _Draft, moments: tuple[Moment, ...], subject: str, body: str) -> DemoTicket:
    plan = draft.plan
    resolved_at = next((m.at for m in moments if m.status == "resolved"), None)
    closed_at = resolved_at + _CLOSE_AFTER if resolved_at else None
    if closed_at and (closed_at > plan.now or closed_at <= moments[-1].at):
        closed_at = None
    if closed_at:
        _change(draft, closed_at, None, "status", "closed")
    clocks = _clocks(plan, moments, resolved_at)
    _escalate_breach(draft, clocks[1], moments)
    answered = clocks[0].met_at
    status = "closed" if closed_at else moments[-1].status if moments else "new"
    shift = WorkShift(plan, moments, draft.taken_at, draft.words)
    return DemoTicket(
        number="",
        client_code=plan.client.code,
        contract=plan.contract.key,
        requester=plan.requester.email,
        subject=subject,
        body=body,
        locale=plan.locale,
        type=plan.scenario.type,
        source=plan.source,
        tags=plan.scenario.tags,
        created_at=plan.created,
        initial_priority=plan.initial_priority,
        initial_tier=plan.scenario.tier,
        priority=plan.priority if draft.assignee else plan.initial_priority,
        tier=draft.tier,
        status=status,
        assignee=draft.assignee.email if draft.assignee else None,
        scheduled_for=_appointment(moments) if status == "scheduled" else None,
        first_responded_at=answered,
        resolved_at=resolved_at,
        closed_at=closed_at,
        messages=tuple(draft.messages),
        changes=tuple(sorted(draft.changes, key=lambda change: change.at)),
        time_entries=time_entries(shift, draft.rng),
        clocks=clocks,
        scenario=plan.scenario.key,
    )


def _appointment(moments: tuple[Moment, ...]) -> datetime | None:
    return next((moment.appointment for moment in reversed(moments) if moment.appointment), None)


def _clocks(plan: DemoPlan, moments: tuple[Moment, ...], resolved_at: datetime | None) -> tuple[SlaClock, SlaClock]:
    answers = (m.at for m in moments if m.step.tier and m.step.mark not in ("note", "escalate"))
    answered_at = next(answers, None)
    paused = waited_minutes(moments, plan.worktime)
    is_paused = bool(moments) and moments[-1].status == "waiting_client"
    resolution = plan.target.resolution
    due = None if is_paused else plan.worktime.add(plan.created, resolution + paused)
    response = plan.response_target
    return (
        _clock("first_response", response, plan.worktime.add(plan.created, response), answered_at, plan.now),
        _clock("resolution", resolution, due, resolved_at, plan.now),
    )


def _clock(kind: str, minutes: int, due: datetime | None, met: datetime | None, now: datetime) -> SlaClock:
    return SlaClock(kind, minutes, due, met, due is not None and (met or now) > due)


def _escalate_breach(draft: _Draft, clock: SlaClock, moments: tuple[Moment, ...]) -> None:
    """A breach raises the ticket to the next tier, unless it was raised already or is raised later."""
    due = clock.due_at
    if not clock.breached or due is None or draft.tier == 3:
        return
    if any(moment.step.mark == "escalate" and moment.at >= due for moment in moments):
        return
    draft.tier += 1
    _change(draft, due, None, "tier", str(draft.tier), "resolution_breached")
