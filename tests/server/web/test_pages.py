from pathlib import Path

import pytest

from server.web.pages import Pages
from streams.valkey import EmbeddedValkey
from tests.server.running import Client, Running, a_config, running


@pytest.fixture
async def site(tmp_path: Path, valkey: EmbeddedValkey) -> Path:
    """A built site, as small as can be."""
    dist = tmp_path / "dist"
    for page in ("sign-in", "console", "tablet", "dispatch", "cameras"):
        (dist / page).mkdir(parents=True)
        (dist / page / "index.html").write_text(f"<title>{page}</title>")
    (dist / "assets").mkdir()
    (dist / "assets" / "main-abc123.js").write_text("1")
    (dist / "sw.js").write_text("2")
    (tmp_path / "secret.txt").write_text("secret")
    return dist


@pytest.fixture
async def server(tmp_path: Path, valkey: EmbeddedValkey, site: Path):  # type: ignore[no-untyped-def]
    async with running(a_config(tmp_path, valkey.url), pages=Pages(site)) as server:
        yield server


@pytest.mark.parametrize("page", ["sign-in", "console", "tablet", "dispatch", "cameras"])
async def test_pages_are_asked_for_each_time_and_may_do_little(server: Running, page: str) -> None:
    answer = await server.client().get(f"/{page}")
    assert (answer.status, answer.text) == (200, f"<title>{page}</title>")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("page", ["sign-in", "console", "tablet", "dispatch", "cameras"])
async def test_a_slash_behind_a_page_leads_to_the_page(server: Running, page: str) -> None:
    answer = await server.client().get(f"/{page}/?alert=a%20b")
    assert (answer.status, answer.headers["Location"]) == (308, f"/{page}?alert=a%20b")
    assert (await server.client().get(f"//{page}/")).status == 404


async def test_files_with_a_hash_in_their_name_are_kept(server: Running) -> None:
    answer = await server.client().get("/assets/main-abc123.js")
    assert (answer.status, answer.text) == (200, "1")
    assert "immutable" in answer.headers["Cache-Control"]
    assert "javascript" in answer.headers["Content-Type"]


async def test_the_service_worker_is_always_the_newest(server: Running) -> None:
    answer = await server.client().get("/sw.js")
    assert (answer.text, answer.headers["Cache-Control"]) == ("2", "no-cache")


@pytest.mark.parametrize(
    "path", ["/assets/none.js", "/assets/..", "/assets/../../secret.txt", "/assets/%2e%2e%2f%2e%2e%2fsecret.txt", "/x"]
)
async def test_nothing_else_can_be_reached(server: Running, path: str) -> None:
    answer = await server.client().get(path)
    assert answer.status == 404
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("person", "page"),
    [("operator", "/console"), ("admin", "/console"), ("dispatcher", "/dispatch"), ("officer-7", "/tablet")],
)
async def test_home_is_the_page_of_the_role(server: Running, person: str, page: str) -> None:
    client = await server.signed_in(person)
    answer = await server.client().get("/", headers={"Cookie": f"sightline={client.token}"})
    assert (answer.status, answer.headers["Location"]) == (303, page)


async def test_home_is_the_sign_in_for_who_is_not_signed_in(server: Running) -> None:
    for headers in ({}, {"Cookie": "sightline=old"}):
        answer = await server.client().get("/", headers=headers)
        assert (answer.status, answer.headers["Location"]) == (303, "/sign-in")


async def test_a_server_without_built_pages_says_how_to_build_them(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    async with running(a_config(tmp_path, valkey.url), pages=Pages(tmp_path / "none")) as server:
        answer = await server.client().get("/console")
        assert answer.status == 503
        assert "python clients/web/build.py" in answer.text


async def test_no_page_needs_a_session_and_none_holds_anything_secret(officer: Client) -> None:
    assert (await officer.get("/console")).status == 200
