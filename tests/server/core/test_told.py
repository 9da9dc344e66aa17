from server.core.told import MAX_ITEMS, Told


def test_each_session_is_told_of_a_revision_once() -> None:
    told = Told[str]()
    assert told.fresh("alert", "a", 1, ["tablet-1", "tablet-2"]) == ["tablet-1", "tablet-2"]
    assert told.fresh("alert", "a", 1, ["tablet-1", "tablet-2", "tablet-3"]) == ["tablet-3"]
    assert told.fresh("alert", "a", 2, ["tablet-1"]) == ["tablet-1"]
    assert told.fresh("push", "a", 1, ["tablet-1"]) == ["tablet-1"]


def test_who_has_left_is_forgotten() -> None:
    told = Told[str]()
    told.fresh("alert", "a", 1, ["tablet-1"])
    told.left("tablet-1")
    assert told.fresh("alert", "a", 1, ["tablet-1"]) == ["tablet-1"]


def test_what_is_spoken_of_is_remembered_longest() -> None:
    told = Told[str]()
    for number in range(MAX_ITEMS):
        told.fresh("alert", str(number), 1, ["tablet-1"])
    assert told.fresh("alert", "0", 1, ["tablet-1"]) == []
    told.fresh("alert", "one more", 1, ["tablet-1"])
    assert told.fresh("alert", "1", 1, ["tablet-1"]) == ["tablet-1"]
    assert told.fresh("alert", "0", 1, ["tablet-1"]) == []
