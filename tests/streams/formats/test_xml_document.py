import pytest

from streams.formats.xml_document import NotXml, XmlDocument

DOCUMENT = b"""<?xml version="1.0"?>
<v:Push xmlns:v="urn:x" v:kind="alert"><!-- a remark --><v:EVT_id> 7 </v:EVT_id>
<place><lat>1</lat></place><sensor><lat>2</lat><empty/></sensor></v:Push>"""


def test_values_are_found_by_name_whatever_its_case_namespace_and_punctuation() -> None:
    document = XmlDocument(DOCUMENT)

    assert document.take(("evt-ID",)) == "7"
    assert document.take(("KIND",)) == "alert"
    assert document.take(("nothing", "place/lat")) == "1"
    assert document.take(("sensor/lat", "place/lat")) == "2"
    assert document.take(("push/sensor/lat",)) == "2"
    assert document.take(("empty",)) == ""


def test_the_rest_is_what_nobody_took() -> None:
    document = XmlDocument(DOCUMENT)
    problems: list[str] = []
    document.take(("evtid",))

    assert document.rest(taken={"kind"}, problems=problems) == {"kind.2": "alert", "lat": "1", "lat.2": "2"}
    assert problems == []


def test_text_that_is_no_xml_is_refused() -> None:
    with pytest.raises(NotXml) as caught:
        XmlDocument(b"latitude=41.76")

    assert caught.value.code == "alert.not_xml"
