"""How far items have come; whatever the order in which it is told."""

from hypothesis import given
from hypothesis import strategies as st

from server.core.audience import EVERYBODY, STAFF, Audience
from server.core.people import Role
from server.core.receipts import Receipt, Stage, Via
from server.core.sums import STAGES, ItemSum, Numbers, Unreached, receivers, unreached
from tests.server.samples import EVERYBODY as PEOPLE
from tests.server.samples import NOW_MS

OFFICERS = frozenset({"officer-12", "officer-7", "officer-8"})


def a_receipt(person: str, stage: Stage, revision: int = 1, *, device: str = "tablet", via: Via = "device") -> Receipt:
    return Receipt("alert", "a-1", revision, person, device, stage, NOW_MS, via)


def a_sum(*receipts: Receipt, revision: int = 1) -> ItemSum:
    one = ItemSum("alert", "a-1", Numbers())
    one.sent(revision, OFFICERS)
    for receipt in receipts:
        one.add(receipt)
    return one


def counts(one: ItemSum) -> dict[str, int]:
    return {name: count for name, count in one.to_wire().items() if name in (*STAGES, "unreached") and count}


def test_an_item_is_sent_to_those_who_are_named_and_to_officers() -> None:
    assert receivers(EVERYBODY, PEOPLE) == OFFICERS
    assert receivers(STAFF, PEOPLE) == frozenset()
    assert receivers(Audience.of_people({"officer-7", "dispatcher"}), PEOPLE) == {"officer-7", "dispatcher"}
    assert receivers(Audience(roles=frozenset({Role.OFFICER})), PEOPLE) == OFFICERS


def test_before_the_first_receipt_it_is_queued() -> None:
    assert counts(a_sum()) == {"queued": 3}


def test_each_person_counts_once_where_he_came_furthest() -> None:
    one = a_sum(
        a_receipt("officer-12", Stage.ACKNOWLEDGED, device="phone"),
        a_receipt("officer-12", Stage.DELIVERED),
        a_receipt("officer-7", Stage.SHOWN),
        a_receipt("operator", Stage.SHOWN),
    )
    assert counts(one) == {"queued": 1, "shown": 1, "acknowledged": 1}


def test_what_changes_nothing_says_so() -> None:
    one = a_sum()
    assert one.add(a_receipt("officer-12", Stage.SHOWN))
    assert not one.add(a_receipt("officer-12", Stage.SHOWN))
    assert not one.add(a_receipt("officer-12", Stage.DELIVERED, device="phone"))
    assert not one.add(a_receipt("operator", Stage.SHOWN))


def test_who_saw_the_wrong_card_is_unreached_until_he_knows() -> None:
    seen = [
        a_receipt("officer-12", Stage.ACKNOWLEDGED),
        a_receipt("officer-7", Stage.SHOWN),
        a_receipt("officer-8", Stage.DELIVERED),
    ]
    one = a_sum(*seen, revision=2)
    assert counts(one) == {"queued": 3, "unreached": 2}
    assert one.unreached() == [
        Unreached("officer-12", Stage.ACKNOWLEDGED, 1, None),
        Unreached("officer-7", Stage.SHOWN, 1, None),
    ]
    one.add(a_receipt("officer-12", Stage.SHOWN, 2))
    assert one.unreached()[0] == Unreached("officer-12", Stage.ACKNOWLEDGED, 1, Stage.SHOWN)
    one.add(a_receipt("officer-12", Stage.ACKNOWLEDGED, 2))
    assert [each.person for each in one.unreached()] == ["officer-7"]
    one.add(a_receipt("officer-7", Stage.DECLINED, 2, device="radio", via="radio"))
    assert counts(one) == {"queued": 1, "declined": 1, "acknowledged": 1}
    assert one.unreached() == []


def test_a_first_revision_corrects_nothing() -> None:
    assert unreached([a_receipt("officer-12", Stage.SHOWN)], 1, OFFICERS) == []


def test_the_staff_is_not_called_by_radio() -> None:
    assert unreached([a_receipt("operator", Stage.ACKNOWLEDGED)], 2, OFFICERS) == []


def test_the_wire_form_is_the_one_of_the_protocol() -> None:
    one = a_sum(a_receipt("officer-12", Stage.SENT, 3), revision=3)
    assert one.to_wire() == {
        "item": "alert",
        "item_id": "a-1",
        "revision": 3,
        "queued": 2,
        "sent": 1,
        "delivered": 0,
        "shown": 0,
        "opened": 0,
        "declined": 0,
        "acknowledged": 0,
        "unreached": 0,
    }
    assert Unreached("officer-12", Stage.SHOWN, 1, None).to_wire() == {
        "person": "officer-12",
        "had": "shown",
        "had_revision": 1,
        "has": "",
    }


RECEIPTS = st.builds(
    Receipt,
    st.just("alert"),
    st.just("a-1"),
    st.integers(1, 3),
    st.sampled_from([*sorted(OFFICERS), "operator"]),
    st.sampled_from(["tablet", "phone"]),
    st.sampled_from(Stage),
    st.just(NOW_MS),
    st.sampled_from(["device", "radio"]),
)


@given(st.lists(RECEIPTS, max_size=20), st.randoms(use_true_random=False), st.integers(1, 3))
def test_any_order_and_any_repetition_gives_the_same(receipts: list[Receipt], random: object, revision: int) -> None:
    """A maximum: the model is written down without any order in it."""
    shuffled = receipts * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one = ItemSum("alert", "a-1", Numbers())
    middle = len(shuffled) // 2
    for receipt in shuffled[:middle]:
        one.add(receipt)
    one.sent(revision, OFFICERS)
    for receipt in shuffled[middle:]:
        one.add(receipt)
    present = max([revision, *(receipt.revision for receipt in receipts)])
    expected = dict.fromkeys(STAGES, 0)
    missed = set()
    for person in OFFICERS:
        mine = [receipt for receipt in receipts if receipt.person == person]
        now = [receipt for receipt in mine if receipt.revision == present]
        best = max((receipt.stage.step for receipt in now), default=0)
        expected[STAGES[best]] += 1
        saw = any(receipt.revision < present and receipt.stage.step >= Stage.SHOWN.step for receipt in mine)
        if saw and best < Stage.ACKNOWLEDGED.step and not any(receipt.via == "radio" for receipt in now):
            missed.add(person)
    wire = one.to_wire()
    assert (wire["revision"], {name: wire[name] for name in STAGES}) == (present, expected)
    assert {each.person for each in one.unreached()} == missed
    assert wire["unreached"] == len(missed)
