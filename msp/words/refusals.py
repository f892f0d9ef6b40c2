"""A sentence for each refusal code, for pages, chat and mail.

Codes are those of `msp.kernel.errors`: of the refusal and of its fields. `field.code` is looked up before `code`, for
codes with a specific meaning for one field. Packages above register theirs with `add_messages`.
"""

from collections.abc import Callable, Mapping, Sequence
from math import ceil

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l

from msp.kernel.errors import Refusal
from msp.people.first_administrator import MIN_PASSWORD
from msp.people.session_limits import MOST_ABSOLUTE_DAYS, MOST_IDLE_HOURS
from msp.tickets.attaching import MOST_FILES
from msp.tickets.follow_ups import LONGEST_DAYS as LONGEST_REOPEN_DAYS
from msp.tickets.grouping import LONGEST_SECONDS as LONGEST_GROUPING_SECONDS
from msp.tickets.undoable import LONGEST_SECONDS as LONGEST_UNDO_SECONDS

Params = Mapping[str, object]


def message(refusal: Refusal) -> str:
    """The sentence of a refusal; for Invalid, those of its fields."""
    if texts_by_field := field_messages(getattr(refusal, "fields", {})):
        return " ".join(dict.fromkeys(text for texts in texts_by_field.values() for text in texts))
    if refusal.code.endswith("_not_found"):  # the same for all, so that the existence of an object is not disclosed
        return gettext("This does not exist, or you have no access to it.")
    return _text(refusal.code, refusal.params) or gettext("This is not possible.")


