"""The command line against a whole server: real sockets, real SQLite, real Valkey, real processes."""

import json
import signal
import stat
from pathlib import Path

import pytest

from tests.clients.cli.conftest import CommandLine, ended, next_line
from tests.server.running import Running
from tests.vectors.photos import picture


async def test_an_alert_is_raised_heard_and_acknowledged(operator: CommandLine, officer: CommandLine) -> None:
    listening = await operator.start("listen", "--json", "--count", "2")
    await next_line(listening, "snapshot")
    raised = await operator("raise", "Multiple gunshots", "--at", "41.7641", "-72.6739", "--priority", "1", "--json")
    assert raised.code == 0
    alert = raised.lines[0]["alert"]
    assert (alert["event"], alert["priority"], alert["point"]["lat"]) == ("Multiple gunshots", 1, 41.7641)
    acknowledged = await officer("ack", f"alert:{alert['number']}", "--json")
    assert acknowledged.code == 0
    assert acknowledged.lines[0]["receipt"]["person"] == "officer-12"
    heard = await ended(listening)
    assert heard.code == 0
    entries = [line for line in heard.lines if line["type"] == "entry"]
    assert [entry["kind"] for entry in entries] == ["alert", "receipts"]
    assert entries[0]["alert"] == alert
    assert entries[1]["receipts"][0]["stage"] == "acknowledged"
    assert f"ALERT {alert['number']}, priority 1: Multiple gunshots" in heard.words
    assert f"alert {alert['number']} acknowledged by officer-12" in heard.words


async def test_a_push_reaches_its_officer(operator: CommandLine, officer: CommandLine) -> None:
    listening = await officer.start("listen", "--json", "--count", "1")
    await next_line(listening, "snapshot")
    sent = await operator(
        "push", "main-4th", "harbor", "--to", "officer-12", "unit:7", "--note", "Grey sedan", "--json"
    )
    assert sent.code == 0
    heard = await ended(listening)
    push = next(line["push"] for line in heard.lines if line["type"] == "entry")
    assert push == sent.lines[0]["push"]
    assert [camera["id"] for camera in push["cameras"]] == ["main-4th", "harbor"]
    assert sorted(push["recipients"]) == ["officer-12", "officer-7"]
    acknowledged = await officer("ack", push["id"], "--json")
    assert acknowledged.lines[0]["receipt"]["item"] == "push"


async def test_who_listens_and_acts_from_another_terminal_listens_on(
    officer: CommandLine, operator: CommandLine
) -> None:
    number = (await operator("raise", "Shots", "--json")).lines[0]["alert"]["number"]
    sent = await operator("push", "harbor", "--to", "officer-12", "--json")
    listening = await officer.start("listen", "--json", "--count", "3")
    await next_line(listening, "snapshot")
    assert (await officer("ack", str(number))).code == 0
    assert (await officer("ack", f"push:{sent.lines[0]['push']['number']}")).code == 0
    assert (await officer("en-route", str(number))).code == 0
    heard = await ended(listening)
    assert heard.code == 0, heard.words
    assert "disconnected" not in heard.words


@pytest.mark.parametrize("name", ["17", "push:17", "bulletin:17", "tip:3", "nothing"])
async def test_what_is_not_there_is_refused(officer: CommandLine, name: str) -> None:
    refused = await officer("ack", name)
    assert refused.code == 5
    assert "last 24 hours" in refused.words


async def test_an_alert_is_worked_on_until_it_is_closed(operator: CommandLine, officer: CommandLine) -> None:
    number = (await operator("raise", "Shots", "--json")).lines[0]["alert"]["number"]
    assert (await officer("en-route", str(number), "--note", "Two minutes", "--json")).code == 0
    closed = await officer("close", f"alert:{number}", "--outcome", "casings", "--json")
    alert = closed.lines[0]["alert"]
    assert (closed.code, alert["state"], alert["outcome"]) == (0, "closed", "casings")
    assert (await officer("cancel", str(number), "--reason", "Mistake")).code == 4
    again = await officer("close", str(number), "--outcome", "casings")
    assert (again.code, again.words.count("Traceback")) == (5, 0)


