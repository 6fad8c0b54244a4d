"""A drawing read back as XML."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from defusedxml import ElementTree

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "desc", "style", "rect", "circle", "line", "path", "text", "tspan", "g"}


def parsed(drawing: str) -> Element:
    return ElementTree.fromstring(drawing)


def with_class(drawing: Element, tag: str, name: str) -> list[Element]:
    return [element for element in drawing.iter(SVG + tag) if name in element.get("class", "").split()]


def texts(drawing: Element) -> list[str]:
    return [element.text or "" for element in drawing.iter() if element.tag in (SVG + "text", SVG + "tspan")]


def check_inert(drawing: Element) -> None:
    """Nothing but shapes and words: no script, no handler, no link."""
    assert {element.tag.removeprefix(SVG) for element in drawing.iter()} <= ELEMENTS
    names = {name for element in drawing.iter() for name in element.attrib}
    assert not {name for name in names if name.startswith("on") or "href" in name}
