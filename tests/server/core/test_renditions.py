"""Which rendition somebody is given, and the word for why."""

import pytest

from server.core.renditions import Choice, Offer, Refusal, Why, choose
from streams.rendition import Rendition

SOURCE, P480, P240, STILLS, UNMASKED = Rendition
BOTH = frozenset({"avc1", "jpeg"})
EVERYTHING = BOTH | {"hvc1"}
H265 = {SOURCE: "hvc1"}
FULL = "All 8 encoders are in use."


def refused(*renditions: Rendition) -> Refusal:
    return Refusal(frozenset(renditions), FULL)


def test_what_is_asked_for_is_given() -> None:
    for rendition in (SOURCE, P480, P240, STILLS):
        assert choose(rendition, Why.ASKED, Offer(), BOTH) == Choice(rendition, Why.ASKED)


def test_a_client_that_can_not_show_the_camera_gets_what_is_made_for_it() -> None:
    choice = choose(SOURCE, Why.AUTO, Offer(codecs=H265), BOTH)
    assert choice == Choice(P480, Why.CODEC, "This client can't show H.265.")
    assert choose(SOURCE, Why.AUTO, Offer(codecs=H265), EVERYTHING).rendition is SOURCE
    assert choose(P240, Why.ASKED, Offer(codecs=H265), BOTH) == Choice(P240, Why.ASKED)
    assert choose(SOURCE, Why.AUTO, Offer(), BOTH).rendition is SOURCE, "nothing is known of it yet"


def test_a_client_that_shows_only_one_kind_of_pictures_gets_that() -> None:
    jpeg, video = frozenset({"jpeg"}), frozenset({"avc1"})
    assert choose(P480, Why.ASKED, Offer(), jpeg) == Choice(STILLS, Why.CODEC, "This client can't show H.264.")
    assert choose(STILLS, Why.ASKED, Offer(), video) == Choice(P240, Why.CODEC, "This client can't show JPEG.")
    assert choose(SOURCE, Why.AUTO, Offer(codecs={SOURCE: "jpeg"}), video).rendition is P480
    assert Offer(codecs={SOURCE: "avc1"}).rungs(jpeg) == (STILLS,)
    assert Offer(codecs=H265).rungs(BOTH) == (P480, P240, STILLS)


@pytest.mark.parametrize(
    ("wanted", "why", "refusal", "instead"),
    [
        (P480, Why.ASKED, refused(P480), SOURCE),
        (P480, Why.ASKED, refused(SOURCE, P480), P240),
        (P480, Why.LINK, refused(P480), P240),
        (P240, Why.LINK, refused(P240), STILLS),
        (STILLS, Why.LINK, refused(P240, STILLS), P480),
        (STILLS, Why.LINK, refused(P480, P240, STILLS), SOURCE),
        (SOURCE, Why.AUTO, refused(SOURCE), P480),
    ],
)
def test_instead_of_what_is_refused_there_is_the_best_that_fits(
    wanted: Rendition, why: Why, refusal: Refusal, instead: Rendition
) -> None:
    assert choose(wanted, why, Offer(refusal=refusal), BOTH) == Choice(wanted, why, "", FULL, instead)


def test_what_a_client_can_not_show_does_not_stand_in() -> None:
    offer = Offer(codecs=H265, refusal=refused(P480))
    assert choose(P480, Why.ASKED, offer, BOTH).instead is P240
    offer = Offer(codecs=H265, refusal=refused(P480, P240, STILLS))
    choice = choose(SOURCE, Why.AUTO, offer, BOTH)
    assert (choice.rendition, choice.refusal, choice.instead) == (P480, FULL, None), (
        "nothing can be had: it is waited for"
    )


def test_what_was_refused_lately_does_not_stand_in_and_may_be_wanted() -> None:
    offer = Offer(codecs=H265, refusal=refused(P480), refused_lately=frozenset({P480, P240}))
    assert choose(P480, Why.ASKED, offer, BOTH).instead is STILLS
    assert choose(P240, Why.ASKED, offer, BOTH) == Choice(P240, Why.ASKED)


def test_masks_are_lifted_only_where_there_are_some() -> None:
    assert choose(UNMASKED, Why.ASKED, Offer(is_masked=True), BOTH) == Choice(UNMASKED, Why.ASKED)
    assert choose(UNMASKED, Why.ASKED, Offer(), BOTH) == Choice(SOURCE, Why.ASKED)


def test_who_can_not_show_what_masks_hide_gets_the_masked_picture() -> None:
    offer = Offer(is_masked=True, codecs={SOURCE: "avc1", UNMASKED: "hvc1"})
    assert choose(UNMASKED, Why.ASKED, offer, BOTH) == Choice(SOURCE, Why.CODEC, "This client can't show H.265.")


@pytest.mark.parametrize("wanted", Rendition)
def test_nothing_but_the_wish_for_it_leads_to_a_picture_without_masks(wanted: Rendition) -> None:
    for refusal in (Refusal(), refused(SOURCE), refused(SOURCE, P480, P240, STILLS)):
        choice = choose(wanted, Why.ASKED, Offer(is_masked=True, refusal=refusal), BOTH)
        assert choice.instead is not UNMASKED
        assert (choice.rendition is UNMASKED) == (wanted is UNMASKED)


def test_a_refusal_is_read_from_what_is_said_of_a_camera() -> None:
    said = {"refused": ["480p", "4320p"], "refusal": FULL}
    assert Refusal.parse(said) == refused(P480)
    assert Refusal.parse({}) == Refusal()
    with pytest.raises(TypeError):
        Refusal.parse({"refused": 5})
