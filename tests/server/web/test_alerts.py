from tests.server.running import Client, Running


async def test_a_person_raises_an_alert_by_hand(operator: Client, officer: Client) -> None:
    answer = await operator.post("/api/alerts", {"event": "Person with a gun", "urgency": "Immediate"})
    assert answer.status == 201
    alert = answer.json["alert"]
    assert (alert["source"], alert["event"], alert["priority"]) == ("manual", "Person with a gun", 2)
    shown = await officer.get(f"/api/alerts/{alert['id']}")
    assert shown.json == {"alert": alert, "receipts": []}


async def test_the_same_identifier_again_is_the_same_alert(operator: Client) -> None:
    first = await operator.post("/api/alerts", {"event": "A", "identifier": "1"})
    again = await operator.post("/api/alerts", {"event": "A", "identifier": "1"})
    assert (first.status, again.status) == (201, 200)
    assert again.json == {**first.json, "duplicate": True}


async def test_an_alert_without_an_event_is_refused(operator: Client) -> None:
    answer = await operator.post("/api/alerts", {"headline": "?"})
    assert (answer.status, answer.code) == (400, "alert.invalid")


async def test_an_alert_that_is_not_there_is_unknown(officer: Client) -> None:
    answer = await officer.get("/api/alerts/none")
    assert (answer.status, answer.code) == (404, "alert.unknown")


async def test_an_officer_sees_who_has_it_but_no_receipts_of_others(server: Running, operator: Client) -> None:
    alert = (await operator.post("/api/alerts", {"event": "A"})).json["alert"]
    okafor, reyes = await server.signed_in("officer-7"), await server.signed_in("officer-12")
    for client, stage in ((okafor, "shown"), (reyes, "shown"), (okafor, "acknowledged")):
        command = {"id": f"command-{stage}", "item": "alert", "item_id": alert["id"], "revision": 1, "stage": stage}
        assert (await client.post("/api/receipts", {"receipts": [command]})).json["results"][0]["ok"]
    seen = (await reyes.get(f"/api/alerts/{alert['id']}")).json
    assert [(receipt["person"], receipt["stage"]) for receipt in seen["receipts"]] == [("officer-12", "shown")]
    assert [(step["person"], step["state"]) for step in seen["alert"]["progress"]] == [("officer-7", "acknowledged")]
