from clients.cli import words
from clients.cli.line import Lost
from tests.clients.cli.wire_examples import EVENTS, VIDEO

SERVER = EVENTS["server"]


def test_an_alert_says_number_priority_what_and_where() -> None:
    assert words.alert(SERVER["entry_alert"]["alert"]) == (
        "ALERT 17, priority 1: Multiple gunshots · Multiple gunshots, 4 rounds"
        " · Main St near 4th Ave (41.7641, -72.6739 ± 25 m)"
    )


def test_an_alert_without_place_is_still_said() -> None:
    assert words.alert(SERVER["entry_alert_without_place"]["alert"]) == "ALERT 18, priority 1: Multiple gunshots"


def test_an_exercise_and_a_cancel_say_so() -> None:
    alert = SERVER["entry_alert"]["alert"]
    assert words.alert(alert | {"status": "Exercise"}).startswith("ALERT 17 Exercise, ")
    assert words.alert(alert | {"msg_type": "Cancel"}).startswith("ALERT 17 cancelled, ")
    assert words.alert(alert | {"revision": 3}).startswith("ALERT 17 revision 3, ")


def test_what_became_of_an_alert_is_said() -> None:
    alert = SERVER["entry_alert"]["alert"]
    said = {
        words.alert(alert | changes).partition(":")[0]
        for changes in ({"state": "new"}, {"state": "en_route"}, {"state": "closed", "outcome": "nothing_found"})
    }
    assert said == {
        "ALERT 17, priority 1",
        "ALERT 17, en route, priority 1",
        "ALERT 17, closed (nothing found), priority 1",
    }
    cancelled = words.alert(alert | {"msg_type": "Cancel", "state": "cancelled"})
    assert cancelled.startswith("ALERT 17 cancelled, priority 1")
    assert words.alert(alert | {"state": "cancelled"}).startswith("ALERT 17, cancelled, priority 1")
    until_ms = 1_700_000_000_000
    shelved = words.alert(alert | {"shelved": {"until_ms": until_ms, "by": "operator", "reason": "noise"}})
    assert shelved.startswith(f"ALERT 17, silent until {words.clock(until_ms)}, priority 1")


def test_a_push_says_who_gets_what_from_whom() -> None:
    assert words.push(SERVER["entry_push"]["push"]) == (
        "PUSH 3 from operator to officer-12, officer-14, Main St / 4th Ave, 1 photo: Grey sedan, heading north"
    )
    assert words.push(SERVER["entry_recall"]["push"]) == "PUSH 3 recalled by operator"
    assert words.push(SERVER["entry_push"]["push"] | {"status": "Exercise"}).startswith("PUSH 3 Exercise from")


def test_a_bulletin_says_who_is_wanted_and_who_is_not() -> None:
    assert words.bulletin(SERVER["entry_bulletin"]["bulletin"]) == (
        "WANTED 5: unknown, Robbery with a weapon, Main St, 18 November · caution: May be armed"
        " · verify: Tattoo of an anchor on the left hand"
    )
    cleared = words.bulletin(SERVER["entry_bulletin_cleared"]["bulletin"])
    assert cleared.startswith("WANTED 5 revision 2: unknown")
    assert cleared.endswith(" · NOT this person: The janitor of 14 Main St looks like him")


def test_a_bulletin_that_has_ended_says_only_that() -> None:
    ended = SERVER["entry_bulletin_ended"]["bulletin"]
    assert words.bulletin(ended) == "WANTED 5 is cancelled: Found; it must not be used any more"


def test_a_receipt_says_who_did_what() -> None:
    receipt = SERVER["receipt"]["receipt"]
    assert words.receipt(receipt, 17) == "alert 17 acknowledged by officer-12 on tablet-12"
    radio = receipt | {"via": "radio", "by": "dispatcher", "device": "radio"}
    assert words.receipt(radio, 17) == "alert 17 acknowledged by officer-12 by radio, says dispatcher"
    assert words.receipt(receipt, None) == "alert a-0197a4c2e1d07b3f acknowledged by officer-12 on tablet-12"


def test_a_camera_state_says_what_it_means() -> None:
    assert words.camera_state("main-4th", VIDEO["server"]["state"]["state"]) == (
        "camera main-4th is stalled: no picture for 5 s"
    )


def test_a_camera_state_without_a_reason_is_explained() -> None:
    assert words.camera_state("main-4th", VIDEO["server"]["subscribed"]["state"]) == "camera main-4th is live"
    idle = EVENTS["server"]["cameras_full"]["states"]["park-2nd"]
    assert words.camera_state("park-2nd", idle) == (
        "camera park-2nd is idle: nobody watches it, so it is not connected"
    )


def test_a_state_of_a_later_server_is_said_as_it_is() -> None:
    assert words.camera_state("main-4th", {"state": "asleep"}) == "camera main-4th is asleep"


def test_a_rendition_says_why_it_is_another_one() -> None:
    golden = VIDEO["server"]
    assert words.rendition("main-4th", golden["rendition"]) == "camera main-4th is shown in source"
    assert words.rendition("main-4th", golden["rendition_for_want_of_a_codec"]) == (
        "camera main-4th is shown in 480p: This client can't show H.265."
    )
    assert words.rendition("main-4th", {"rendition": "240p", "why": "link", "message": ""}) == (
        "camera main-4th is shown in 240p: the link carries no more"
    )


def test_nobody_online_is_said() -> None:
    assert words.online([]) == "online: nobody"


def test_a_lost_connection_says_when_it_is_tried_again() -> None:
    assert words.lost(Lost("the server stops", 0)) == "disconnected (the server stops); trying again at once"
    assert words.lost(Lost("refused", 1.25)).endswith("in 1.2 s")


def test_what_comes_over_the_network_cannot_command_a_terminal() -> None:
    alert = SERVER["entry_alert"]["alert"] | {"headline": "\x1b]0;gotcha\x07 \x1b[2J\r\nALERT 99"}
    assert words.alert(alert).isprintable()
