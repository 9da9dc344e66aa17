from tests.server.running import Client, Running


async def test_staff_see_who_there_is_and_who_is_connected(server: Running, operator: Client, officer: Client) -> None:
    async with officer.events() as events:
        await events.until("hello")
        people = {person["id"]: person for person in (await operator.get("/api/people")).json["people"]}
        assert people["officer-12"] == {
            "id": "officer-12",
            "name": "A. Reyes",
            "role": "officer",
            "unit": "12",
            "online": True,
        }
        assert not people["officer-7"]["online"]
        assert len(people) == len(server.config.people)
