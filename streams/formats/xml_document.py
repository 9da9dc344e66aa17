"""XmlDocument: a tolerant look at documents whose form nobody has described: values by name, wherever they stand.

Namespaces, case and punctuation in names do not matter; a DTD, and so every entity, is refused.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from streams.errors import FormatError

MAX_BYTES = 256 * 1024
_MAX_KEPT = 64
_MAX_VALUE = 1000


class NotXml(FormatError):
    code = "alert.not_xml"


class XmlDocument:
    """The values of a document by the names of their elements and attributes.

    Raises:
        NotXml: not well-formed, has a DTD, or is larger than ``MAX_BYTES``.
    """

    def __init__(self, body: bytes) -> None:
        self._leaves = leaves = _leaves(_root(body))
        self._by_name: dict[str, list[int]] = {}
        for index, leaf in enumerate(leaves):
            self._by_name.setdefault(leaf.path[-1], []).append(index)
        self._taken: set[int] = set()

    def take(self, names: tuple[str, ...]) -> str:
        """The first value under the first of the names that has one; "" when there is none."""
        for name in names:
            way = tuple(plain(part) for part in name.split("/"))
            for index in self._by_name.get(way[-1], ()):
                if self._leaves[index].path[-len(way) :] == way:
                    self._taken.add(index)
                    return self._leaves[index].value[:_MAX_VALUE]
        return ""

    def rest(self, *, taken: Collection[str], problems: list[str]) -> dict[str, str]:
        """What no field asked for; a repeated name gets a number behind it."""
        kept: dict[str, str] = {}
        waiting = [leaf for index, leaf in enumerate(self._leaves) if index not in self._taken]
        for leaf in waiting[:_MAX_KEPT]:
            name, count = leaf.name[:100], 1
            while name in kept or name in taken:
                count += 1
                name = f"{leaf.name[:100]}.{count}"
            kept[name] = leaf.value[:_MAX_VALUE]
        if len(waiting) > _MAX_KEPT:
            problems.append(f"{len(waiting) - _MAX_KEPT} more fields were left out; {_MAX_KEPT} are kept")
        return kept


@lru_cache(maxsize=512)
def plain(name: str) -> str:
    """A name without case and punctuation: ``INCIDENT-ID``, ``Incident_Id`` and ``incidentid`` are the same."""
    return re.sub(r"[\W_]+", "", name.lower())


@dataclass(slots=True)
class _Leaf:
    """A value and the way to it."""

    path: tuple[str, ...]
    """Plain names, root first."""
    name: str
    """As it was written, without namespace."""
    value: str


def _root(body: bytes) -> Element:
    if len(body) > MAX_BYTES:
        raise NotXml(f"document of {len(body)} bytes, expected at most {MAX_BYTES}")
    try:
        root: Element = fromstring(body, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise NotXml("the document has a DTD or entities, which are refused") from error
    except (ParseError, ValueError, LookupError) as error:
        raise NotXml(f"the document is not well-formed XML: {error}") from error
    return root


def _leaves(root: Element) -> list[_Leaf]:
    found: list[_Leaf] = []
    # Not recursive: a document may nest as deep as it is long.
    waiting: list[tuple[Element, tuple[str, ...]]] = [(root, ())]
    while waiting:
        element, above = waiting.pop()
        name = _local(element.tag)
        path = (*above[-3:], plain(name))
        for key, value in element.attrib.items():
            if value.strip():
                found.append(_Leaf((*path, plain(_local(key))), _local(key), value.strip()))
        text = (element.text or "").strip()
        if text:
            found.append(_Leaf(path, name, text))
        waiting += [(child, path) for child in reversed(element) if isinstance(child.tag, str)]
    return found


def _local(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2]
