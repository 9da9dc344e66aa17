import pytest

from server.lanes import links
from server.lanes.links import KEPT_S, Links
from streams.rendition import Rendition


def test_who_comes_back_soon_begins_with_what_his_link_carried() -> None:
    now = 0.0
    known = Links(lambda: now)
    assert known.came("officer-12", "tablet") is Rendition.SOURCE
    known.left("officer-12", "tablet", Rendition.P240)
    now = KEPT_S
    assert known.came("officer-12", "tablet") is Rendition.P240
    assert known.came("officer-12", "desk") is Rendition.SOURCE, "another link"
    now = KEPT_S + 1
    assert known.came("officer-12", "tablet") is Rendition.SOURCE


def test_a_link_that_has_become_good_is_remembered_as_good() -> None:
    known = Links(lambda: 0.0)
    known.left("officer-12", "tablet", Rendition.P240)
    known.left("officer-12", "tablet", Rendition.SOURCE)
    assert known.came("officer-12", "tablet") is Rendition.SOURCE


def test_no_more_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MAX_LINKS", 2)
    known = Links(lambda: 0.0)
    for device in ("a", "b", "a", "c"):
        known.left("officer-12", device, Rendition.STILLS)
    assert [known.came("officer-12", device) for device in "abc"] == [
        Rendition.STILLS,
        Rendition.SOURCE,
        Rendition.STILLS,
    ]
