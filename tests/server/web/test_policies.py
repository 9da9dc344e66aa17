from typing import Any

import pytest

from tests.server.running import Client, Running


async def policy_of(client: Client, name: str) -> dict[str, Any]:
    found = (await client.get("/api/policies")).json["policies"]
    return next(policy for policy in found if policy["name"] == name)


async def test_the_staff_see_the_policies_and_officers_do_not(operator: Client, officer: Client) -> None:
    answer = await operator.get("/api/policies")
    assert [policy["name"] for policy in answer.json["policies"]] == ["P1", "P2", "P3", "P4"]
    assert (await officer.get("/api/policies")).code == "auth.forbidden"


async def test_an_admin_changes_a_policy_and_it_is_in_force_for_the_next_alert(
    server: Running, operator: Client
) -> None:
    admin = await server.signed_in("admin")
    policy = await policy_of(admin, "P2")
    steps = [{"after_s": 0, "reach": {"units": ["7"]}}, {"after_s": 20, "reach": {"everybody": True}}]
    answer = await admin.request("PUT", "/api/policies/P2", json={**policy, "steps": steps})
    assert (answer.status, answer.json["policy"]["revision"]) == (200, 2)
    raised = await operator.post("/api/alerts", {"event": "Fight", "priority": 2})
    escalation = raised.json["alert"]["escalation"]
    assert (escalation["policy"], escalation["steps"], escalation["reached"]) == ("P2", 2, 1)
    assert (await admin.request("PUT", "/api/policies/P2", json=policy)).code == "conflict.revision"


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        ({"steps": []}, "policy.invalid", "steps"),
        ({"loop_s": 5}, "policy.invalid", "loop_s"),
        (
            {"steps": [{"after_s": 0, "reach": {"units": ["99"]}}]},
            "policy.invalid",
            "steps[0].reach.units[0]",
        ),
        (
            {"steps": [{"after_s": 0, "reach": {"beats": ["nowhere"]}}]},
            "policy.invalid",
            "steps[0].reach.beats[0]",
        ),
        (
            {"steps": [{"after_s": 0, "reach": {"roles": ["sheriff"]}}]},
            "policy.invalid",
            "steps[0].reach.roles[0]",
        ),
    ],
)
async def test_what_is_no_policy_changes_nothing(server: Running, wrong: dict[str, Any], code: str, path: str) -> None:
    admin = await server.signed_in("admin")
    policy = await policy_of(admin, "P1")
    answer = await admin.request("PUT", "/api/policies/P1", json={**policy, **wrong})
    assert (answer.status, answer.code, answer.json["error"]["path"]) == (400, code, path)
    assert await policy_of(admin, "P1") == policy


async def test_only_admins_change_them_and_only_those_there_are(server: Running, operator: Client) -> None:
    policy = await policy_of(operator, "P1")
    assert (await operator.request("PUT", "/api/policies/P1", json=policy)).code == "auth.forbidden"
    admin = await server.signed_in("admin")
    answer = await admin.request("PUT", "/api/policies/P9", json=policy)
    assert (answer.status, answer.code) == (404, "policy.unknown")