def field_messages(fields: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """A sentence for each code of each field."""
    return {
        name: [_text(f"{name}.{code}") or _text(code) or _text("invalid") for code in codes]
        for name, codes in fields.items()
        if codes
    }


def add_messages(messages: Mapping[str, object]) -> None:
    """Register the codes of a package: lazy sentences, or functions of the refusal's parameters. Idempotent."""
    MESSAGES.update(messages)


def _text(code: str, params: Params | None = None) -> str:
    found = MESSAGES.get(code, "")
    return str(found(params or {})) if callable(found) else str(found)


def _after_wait(sentence: Callable[[str], str]) -> Callable[[Params], str]:
    def text(params: Params) -> str:
        seconds = int(str(params["retry_after"]))
        if seconds < 60:
            return sentence(ngettext("%(num)d second", "%(num)d seconds", seconds))
        return sentence(ngettext("%(num)d minute", "%(num)d minutes", ceil(seconds / 60)))

    return text


MESSAGES: dict[str, object] = {
    # of tickets and their messages
    "action_waits": _l("Another action on this ticket is still pending. Wait a few seconds or undo it."),
    "already_linked": _l("These two tickets are linked already."),
    "merge_is_final": _l("A merge can be undone for one day."),
    "not_merged": _l("This ticket is not merged into another one."),
    "closed_too_long": _l("This ticket was closed too long ago. A message opens a new one that follows it."),
    "is_requester": _l("This person is the requester of the ticket."),
    "changed_since": _l("It was changed afterwards: not restored."),
    "client_not_active": _l("This client is not active: no tickets can be opened for it."),
    "macro_empty": _l("Enter a text, or choose at least one change."),
    "message_unchangeable": _l("This message can no longer be changed."),
    "not_failed": _l("This message has not failed."),
    "not_possible": _l("No longer possible: the ticket has changed."),
    "no_ratings": _l("Tickets are not rated here."),
    "not_finished": _l("Only resolved tickets can be rated."),
    "rating_is_final": _l("A rating can be changed for one day."),
    "rating_too_late": _l("This ticket was resolved too long ago to be rated."),
    "not_spam": _l("This ticket is not marked as spam."),
    "one_level_of_children": _l("A child ticket has one parent, and no child tickets of its own."),
    "reply_held": _l("There are new messages. Read them before you send your reply."),
    "target_is_finished": _l("The other ticket is already finished. Reopen it first, or merge the other way round."),
    "target_is_merged": _l("The other ticket is itself merged into another one."),
    "ticket_is_merged": _l("This ticket is merged into another one. Write there."),
    "ticket_is_spam": _l("This ticket is marked as spam."),
    "sender_blocked": _l("You cannot send messages here. Contact us another way."),
    "status_move_refused": _l("The ticket cannot change to that status."),
    "ticket_changed": _l("The ticket has changed. Reload it."),
    "nothing_to_take": _l("No unassigned ticket of your tier is waiting."),
    "ticket_taken": _l("This ticket is already assigned to someone else."),
    "time_entry_billed": _l("This time is on an invoice and cannot be changed."),
    "timer_running": _l("Your timer is running on another ticket. Stop it there first."),
    "too_late": _l("Already done."),
    "too_many_followers": _l("This ticket has too many followers."),
    "too_many_links": _l("This ticket has too many links."),
    # of people, clients and calendars
    "already_set_up": _l("An administrator already exists. Sign in."),
    "code_in_use": _l("That code is already in use by another client."),
    "connection_in_use": _l("That workspace is connected to another client."),
    "email_in_use": _l("That address is already in use."),
    "email_of_several": _l("People in several companies have that address."),
    "has_password": _l("A password has already been chosen."),
    "not_allowed": _l("You are not allowed to do this."),
    "person_not_active": _l("This person is not active."),
    "year_is_empty": _l("This year has no holidays yet."),
    "year_is_frozen": _l("The holidays of this year are confirmed and cannot be changed."),
    # of requests
    "already_exists": _l("Already exists."),
    "changed_meanwhile": _l("Edited by someone else. Reload the page."),
    "form_expired": _l("The form has expired. Reload the page."),
    "frozen": _l("Can no longer be changed."),
    "idempotency_key_reused": _l("This Idempotency-Key was already used for a different request."),
    "in_use_or_unknown": _l("In use, or refers to something that does not exist."),
    "too_many_attempts": _after_wait(
        lambda wait: gettext("Too many attempts. Try again in %(wait)s or reset your password by email.", wait=wait)
    ),
    "too_many_requests": _after_wait(lambda wait: gettext("Too many requests. Try again in %(wait)s.", wait=wait)),
    "too_many_sign_ins": _after_wait(lambda wait: gettext("Too many requests. Try again in %(wait)s.", wait=wait)),
    "version_is_older": _l("The version you sent is out of date."),
    # of any field
    "before_start": _l("Cannot be before the start."),
    "duplicate": _l("Duplicate."),
    "equals_start": _l("Cannot be the same as the start."),
    "in_future": _l("Cannot be in the future."),
    "in_past": _l("Cannot be in the past."),
    "in_use": _l("In use."),
    "invalid": _l("Not valid."),
    "not_available": _l("Not available yet."),
    "out_of_range": _l("Out of range."),
    "required": _l("Required."),
    "too_far": _l("Too far in the future."),
    "too_long": _l("Too long."),
    "too_many": _l("Too many."),
    "unknown": _l("Unknown value."),
    "unknown_variable": _l("An unknown variable. Choose one of the list, and close its braces."),
    "unknown_field": _l("Unknown field."),
    # of fields of tickets
    "differs_from_times": _l("Start and end do not match the minutes: leave one of the three empty."),
    "minutes.out_of_range": _l("Between one minute and a day."),
    "no_such_ticket": _l("This client has no ticket with that number."),
    "not_active": _l("This person is not active."),
    "not_of_client": _l("This person belongs to another company."),
    "not_scheduled": _l("The ticket is not scheduled: choose that status with its time."),
    "not_with_view": _l("Cannot be combined with a view."),
    "not_staff": _l("Not an active member of the team."),
    "files.empty": _l("A file is empty."),
    "files.too_many": _l("At most %(most)s files.", most=MOST_FILES),
    "one_must_stay": _l("At least one message must stay on this ticket."),
    "other_client": _l("That ticket belongs to another client."),
    "same_ticket": _l("That is this ticket itself."),
    "too_large": _l("File too large: at most 20 MB."),
    "upload_quota_exceeded": _l("Daily limit reached. Send the rest tomorrow."),
    # of fields of people
    "absolute_days.out_of_range": _l("A whole number from 1 to %(most)s.", most=MOST_ABSOLUTE_DAYS),
    "all_days": _l("At least one day must not be quiet."),
    "beyond_absolute": _l("Cannot exceed the maximum session length."),
    "beyond_person": _l("This person’s role does not allow that scope."),
    "email_shape": _l("Use the format name@company.example."),
    "idle_hours.out_of_range": _l("A whole number from 1 to %(most)s.", most=MOST_IDLE_HOURS),
    "not_of_staff": _l("Only for contacts of clients."),
    "not_on_call": _l("Only active technicians, team leads and administrators can be on call."),
    "order": _l("The end must be after the start."),
    "past": _l("Cannot be in the past."),
    "role_of_others": _l("That role is not available for people in this company."),
    "token_role_beyond_person": _l("This person’s role does not allow that scope."),
    "too_short": _l("At least %(count)d characters.", count=MIN_PASSWORD),
    "wrong_code": _l("That is not the setup code. `msp setup-code` prints it."),
    "yourself": _l("You cannot remove this from yourself; ask another administrator."),
    # of fields of clients, contracts, calendars and settings
    "code_shape": _l("2 to 8 capital letters and digits, starting with a letter."),
    "contradicts_parties": _l("Does not match the addresses and tax IDs of both parties, which determine the tax."),
    "domain_shape": _l("One per line, such as company.example."),
    "iban": _l("Not a valid IBAN."),
    "line_shape": _l("Not valid: check the date and hours of each line."),
    "milestone_shape": _l("Use the format name; date; amount, one per line."),
    "money_mixed": _l("Amounts of different currencies."),
    "nif_check": _l("The control character does not match: check for swapped characters."),
    "nif_shape": _l("A NIF has nine characters, such as B12345674 or 12345678Z."),
    "no_holidays": _l("There are no holidays for that place."),
    "number_shape": _l("A number, such as 75.50."),
    "other_year": _l("Date in a different year."),
    "postcode_shape": _l("A Spanish postcode has five digits, such as 28001."),
    "target_order": _l("Whole minutes; response cannot exceed resolution."),
    "url_shape": _l("A web address, such as https://hooks.company.example/escalations."),
    "grouping_seconds.out_of_range": _l("A whole number from 0 to %(longest)s.", longest=LONGEST_GROUPING_SECONDS),
    "reopen_days.out_of_range": _l("A whole number from 0 to %(longest)s.", longest=LONGEST_REOPEN_DAYS),
    "reply_undo_seconds.out_of_range": _l("A whole number from 0 to %(longest)s.", longest=LONGEST_UNDO_SECONDS),
    "undo_seconds.out_of_range": _l("A whole number from 0 to %(longest)s.", longest=LONGEST_UNDO_SECONDS),
    "verifactu_mode.not_available": _l("Not available: this version cannot send records to the tax agency (AEAT)."),
    "vat_shape": _l("Not a valid VAT number for that country."),
    "window_shape": _l("Use the format 9:00-14:00, 16:00-19:00, without overlaps."),
}