async def test_a_bulletin_is_sent_with_its_photo_cleared_acknowledged_and_cancelled(
    operator: CommandLine, officer: CommandLine, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(picture("plain.jpg"))
    listening = await officer.start("listen", "--json", "--count", "2")
    await next_line(listening, "snapshot")
    words = ("--name", "unknown", "--why", "Theft", "--caution", "None known", "--basis", "Warrant 1")
    more = ("--issuer", "Desk", "--verify", "Tattoo", "--photo", str(photo), "Shop", "2026-11-18", "--hours", "5")
    sent = await operator("bulletin", *words, *more, "--json")
    assert sent.code == 0, sent.words
    bulletin = sent.lines[0]["bulletin"]
    assert bulletin["expires_ms"] - bulletin["sent_ms"] < 5 * 3_600_000 + 1
    cleared = await operator("clear", str(bulletin["number"]), "--note", "The janitor", "--json")
    assert cleared.lines[0]["bulletin"]["revision"] == 2
    heard = await ended(listening)
    entries = [line["bulletin"]["revision"] for line in heard.lines if line["type"] == "entry"]
    assert entries == [1, 2]
    assert "NOT this person: The janitor" in heard.words
    acknowledged = await officer("ack", f"bulletin:{bulletin['number']}", "--json")
    assert acknowledged.lines[0]["receipt"]["revision"] == 2
    cancelled = await operator("cancel", f"bulletin:{bulletin['number']}", "--reason", "Found", "--json")
    assert cancelled.lines[0]["bulletin"]["state"] == "cancelled"
    assert "must not be used any more" in cancelled.words
    assert (await officer("ack", f"bulletin:{bulletin['number']}")).code == 5


async def test_a_push_of_a_photo_to_a_role_is_recalled(
    operator: CommandLine, officer: CommandLine, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(picture("plain.png"))
    sent = await operator("push", "--photo", str(photo), "--to", "role:officer", "--note", "Him", "--json")
    push = sent.lines[0]["push"]
    assert (len(push["media"]), push["recipients"]) == (1, ["officer-12", "officer-7"])
    spoken = ("--person", "officer-7", "--stage", "acknowledged")
    assert (await operator("radio", f"push:{push['number']}", *spoken)).code == 0
    recalled = (await operator("recall", str(push["number"]), "--json")).lines[0]["push"]
    assert (recalled["revision"], recalled["media"], recalled["note"]) == (2, [], "")


async def test_what_happened_in_between_is_not_missed(operator: CommandLine, tmp_path: Path) -> None:
    position = str(tmp_path / "position")
    first = await operator.start("listen", "--json", "--resume", position, "--count", "1")
    await next_line(first, "snapshot")
    await operator("raise", "First")
    assert (await ended(first)).code == 0
    await operator("raise", "Second")
    await operator("raise", "Third")
    # The first one counts as dealt with only when the next was asked for; that never came.
    second = await operator("listen", "--json", "--resume", position, "--count", "3")
    events = [line["alert"]["event"] for line in second.lines if line["type"] == "entry"]
    assert events == ["First", "Second", "Third"]
    assert [line for line in second.lines if line["type"] == "snapshot"] == []


async def test_a_listener_reports_what_it_has_as_delivered(operator: CommandLine, officer: CommandLine) -> None:
    listening = await officer.start("listen", "--json", "--delivered")
    await next_line(listening, "snapshot")
    await operator("raise", "Fire")
    answer = await next_line(listening, "reported")
    listening.send_signal(signal.SIGINT)
    assert (await ended(listening)).code == 130
    assert (answer["ok"], answer["refused"]) == (True, [])


async def test_a_session_is_kept_for_the_next_command(operator: CommandLine) -> None:
    assert (await operator("raise", "Fire")).code == 0
    kept = operator.folder / "sightline" / "sessions.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert (await operator("raise", "Fire", SIGHTLINE_PASSWORD="")).code == 0


async def test_a_session_that_has_ended_is_replaced(operator: CommandLine, server: Running) -> None:
    await operator("raise", "Fire")
    kept = json.loads((operator.folder / "sightline" / "sessions.json").read_bytes())
    token = kept[server.address]["token"]
    answer = await server.client().request("DELETE", "/api/session", headers={"Authorization": f"Bearer {token}"})
    assert answer.status == 204
    again = await operator("listen", "--json", "--count", "0")
    assert again.code == 0
    assert "Signing in anew" in again.words


async def test_signing_out_ends_the_session_at_the_server(operator: CommandLine, server: Running) -> None:
    await operator("raise", "Fire")
    kept = json.loads((operator.folder / "sightline" / "sessions.json").read_bytes())
    assert (await operator("sign-out")).code == 0
    token = {"Authorization": f"Bearer {kept[server.address]['token']}"}
    assert (await server.client().get("/api/session", headers=token)).status == 401
    without_password = await operator("raise", "Fire", SIGHTLINE_PASSWORD="")
    assert without_password.code == 4


async def test_a_wrong_password_ends_with_4_and_the_servers_words(operator: CommandLine) -> None:
    wrong = await operator("raise", "Fire", SIGHTLINE_PASSWORD="wrong")
    assert (wrong.code, wrong.lines) == (4, [])
    assert wrong.words.startswith("sightline-client: ")


async def test_an_officer_may_not_push(officer: CommandLine) -> None:
    refused = await officer("push", "main-4th", "--to", "officer-7")
    assert refused.code == 4


@pytest.mark.parametrize(
    "words",
    [
        ("push", "main-4th", "--to", "nobody"),
        ("push", "no-such-camera", "--to", "officer-12"),
        ("watch", "no-such-camera"),
        ("push", "main-4th"),
        ("push", "--to", "officer-12"),
        ("push", "--photo", "/nowhere/photo.jpg", "--to", "officer-12"),
        ("push", "main-4th", "--to", "city:all"),
        ("push", "main-4th", "--near", "41.76", "-72.67", "0"),
        ("close", "alert:999", "--outcome", "casings"),
        ("recall", "7"),
        ("ack", "alert:999"),
        ("raise",),
        ("watch", "main-4th", "--save", "out.avi"),
    ],
)
async def test_what_is_refused_ends_with_5_and_a_sentence(operator: CommandLine, words: tuple[str, ...]) -> None:
    refused = await operator(*words, "--json")
    assert refused.code == 5
    assert refused.words.strip().endswith(".")
    assert refused.words.count("Traceback") == 0


async def test_no_server_ends_with_3(operator: CommandLine) -> None:
    assert (await operator("raise", "Fire", "--server", "http://127.0.0.1:9")).code == 3


async def test_a_wrong_command_line_ends_with_2(operator: CommandLine) -> None:
    assert (await operator("close", "17")).code == 2
