from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.policies import DEFAULTS, Policy, Reach
from server.errors import PolicyInvalid

P1 = DEFAULTS[0]
STEP = {"after_s": 0, "reach": {"beat": True}}


def parsed(**changes: Any) -> Policy:
    return Policy.parse({"revision": 1, "steps": [STEP], **changes}, name="P1", priority=1)


def test_the_default_of_priority_1_is_that_of_the_protocol() -> None:
    """The example of docs/wire.md §6.6."""
    assert P1.to_json() == {
        "name": "P1",
        "revision": 1,
        "priority": 1,
        "loop_s": 60,
        "en_route_s": 120,
        "steps": [
            {"after_s": 0, "reach": {"nearest_units": 3, "beat": True}, "sound": True, "say": ""},
            {"after_s": 10, "reach": {}, "sound": True, "say": ""},
            {"after_s": 15, "reach": {"radius_m": 3000.0, "duties": ["supervisor"]}, "sound": True, "say": ""},
            {"after_s": 30, "reach": {"duties": ["commander"]}, "sound": True, "say": ""},
            {"after_s": 60, "reach": {}, "sound": True, "say": "Call by radio."},
        ],
    }


@pytest.mark.parametrize("policy", DEFAULTS, ids=lambda policy: policy.name)
def test_a_default_could_have_been_written_by_an_admin(policy: Policy) -> None:
    assert Policy.parse(policy.to_json(), name=policy.name, priority=policy.priority) == policy
    assert Policy.from_json(policy.to_json()) == policy


def test_each_priority_has_a_default_and_the_lowest_is_for_the_staff() -> None:
    assert [policy.priority for policy in DEFAULTS] == [1, 2, 3, 4]
    assert [policy.is_for_staff for policy in DEFAULTS] == [False, False, False, True]


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"steps": []}, "steps"),
        ({"steps": None}, "steps"),
        ({"steps": "at once"}, "steps"),
        ({"steps": [{**STEP, "after_s": i} for i in range(21)]}, "steps"),
        ({"steps": [{**STEP, "after_s": 5}]}, "steps[0].after_s"),
        ({"steps": [STEP, STEP]}, "steps[1].after_s"),
        ({"steps": [STEP, {**STEP, "after_s": 30}, {**STEP, "after_s": 10}]}, "steps[2].after_s"),
        ({"steps": [STEP, {**STEP, "after_s": 3601}]}, "steps[1].after_s"),
        ({"steps": [STEP, {**STEP, "after_s": 1.5}]}, "steps[1].after_s"),
        ({"steps": [{"reach": {}}]}, "steps[0].after_s"),
        ({"steps": [{"after_s": 0}]}, "steps[0].reach"),
        ({"steps": [{**STEP, "reach": {"evrybody": True}}]}, "steps[0].reach.evrybody"),
        ({"steps": [3]}, "steps[0]"),
        ({"steps": [{**STEP, "sound": "loud"}]}, "steps[0].sound"),
        ({"steps": [{**STEP, "say": "x" * 201}]}, "steps[0].say"),
        ({"steps": [{**STEP, "reach": {"roles": ["sheriff"]}}]}, "steps[0].reach.roles[0]"),
        ({"steps": [{**STEP, "reach": {"duties": ["supervisor", "cook"]}}]}, "steps[0].reach.duties[1]"),
        ({"steps": [{**STEP, "reach": {"units": "7"}}]}, "steps[0].reach.units"),
        ({"steps": [{**STEP, "reach": {"nearest_units": 21}}]}, "steps[0].reach.nearest_units"),
        ({"steps": [{**STEP, "reach": {"nearest_units": -1}}]}, "steps[0].reach.nearest_units"),
        ({"steps": [{**STEP, "reach": {"radius_m": 0}}]}, "steps[0].reach.radius_m"),
        ({"steps": [{**STEP, "reach": {"radius_m": float("nan")}}]}, "steps[0].reach.radius_m"),
        ({"steps": [{**STEP, "reach": {"beat": "north"}}]}, "steps[0].reach.beat"),
        ({"loop_s": 14}, "loop_s"),
        ({"loop_s": 0}, "loop_s"),
        ({"loop_s": True}, "loop_s"),
        ({"en_route_s": 5}, "en_route_s"),
        ({"revision": None}, "revision"),
        ({"revision": "1"}, "revision"),
        ({"priority": 2}, "priority"),
    ],
)
def test_what_is_no_policy_is_refused_with_the_place(wrong: dict[str, Any], path: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parsed(**wrong)
    assert refused.value.path == path


def test_fields_that_nobody_knows_are_ignored() -> None:
    step = {**STEP, "colour": "red", "reach": {"beat": True}}
    assert parsed(steps=[step], owner="me") == parsed()


def test_what_may_be_left_out_is_nothing() -> None:
    policy = parsed()
    assert (policy.loop_s, policy.en_route_s, policy.steps[0].sound, policy.steps[0].say) == (None, None, True, "")


reaches = st.builds(
    Reach,
    nearest_units=st.integers(0, 20),
    beat=st.booleans(),
    radius_m=st.none() | st.floats(10, 50_000),
    units=st.lists(st.text("abc", min_size=1), unique=True).map(tuple),
    duties=st.lists(st.sampled_from(["supervisor", "commander"]), unique=True).map(tuple),
    everybody=st.booleans(),
)


@given(reaches)
def test_a_reach_survives_being_told(reach: Reach) -> None:
    assert Reach.from_json(reach.to_json()) == reach
    assert Reach.parse(reach.to_json(), "") == reach
