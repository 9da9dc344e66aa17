import math

from server.core.presence import Presence


def test_who_is_on_another_server_is_online_while_that_server_is_heard() -> None:
    presence = Presence()
    assert presence.heard("b", ["officer-14"], until=120), "new to us"
    assert not presence.heard("b", ["officer-14"], until=125)
    assert presence.people({"officer-12"}, now=124) == {"officer-12", "officer-14"}
    assert presence.people({"officer-12"}, now=125) == {"officer-12"}


def test_it_is_known_until_when_nothing_changes_by_itself() -> None:
    presence = Presence()
    assert presence.good_until() == math.inf
    presence.heard("b", ["officer-14"], until=125)
    presence.heard("c", ["officer-15"], until=121)
    assert presence.good_until() == 121
    presence.people(set(), now=122)
    assert presence.good_until() == 125


def test_the_last_word_of_a_server_counts() -> None:
    presence = Presence()
    presence.heard("b", ["officer-14"], until=125)
    presence.heard("c", ["officer-15"], until=125)
    presence.heard("b", [], until=126)
    assert presence.people(set(), now=120) == {"officer-15"}
