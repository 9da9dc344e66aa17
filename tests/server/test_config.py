"""The configuration of everything."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from server.config import Config, SourceConfig, WebConfig, load
from server.people_config import BeatConfig, PersonConfig
from streams.errors import ConfigError

SECRET = "whsec_" + "QUJD" * 8
SECRETS = {
    "GUNSHOT": SECRET,
    "CAD": "whsec_" + "REVG" * 8,
    "PATH_SECRET": "abcdefghijklmnopqrstuv",
    "SHORT": "short",
    "PASSWORD": "long enough",
}


def read(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Config:
    file = folder / "sightline.toml"
    file.write_text(text)
    return load(file, SECRETS | dict(environ or {}))


def refusal(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, text, environ)
    return str(caught.value)


def test_an_empty_file_serves_loopback_from_sqlite(tmp_path: Path) -> None:
    config = read(tmp_path, "")
    assert config.web == WebConfig("127.0.0.1", 8080)
    assert config.database.url == f"sqlite:///{tmp_path}/var/sightline.db"
    assert (config.sources, config.people, config.city_file) == ((), (), None)


def test_a_source_that_signs(tmp_path: Path) -> None:
    text = """
[[source]]
name = "cad"
kind = "alerts"
secret_env = "CAD"
"""
    assert read(tmp_path, text).sources == (SourceConfig("cad", "alerts", SECRETS["CAD"]),)
    assert SECRETS["CAD"] not in repr(read(tmp_path, text))


def test_a_vendor_that_cannot_sign_has_a_secret_path_and_addresses(tmp_path: Path) -> None:
    text = """
[[source]]
name = "gunshot"
kind = "gunshot"
path_secret_env = "PATH_SECRET"
allow = ["192.0.2.7", "2001:db8::/32"]
timezone = "America/New_York"
[source.fields]
rounds = "NumShots"
lat = ["Latitude", "lat"]
"""
    (source,) = read(tmp_path, text).sources
    assert source.allow == ("192.0.2.7/32", "2001:db8::/32")
    assert source.fields == {"rounds": ("NumShots",), "lat": ("Latitude", "lat")}
    assert (source.path_secret, source.timezone) == (SECRETS["PATH_SECRET"], "America/New_York")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            "kind = 'gunshot'",
            "source[0].secret_env: is missing; a source needs secret_env, or path_secret_env and allow",
        ),
        ("kind = 'alerts'", "source[0].secret_env: is missing; a source needs secret_env or secret_file"),
        ("kind = 'sms'", "source[0].kind: 'sms' is not one of alerts, gunshot"),
        ("kind = 'gunshot'\npath_secret_env = 'PATH_SECRET'", "source[0].allow: and path_secret go together"),
        ("kind = 'gunshot'\nsecret_env = 'CAD'\nallow = '192.0.2.1'", "source[0].allow: and path_secret go together"),
        (
            "kind = 'gunshot'\npath_secret_env = 'SHORT'\nallow = '192.0.2.1'",
            "source[0].path_secret: expected 22 to 200",
        ),
        (
            "kind = 'gunshot'\nsecret_env = 'CAD'\nallow = ['192.0.2.1/8']",
            "source[0].allow: '192.0.2.1/8' is no address",
        ),
        ("kind = 'gunshot'\nsecret_env = 'CAD'\ntimezone = 'Mars'", "source[0].timezone: 'Mars' is no time zone"),
        ("kind = 'gunshot'\nsecret_env = 'CAD'\ntimezone = '../../x'", "source[0].timezone: '../../x' is no time zone"),
        ("kind = 'gunshot'\nsecret_env = 'CAD'\nfields = {lat = 3}", "source[0].fields.lat: expected a list of texts"),
        (
            "kind = 'gunshot'\nsecret_env = 'CAD'\nfields = {round = 'x'}",
            "source[0].fields.round: unknown key; did you mean rounds?",
        ),
        ("kind = 'alerts'\nsecret_env = 'CAD'\nfields = {lat = 'y'}", "source[0].fields: is for sources of kind"),
        ("kind = 'alerts'\nsecret_env = 'SHORT'", "source[0].secret: expected whsec_ and 24 to 64 bytes in base64"),
        ("kind = 'alerts'\nsecret = 'x'", "source[0].secret: secrets do not belong into this file"),
    ],
)
def test_a_wrong_source_is_refused(tmp_path: Path, lines: str, message: str) -> None:
    assert refusal(tmp_path, f"[[source]]\nname = 'one'\n{lines}").startswith(message)


def test_no_source_is_taken_for_people(tmp_path: Path) -> None:
    lines = "[[source]]\nname = 'manual'\nkind = 'alerts'\nsecret_env = 'CAD'"
    assert refusal(tmp_path, lines).startswith("source[0].name: 'manual' is the name for alerts that people raise")
    words = refusal(tmp_path, lines.replace("manual", "sightline"))
    assert words.startswith("source[0].name: 'sightline' is the name for alerts that this system raises about itself")


@pytest.mark.parametrize(
    ("name", "secret", "message"),
    [
        ("one", "GUNSHOT", "source[1].name: 'one' is the name of another source too"),
        ("two", "CAD", "source[1].secret: is the same as that of 'one'; the secret tells who is sending"),
    ],
)
def test_two_sources_differ_in_name_and_secret(tmp_path: Path, name: str, secret: str, message: str) -> None:
    text = f"""
