from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.formats.digest import Challenge, Credentials, authorize, choose, parse_challenges, verify

MUFASA = Credentials("Mufasa", "Circle of Life")


def digest(parameters: Mapping[str, str]) -> Challenge:
    return Challenge("digest", parameters)


def test_the_answers_are_those_of_rfc_7616_section_3_9_1() -> None:
    parameters = {
        "realm": "http-auth@example.org",
        "qop": "auth, auth-int",
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    }
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    for algorithm, response in (
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
    ):
        challenge = digest({**parameters, "algorithm": algorithm})
        value = authorize(challenge, MUFASA, method="GET", uri="/dir/index.html", cnonce=cnonce)
        assert value.endswith(f'response="{response}"')
        assert f"algorithm={algorithm}" in value
        assert "nc=00000001" in value
        assert "qop=auth," in value


def test_without_qop_the_answer_is_that_of_rfc_2069() -> None:
    challenge = digest({"realm": "testrealm@host.com", "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093"})
    value = authorize(challenge, Credentials("Mufasa", "CircleOfLife"), method="GET", uri="/dir/index.html", cnonce="x")
    # The example of RFC 2069 §2.4 with the erratum's value.
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in value
    assert "cnonce" not in value
    assert "algorithm" not in value


def test_several_challenges_are_read_from_one_field_or_several() -> None:
    one = ['Basic realm="cam", Digest realm="cam \\"4\\"", nonce="a,b=c", qop="auth,auth-int", stale=TRUE']
    several = ['Digest realm="cam \\"4\\"",nonce="a,b=c",qop="auth,auth-int",stale=TRUE', 'Basic realm="cam"']
    for values in (one, several):
        by_scheme = {challenge.scheme: challenge for challenge in parse_challenges(values)}
        assert set(by_scheme) == {"basic", "digest"}
        assert by_scheme["digest"].parameters["realm"] == 'cam "4"'
        assert by_scheme["digest"].parameters["nonce"] == "a,b=c"
        assert by_scheme["digest"].is_stale
        assert not by_scheme["basic"].is_stale


@pytest.mark.parametrize(
    ("values", "scheme", "algorithm"),
    [
        (['Basic realm="a"', 'Digest realm="a", nonce="n"'], "digest", "MD5"),
        (['Digest realm="a", nonce="n"', 'Digest realm="a", nonce="n", algorithm=SHA-256'], "digest", "SHA-256"),
        (['Digest realm="a", nonce="n", algorithm="md5"', 'Basic realm="a"'], "digest", "MD5"),
        (['Digest realm="a", nonce="n", algorithm=SHA-512-256', 'Basic realm="a"'], "basic", "MD5"),
        (['Digest realm="a", nonce="n", qop="auth-int"', 'Basic realm="a"'], "basic", "MD5"),
        (['Digest realm="a"', "Negotiate", "Basic"], "basic", "MD5"),
    ],
)
def test_the_strongest_challenge_that_can_be_answered_is_chosen(values: list[str], scheme: str, algorithm: str) -> None:
    chosen = choose(parse_challenges(values))
    assert chosen is not None
    assert (chosen.scheme, chosen.algorithm) == (scheme, algorithm)


def test_nothing_is_chosen_when_nothing_can_be_answered() -> None:
    assert choose(parse_challenges(['NTLM, Negotiate abc, Digest realm="a"'])) is None


def test_basic_is_answered_in_utf_8() -> None:
    value = authorize(Challenge("basic"), Credentials("test", "123\u00a3"), method="GET", uri="/", cnonce="")
    assert value == "Basic dGVzdDoxMjPCow=="  # RFC 7617 §2.1


@pytest.mark.parametrize("algorithm", ["", "MD5", "SHA-256", "MD5-sess", "SHA-256-sess"])
@pytest.mark.parametrize("qop", ["", "auth", "auth,auth-int"])
@pytest.mark.parametrize("password", ["plain", 'p@ss:#"\\ %', "пароль"])
def test_an_answer_is_verified_by_the_other_side(algorithm: str, qop: str, password: str) -> None:
    parameters = {"realm": "Sightline", "nonce": "abc"}
    parameters |= {"algorithm": algorithm} if algorithm else {}
    parameters |= {"qop": qop} if qop else {}
    challenge = digest(parameters)
    right, wrong = Credentials("Reyes ä", password), Credentials("Reyes ä", password + "x")
    answer = authorize(challenge, right, method="PLAY", uri="rtsp://h/1", cnonce="c", nonce_count=7)
    assert verify(answer, right, method="PLAY", challenges=[Challenge("basic"), challenge])
    assert not verify(answer, wrong, method="PLAY", challenges=[challenge])
    assert not verify(answer, right, method="SETUP", challenges=[challenge])
    assert not verify(answer, right, method="PLAY", challenges=[digest({**parameters, "nonce": "newer"})])
    assert not verify(answer, right, method="PLAY", challenges=[Challenge("basic")])


def test_basic_is_verified_only_when_it_was_offered() -> None:
    answer = authorize(Challenge("basic"), MUFASA, method="PLAY", uri="rtsp://h/1", cnonce="")
    assert verify(answer, MUFASA, method="PLAY", challenges=[Challenge("basic")])
    assert not verify(answer, Credentials("Mufasa", "other"), method="PLAY", challenges=[Challenge("basic")])
    assert not verify(answer, MUFASA, method="PLAY", challenges=[digest({"nonce": "n"})])


def test_a_password_is_not_in_the_repr() -> None:
    assert "Circle" not in repr(MUFASA)


@given(st.text(st.characters(max_codepoint=255)))
def test_any_header_value_is_read_without_an_error(value: str) -> None:
    choose(parse_challenges([value, f"Digest {value}"]))
    challenge = digest({"nonce": "n", "realm": "r"})
    assert not verify(value, MUFASA, method="PLAY", challenges=[challenge])
    assert not verify(f"Digest {value}", MUFASA, method="PLAY", challenges=[challenge])
    assert not verify(f"Basic {value}", MUFASA, method="PLAY", challenges=[Challenge("basic")])


@given(realm=st.text(st.characters(min_codepoint=32, max_codepoint=255)), nonce=st.text("abc=/+,", min_size=1))
def test_any_realm_comes_back_as_it_was_sent(realm: str, nonce: str) -> None:
    quoted = realm.replace("\\", "\\\\").replace('"', '\\"')
    (challenge,) = parse_challenges([f'Digest realm="{quoted}", nonce="{nonce}"'])
    answer = authorize(challenge, MUFASA, method="PLAY", uri="rtsp://h/1", cnonce="c")
    assert verify(answer, MUFASA, method="PLAY", challenges=[digest({"realm": realm, "nonce": nonce})])
