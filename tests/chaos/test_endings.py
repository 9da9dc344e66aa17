"""The checker of endings: what was taken back is gone everywhere, and every way of coming back is told apart."""

from dataclasses import replace

from tests.chaos.card import Card
from tests.chaos.endings import check
from tests.chaos.findings import Findings
from tests.chaos.history import Event, Healed, History, Opened, Power, Publish, Seen, Shown, Whole

TOLD = Card("push-1", "push-1", 1, kind="push", print="whole")
OVER = replace(TOLD, revision=2, print="left", is_over=True)
FOR = frozenset({"officer-7"})
SENT = Publish(1.0, "push-1", "ok", "push-1", to=FOR)
RECALLED = Publish(3.0, "push-1", "ok", "push-1", act="end", revision=2, to=FOR)
GOOD: tuple[Event, ...] = (
    Opened(0.5, "tablet", "server-0", 1),
    Opened(0.5, "other", "server-1", 1),
    SENT,
    Seen(1.1, "tablet", 5, "push", (TOLD,)),
    Shown(1.4, "tablet", "push-1", 1),
    RECALLED,
    Seen(3.1, "tablet", 6, "push", (OVER,)),
    Healed(8.0),
)
BULLETIN = Card("bulletin-1", "bulletin-1", 1, kind="bulletin", print="whole")
EXPIRED = replace(BULLETIN, print="left", is_over=True)
SHORT = Publish(1.0, "bulletin-1", "ok", "bulletin-1", to=FOR, ends_s=4.0)


def broken(events: tuple[Event, ...], due: Card = OVER) -> list[str]:
    return [found.sentence for found in check(History(list(events)), Findings((due,), (due,), (), (), True))]


def test_a_recall_that_has_reached_everybody_passes() -> None:
    assert broken(GOOD) == []


def test_a_recall_that_was_accepted_and_did_not_happen_is_found() -> None:
    assert broken(GOOD[:6], TOLD) == ["push-1 was taken back or has run out, and is not over."]


def test_something_that_is_over_by_itself_is_found() -> None:
    assert broken(tuple(event for event in GOOD if event != RECALLED)) == ["push-1 is over, and nobody took it back."]


def test_a_recall_whose_answer_was_lost_may_have_happened_or_not() -> None:
    unknown = tuple(replace(RECALLED, phase="unknown") if event == RECALLED else event for event in GOOD)
    assert broken(unknown) == []
    assert broken((*GOOD[:5], replace(RECALLED, phase="unknown")), TOLD) == []


def test_a_device_that_never_hears_of_the_end_is_found() -> None:
    assert broken(GOOD[:6]) == ["tablet was never told that push-1 is over."]


def test_a_device_whose_snapshot_leaves_out_what_is_over_holds_it_no_more() -> None:
    assert broken((*GOOD[:6], Whole(4.0, "tablet", 7, "asked"))) == []


def test_contents_that_are_told_again_to_who_knows_of_the_end_are_found() -> None:
    again = (Seen(3.3, "tablet", 7, "push", (TOLD,)), Seen(3.4, "tablet", 8, "push", (OVER,)))
    assert broken((*GOOD, *again)) == ["tablet was told the contents of push-1 after its end."]


def test_a_server_that_knows_of_the_end_and_tells_a_newcomer_the_contents_is_found() -> None:
    late = (
        Opened(4.0, "late", "server-0", 1),
        Seen(4.1, "late", 5, "push", (TOLD,)),
        Seen(4.2, "late", 6, "push", (OVER,)),
    )
    assert broken((*GOOD, *late)) == ["late was told the contents of push-1 after its end."]
    elsewhere = replace(late[0], server="server-1")
    assert broken((*GOOD, elsewhere, *late[1:])) == []


def test_a_snapshot_with_the_contents_of_what_is_over_is_found() -> None:
    late = (Opened(4.0, "late", "server-0", -1), Whole(4.1, "late", 7, "asked", (TOLD,)))
    assert broken((*GOOD, *late)) == [
        "late was told the contents of push-1 after its end.",
        "late was never told that push-1 is over.",
    ]


def test_what_was_on_its_way_before_the_end_may_still_come() -> None:
    slow = (Seen(4.1, "other", 5, "push", (TOLD,)), Seen(4.2, "other", 6, "push", (OVER,)))
    assert broken((*GOOD, *slow)) == []


def test_a_card_that_is_shown_after_its_end_is_found() -> None:
    assert broken((*GOOD, Shown(3.5, "tablet", "push-1", 1))) == ["tablet has shown push-1 after its end."]


def test_a_bulletin_that_runs_out_on_time_passes() -> None:
    told = (
        Opened(0.5, "tablet", "server-0", 1),
        SHORT,
        Seen(1.1, "tablet", 5, "bulletin", (BULLETIN,)),
        Shown(1.4, "tablet", "bulletin-1", 1),
        Seen(5.0, "tablet", 6, "bulletin", (EXPIRED,)),
        Healed(8.0),
    )
    assert broken(told, EXPIRED) == []


def test_a_bulletin_that_does_not_run_out_is_found() -> None:
    assert broken((SHORT, Healed(8.0)), BULLETIN) == ["bulletin-1 was taken back or has run out, and is not over."]


def test_a_bulletin_that_is_shown_or_told_after_it_has_run_out_is_found() -> None:
    late = (
        SHORT,
        Opened(6.5, "tablet", "server-0", 1),
        Seen(6.6, "tablet", 5, "bulletin", (BULLETIN,)),
        Shown(6.9, "tablet", "bulletin-1", 1),
        Seen(7.0, "tablet", 6, "bulletin", (EXPIRED,)),
        Healed(8.0),
    )
    told, shown = "was told the contents of bulletin-1 after its end.", "has shown bulletin-1 after its end."
    assert broken(late, EXPIRED) == [f"tablet {told}", f"tablet {shown}"]
    assert broken((Power(0.1, "clocks", False), *late), EXPIRED) == [f"tablet {shown}"]
