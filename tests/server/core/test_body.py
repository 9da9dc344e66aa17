import pytest

from server.core.body import client_id, json_kind, storable, text, texts
from server.errors import ReceiptInvalid, RequestInvalid


def test_a_text_is_given_back_as_it_came() -> None:
    assert text({"note": " ok "}, "note", max_characters=4) == " ok "
    assert text({}, "note", max_characters=4, default="") == ""
    assert text({"note": ""}, "note", max_characters=4, default="x") == ""


def test_a_message_says_what_was_expected_and_what_came() -> None:
    with pytest.raises(RequestInvalid, match=r"'to\.note' must be text, not a list") as refusal:
        text({"note": []}, "note", max_characters=4, path="to")
    assert refusal.value.path == "to.note"
    with pytest.raises(RequestInvalid, match="has 5 characters, at most 4 fit"):
        text({"note": "12345"}, "note", max_characters=4)


def test_the_error_can_be_one_of_the_callers() -> None:
    with pytest.raises(ReceiptInvalid, match="missing"):
        text({}, "id", max_characters=4, error=ReceiptInvalid)


@pytest.mark.parametrize("value", ["0c1f9d2e-7a55-4c6e-8a8e-0b5f2f1f7a11", "1", "a.b_c~d:e"])
def test_an_id_fits_into_an_address(value: str) -> None:
    assert client_id({"id": value}, "id") == value


def test_a_list_of_texts_keeps_its_order_and_drops_doubles() -> None:
    assert texts({"units": ["7", "12", "7"]}, "units", max_items=3, max_characters=2) == ("7", "12")
    with pytest.raises(RequestInvalid, match="has 4 items, at most 3 fit"):
        texts({"units": ["1", "2", "3", "4"]}, "units", max_items=3, max_characters=2)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "true or false"),
        (1, "a number"),
        (1.5, "a number"),
        ("x", "text"),
        ([], "a list"),
        ({}, "an object"),
    ],
)
def test_every_kind_has_a_word(value: object, kind: str) -> None:
    assert json_kind(value) == kind


def test_what_cannot_be_stored_is_replaced() -> None:
    assert storable("a\0b\udfffc") == "a\ufffdb\ufffdc"
