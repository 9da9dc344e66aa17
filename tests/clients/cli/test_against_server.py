"""The command line against a whole server: real sockets, real SQLite, real Valkey, real processes."""

import json
import signal
import stat
from pathlib import Path

import pytest

from tests.clients.cli.conftest import CommandLine, ended, next_line
from tests.server.running import Running


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
    answer = await next_line(listening, "receipt")
    listening.send_signal(signal.SIGINT)
    assert (await ended(listening)).code == 130
    assert (answer["ok"], answer["receipt"]["stage"]) == (True, "delivered")


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
    assert (await operator("push", "main-4th")).code == 2
