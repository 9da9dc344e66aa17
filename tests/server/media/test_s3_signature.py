"""Against the examples in Amazon's own documentation of Signature Version 4 for S3."""

from server.media.s3_signature import NOTHING, S3Key, quoted, signed

KEY = S3Key("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
NOW_MS = 1_369_353_600_000  # 2013-05-24
HOST = {"Host": "examplebucket.s3.amazonaws.com"}


def signature(authorization: str) -> str:
    return authorization.partition("Signature=")[2]


def test_a_part_of_an_object_is_asked_for_as_in_the_example() -> None:
    headers = signed(KEY, "GET", "/test.txt", {**HOST, "Range": "bytes=0-9"}, body_sha256=NOTHING, now_ms=NOW_MS)
    assert headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )
    assert headers["x-amz-date"] == "20130524T000000Z"


def test_an_object_is_put_as_in_the_example() -> None:
    given = {**HOST, "Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"}
    body = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
    path = quoted("/test$file.text")
    assert path == "/test%24file.text"
    headers = signed(KEY, "PUT", path, given, body_sha256=body, now_ms=NOW_MS)
    assert signature(headers["Authorization"]) == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"


def test_the_secret_is_not_shown() -> None:
    assert "bPxRfiCYEXAMPLEKEY" not in repr(KEY)