[[source]]
name = "one"
kind = "alerts"
secret_env = "CAD"
[[source]]
name = "{name}"
kind = "gunshot"
secret_env = "{secret}"
"""
    assert refusal(tmp_path, text) == message


def test_a_person_signs_in_with_a_password_from_outside_the_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("correct horse\n")
    text = """
[[person]]
id = "officer-12"
name = "A. Reyes"
role = "officer"
unit = "12"
password_file = "password"
"""
    (person,) = read(tmp_path, text).people
    assert person == PersonConfig("officer-12", "A. Reyes", "officer", "12", "correct horse")
    assert "horse" not in repr(person)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("role = 'chief'", "person[0].role: 'chief' is not one of operator, officer, dispatcher, admin"),
        ("role = 'officer'", "person[0].password_env: is missing; name an environment variable here or a file in"),
        ("role = 'officer'\nduty = 'cook'\npassword_env = 'PASSWORD'", "person[0].duty: 'cook' is not one of"),
        (
            "role = 'officer'\nrights = ['see_all']\npassword_env = 'PASSWORD'",
            "person[0].rights: 'see_all' is not one of",
        ),
        ("role = 'officer'\nbeat = 'north'\npassword_env = 'PASSWORD'", "person[0].beat: 'north' is no [[beat]]"),
        ("role = 'officer'\npassword_env = 'SHORT'", "person[0].password: 5 characters, expected at least 8"),
    ],
)
def test_a_wrong_person_is_refused(tmp_path: Path, lines: str, message: str) -> None:
    words = refusal(tmp_path, f"[[person]]\nid = 'one'\n{lines}")
    assert words.startswith(message)


BEAT = "[[beat]]\nid = 'north'\npolygon = [[41.76, -72.7], [41.76, -72.6], [41.8, -72.6]]\n"


def test_people_are_assigned_to_beats(tmp_path: Path) -> None:
    person = "[[person]]\nid = 'one'\nrole = 'officer'\nbeat = 'north'\nduty = 'supervisor'\nagency = 'pd'\n"
    person += "rights = ['lift_masks']\n"
    config = read(tmp_path, BEAT + person + "password_env = 'PASSWORD'")
    assert config.beats == (BeatConfig("north", "north", ((41.76, -72.7), (41.76, -72.6), (41.8, -72.6))),)
    (one,) = config.people
    assert (one.beat, one.duty, one.agency, one.rights) == ("north", "supervisor", "pd", ("lift_masks",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BEAT * 2, "beat[1].id: 'north' is the id of another beat too"),
        ("[[beat]]\nid = 'a'", "beat[0].polygon: a polygon of 0 corners, expected 3 or more"),
        ("[[beat]]\nid = 'a'\npolygon = [[1, 2], [3, 4]]", "beat[0].polygon: a polygon of 2 corners"),
        ("[[beat]]\nid = 'a'\npolygon = [[1, 2], [3, 4], [200, 1]]", "beat[0].polygon: latitude 200.0 is outside"),
        ("[[beat]]\nid = 'a'\npolygon = [[1, 2], [3]]", "beat[0].polygon: expected a list of pairs of numbers"),
        ("[[beat]]\nid = 'a'\npolygon = 'here'", "beat[0].polygon: expected a list of pairs of numbers, got text"),
        ("[[beat]]\nid = 'a'\npolygon = [[true, 2], [3, 4], [5, 6]]", "beat[0].polygon: expected a list of pairs"),
    ],
)
def test_a_wrong_beat_is_refused(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text).startswith(message)


def test_two_people_have_two_ids(tmp_path: Path) -> None:
    person = "[[person]]\nid = 'one'\nrole = 'admin'\npassword_env = 'PASSWORD'\n"
    assert refusal(tmp_path, person * 2) == "person[1].id: 'one' is the id of another person too"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "sightline.example"])
def test_an_open_address_without_tls_is_refused(tmp_path: Path, host: str) -> None:
    words = refusal(tmp_path, f"[web]\nhost = '{host}'")
    assert words.startswith(f"web.host: {host} can be reached from other machines")
    assert "behind_proxy = true" in words


def test_an_open_address_is_fine_with_tls(tmp_path: Path) -> None:
    text = "[web]\nhost = '0.0.0.0'\ntls_certificate = 'cert.pem'\ntls_key = 'key.pem'"
    assert read(tmp_path, text).web.tls_key == tmp_path / "key.pem"


def test_an_open_address_is_fine_behind_a_declared_proxy(tmp_path: Path) -> None:
    text = "[web]\nhost = '0.0.0.0'\nbehind_proxy = true\npublic_origin = 'https://Sightline.example/'"
    assert read(tmp_path, text).web.public_origin == "https://sightline.example"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.9.9.9"])
def test_loopback_needs_nothing(tmp_path: Path, host: str) -> None:
    assert read(tmp_path, f"[web]\nhost = '{host}'").web.host == host


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("behind_proxy = true", "web.public_origin: is missing"),
        ("public_origin = 'http://sightline.example'", "web.public_origin: expected https://"),
        ("public_origin = 'https://sightline.example/app'", "web.public_origin: 'https://sightline.example/app' is no"),
        ("public_origin = 'sightline.example'", "web.public_origin: 'sightline.example' is no origin"),
        ("tls_key = 'key.pem'", "web.tls_certificate: is missing; TLS needs tls_certificate and tls_key"),
        ("metrics_token = 'a'", "web.metrics_token: secrets do not belong"),
        ("metrics_token_env = 'NO_SUCH'", "web.metrics_token_env: the environment variable NO_SUCH is not set"),
        ("port = 70000", "web.port: 70000 is outside 0..65535"),
        ("processes = 0", "web.processes: 0 is outside 1..64"),
        ("port = '80'", "web.port: expected a whole number, got text"),
        ("host = ''", "web.host: is empty"),
        ("prot = 80", "web.prot: unknown key; did you mean port?"),
    ],
)
def test_a_wrong_key_of_the_web_table_is_named(tmp_path: Path, lines: str, message: str) -> None:
    assert refusal(tmp_path, f"[web]\n{lines}").startswith(message)


@pytest.mark.parametrize("token", ["x" * 21, "x" * 201, "twenty-two characters!"])
def test_a_token_that_can_be_guessed_or_not_be_sent_is_refused(tmp_path: Path, token: str) -> None:
    said = refusal(tmp_path, "[web]\nmetrics_token_env = 'METRICS'", {"METRICS": token})
    assert said == "web.metrics_token: expected 22 to 200 letters, digits, '-' or '_'"


def test_variables_win_over_the_file(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        "[web]\nhost = '127.0.0.1'\nport = 1",
        {
            "SIGHTLINE_HOST": "0.0.0.0",
            "SIGHTLINE_PORT": "8443",
            "SIGHTLINE_PUBLIC_ORIGIN": "https://rtcc.example",
            "SIGHTLINE_BEHIND_PROXY": "true",
            "SIGHTLINE_DATABASE_URL": "postgresql://sightline:pw@db/sightline",
            "SIGHTLINE_BUS_URL": "redis://valkey",
        },
    )
    assert config.web == WebConfig("0.0.0.0", 8443, "https://rtcc.example", behind_proxy=True)
    assert config.database.url == "postgresql://sightline:pw@db/sightline"
    assert config.streams.bus.url == "redis://valkey"


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("SIGHTLINE_PORT", "eighty", "SIGHTLINE_PORT: expected a whole number, got text"),
        ("SIGHTLINE_BEHIND_PROXY", "perhaps", "SIGHTLINE_BEHIND_PROXY: expected true or false, got text"),
        ("SIGHTLINE_HOST", "0.0.0.0", "SIGHTLINE_HOST: 0.0.0.0 can be reached from other machines"),
        ("SIGHTLINE_DATABASE_URL", "mysql://db", "SIGHTLINE_DATABASE_URL: expected an address that begins with"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, value: str, message: str) -> None:
    assert refusal(tmp_path, "", {variable: value}).startswith(message)


def test_an_empty_variable_counts_as_none(tmp_path: Path) -> None:
    assert read(tmp_path, "", {"SIGHTLINE_PORT": ""}).web.port == 8080


def test_the_password_of_the_database_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("s3cret/\n")
    text = "[database]\nurl = 'postgresql://sightline@postgres/sightline'\npassword_file = 'db'"
    assert read(tmp_path, text).database.url == "postgresql://sightline:s3cret%2F@postgres/sightline"


def test_a_server_does_not_read_the_passwords_of_cameras(tmp_path: Path) -> None:
    file = tmp_path / "sightline.toml"
    file.write_text("[[camera]]\nid = 'a'\nurl = 'rtsp://192.0.2.1/'\npassword_env = 'NOT_SET_HERE'\n")
    (camera,) = load(file, {}, with_camera_credentials=False).streams.cameras
    assert camera.password == ""


def test_a_password_on_an_address_of_two_tables_does_not_get_lost(tmp_path: Path) -> None:
    text = "[bus]\nurl = 'redis://valkey'\npassword_env = 'PASSWORD'\n[database]\nurl = 'postgresql://a@b/c'\n"
    config = read(tmp_path, text)
    assert (config.streams.bus.url, config.database.url) == ("redis://:long%20enough@valkey", "postgresql://a@b/c")
