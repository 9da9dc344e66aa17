"""Corrections: what a source or a person says otherwise of an alert, and the revision that comes of it.

All functions take the alert as it stands and give it back as it stands then; a revision more when it is said
otherwise. What is *done* about an alert is in core/life_cycle.py.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from server.core.alerts import INTERNAL_STATUSES, AlertRecord, AlertState, Change
from streams.geo import Point

WORDS = (
    "status",
    "category",
    "event",
    "urgency",
    "severity",
    "certainty",
    "priority",
    "headline",
    "description",
    "instruction",
    "onset_ms",
    "expires_ms",
    "area_desc",
    "point",
    "radius_m",
    "parameters",
)
"""The fields that say what happened; what differs in one of them is a revision."""
_URGENCY = ("priority", "urgency", "severity", "certainty")
_PLACE = ("point", "radius_m", "area_desc")
MAX_REASON_CHARACTERS = 500

Words = Mapping[str, Any]
"""Some of ``WORDS``, as they are on the wire."""


def words_of(record: AlertRecord) -> dict[str, Any]:
    wire: dict[str, Any] = {name: getattr(record, name) for name in WORDS}
    wire["point"] = _point_to_wire(record.point)
    wire["parameters"] = dict(record.parameters)
    return wire


def source_words(revisions: Iterable[AlertRecord]) -> dict[str, Any]:
    """What the source has said so far, without what people have said since.

    Args:
        revisions: all of the alert, oldest first.
    """
    said: dict[str, Any] = {}
    for record in revisions:
        if not said:
            said = words_of(record)
        elif record.revised_by == _name_of(record):
            said |= {change.field: change.after for change in record.changes}
    return said


def said_again(
    present: AlertRecord,
    message: AlertRecord,
    revisions: Iterable[AlertRecord],
    *,
    has_status: bool,
    has_priority: bool,
    now_ms: int,
) -> AlertRecord | None:
    """The next revision after another message of the source about the same event; None when it says nothing new.

    What a message leaves out (a text, a time, the status, the place, how urgent it is) stays as it was. Where people
    have said otherwise than the source, they are believed until the source changes its mind. A newer message about what
    the source itself had cancelled, or what had expired, makes the alert new again; so does a later end of the latter.

    Args:
        message: what came, as if it were the first; the revision is in the name of whoever it is from.
        revisions: all that are kept, oldest first.
        has_status: whether the source said a status,
        has_priority: and a priority.
    """
    is_first_word = is_cancellation_alone(present)
    if _is_older(message, present) and not is_first_word:
        return None
    if message.msg_type == "Cancel":
        return cancelled(
            present, by=message.revised_by, reason=_reason(message), now_ms=now_ms, sent_ms=message.sent_ms
        )
    words = _without_what_is_left_out(words_of(message), has_status=has_status, has_priority=has_priority)
    before = {} if is_first_word else source_words(revisions)
    news = {name: value for name, value in words.items() if name not in before or value != before[name]}
    goes_on = _is_newer(message, present) or _says_it_lasts(message, present)
    is_anew: bool | None = goes_on and _may_come_back(present, message, now_ms)
    if not is_anew and not is_first_word:
        is_anew = None
    after = corrected(present, news, by=message.revised_by, reason="", now_ms=now_ms, is_anew=is_anew)
    if after is None:
        return None
    msg_type = "Cancel" if present.msg_type == "Cancel" and after.state.is_over else "Update"
    sent_ms = present.sent_ms if message.sent_ms is None else max(message.sent_ms, present.sent_ms or 0)
    return replace(after, msg_type=msg_type, sent_ms=sent_ms, problems=message.problems)


def corrected(
    present: AlertRecord, words: Words, *, by: str, reason: str, now_ms: int, is_anew: bool | None = None
) -> AlertRecord | None:
    """The revision in which ``words`` are said; None when they are what is said already.

    Args:
        is_anew: whether it makes the alert new again, whatever was done about it; None: a higher priority does, and
            so does that it is meant in earnest now.
    """
    before = words_of(present)
    words = dict(words)
    if is_anew is None:
        is_earnest = _is_more_earnest(words.get("status", present.status), present.status)
        is_anew = is_earnest or words.get("priority", present.priority) < present.priority
    expires_ms = words.get("expires_ms", present.expires_ms)
    if is_anew and expires_ms is not None and expires_ms <= now_ms:
        words["expires_ms"] = None  # it would be over again at once
    changes = tuple(
        Change(name, before[name], words[name]) for name in WORDS if name in words and words[name] != before[name]
    )
    if not changes and not is_anew:
        return None
    said = {change.field: change.after for change in changes}
    if "point" in said:
        said["point"] = Point(**said["point"]) if said["point"] else None
    revised = replace(_revised(present, by=by, reason=reason, now_ms=now_ms), changes=changes, **said)
    return _made_new(revised) if is_anew else revised


def reopened(present: AlertRecord, *, by: str, reason: str, now_ms: int) -> AlertRecord:
    """The revision in which an alert that was over is new again."""
    after = corrected(present, {}, by=by, reason=reason, now_ms=now_ms, is_anew=True)
    assert after is not None, "what is made new has a revision of its own"
    return replace(after, msg_type="Update")


def cancelled(
    present: AlertRecord, *, by: str, reason: str, now_ms: int, sent_ms: int | None = None
) -> AlertRecord | None:
    """The revision in which it is taken back; None when it was. What was closed stays closed, with its outcome:
    who was there knows better."""
    if present.msg_type == "Cancel" and present.state in (AlertState.CANCELLED, AlertState.CLOSED):
        return None
    state = AlertState.CLOSED if present.state is AlertState.CLOSED else AlertState.CANCELLED
    revised = _revised(present, by=by, reason=reason, now_ms=now_ms)
    newest_ms = present.sent_ms if sent_ms is None else sent_ms
    return replace(revised, state=state, msg_type="Cancel", shelved=None, changes=(), sent_ms=newest_ms)


def cancelled_before_it_came(record: AlertRecord) -> AlertRecord:
    """What is kept of a cancellation whose alert has not come yet."""
    return replace(record, state=AlertState.CANCELLED, reason=_reason(record))


def is_cancellation_alone(record: AlertRecord) -> bool:
    """Whether the alert itself has not come yet, only that it is none."""
    return record.revision == 1 and record.msg_type == "Cancel"


def _revised(present: AlertRecord, *, by: str, reason: str, now_ms: int) -> AlertRecord:
    return replace(present, revision=present.revision + 1, revised_ms=now_ms, revised_by=by, reason=reason)


def _made_new(record: AlertRecord) -> AlertRecord:
    return replace(record, state=AlertState.NEW, outcome="", shelved=None, group_id=None)


def _without_what_is_left_out(words: dict[str, Any], *, has_status: bool, has_priority: bool) -> dict[str, Any]:
    left_out = {name for name, value in words.items() if value in ("", None) or value == {}}
    if words["point"] is not None or words["area_desc"]:
        left_out -= set(_PLACE)  # another place, or a place with less known of it
    if not has_priority and words["urgency"] == words["severity"] == "Unknown":
        left_out |= set(_URGENCY)
    if not has_status:
        left_out.add("status")
    return {name: value for name, value in words.items() if name not in left_out}


def _may_come_back(present: AlertRecord, message: AlertRecord, now_ms: int) -> bool:
    match present.state:
        case AlertState.CANCELLED:
            # What a person has cancelled stays so, unless it gets worse.
            return present.progress[-1:] == () or present.progress[-1].state is not AlertState.CANCELLED
        case AlertState.EXPIRED:
            return message.expires_ms is None or message.expires_ms > now_ms
        case _:
            return False


def _is_more_earnest(status: str, before: str) -> bool:
    """A drill has turned real, or what was the center's own matter is everybody's."""
    if before in INTERNAL_STATUSES:
        return status not in INTERNAL_STATUSES
    return status == "Actual" != before


def _is_older(message: AlertRecord, present: AlertRecord) -> bool:
    return message.sent_ms is not None and present.sent_ms is not None and message.sent_ms < present.sent_ms


def _is_newer(message: AlertRecord, present: AlertRecord) -> bool:
    return message.sent_ms is not None and present.sent_ms is not None and message.sent_ms > present.sent_ms


def _says_it_lasts(message: AlertRecord, present: AlertRecord) -> bool:
    """Another end of what had expired is news from sources that don't say when they sent something, too."""
    return present.state is AlertState.EXPIRED and message.expires_ms not in (None, present.expires_ms)


def _reason(message: AlertRecord) -> str:
    return (message.headline or message.description)[:MAX_REASON_CHARACTERS]


def _name_of(record: AlertRecord) -> str:
    return f"source:{record.source}"


def _point_to_wire(point: Point | None) -> dict[str, float] | None:
    return {"lat": point.lat, "lon": point.lon} if point else None
