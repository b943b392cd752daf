"""What is read of a property, state or relation in one glance is what its elements say one by one."""

from __future__ import annotations

import gc

import pytest

from gateway.translate import xml
from gateway.translate.oio import Oio, walk
from gateway.translate.oio.tree import Node
from tests.translate.oio import cases

SAG = cases.SAG.encode()
HELD = (
    "<Sag><Registrering><RelationListe><Sagspart>{}</Sagspart><Sagspart><Indeks>2</Indeks></Sagspart>"
    "</RelationListe></Registrering></Sag>"
)


def part(inside: str) -> Node:
    document = walk.read(HELD.format(inside).encode())
    return document.each("Registrering", "RelationListe", "Sagspart")[0]


def by_elements(node: Node, above: str = "") -> dict[str, list[str]]:
    """The texts below a node by their path, as its parts tell them."""
    found: dict[str, list[str]] = {}
    for one in node.parts:
        path = f"{above}/{one.name}" if above else one.name
        found.setdefault(path, []).append(one.text)
        for below, texts in by_elements(one, path).items():
            found.setdefault(below, []).extend(texts)
    return found


def test_what_is_flat_is_what_the_elements_say() -> None:
    for one in walk.read(SAG).walk():
        if one.flat is not None:
            assert {path: [text] for path, text in one.flat.items()} == by_elements(one)


@pytest.mark.parametrize(
    "inside",
    [
        "<Rolle><A>1</A></Rolle><Rolle><A>2</A></Rolle>",
        "<Rolle><A>1</A><A>2</A></Rolle>",
        "<Rolle>text<A>1</A></Rolle>",
        "<Rolle>text<A>1</A><B>2</B></Rolle>",
        "text<Rolle><A>1</A></Rolle>",
        "<StsTidspunkt>2025-01-01T00:00:00Z</StsTidspunkt><Indeks>1</Indeks>",
    ],
)
def test_what_is_not_plain_is_not_flat(inside: str) -> None:
    assert part(inside).flat is None


def test_an_element_without_a_text_is_there_and_not_filled() -> None:
    relation = part("<Indeks/><Rolle><A>1</A></Rolle>")
    assert (relation.flat, relation.filled) == ({"Indeks": "", "Rolle": "", "Rolle/A": "1"}, False)
    assert relation.has("Indeks")
    assert not part("").filled


def test_the_stamp_of_the_index_is_not_told_of_wherever_it_stands() -> None:
    without = walk.read(HELD.format("<Indeks>1</Indeks>").encode())
    stamped = walk.read(HELD.format("<Indeks>1</Indeks><StsTidspunkt>now</StsTidspunkt>").encode())
    above = walk.read(
        HELD.format("<Indeks>1</Indeks>").replace("<Rela", "<StsTidspunkt>x</StsTidspunkt><Rela").encode()
    )
    assert "\0".join(without.told_by_sender()) == "\0".join(stamped.told_by_sender())
    assert "\0".join(without.told_by_sender()) == "\0".join(above.told_by_sender())


def test_what_is_told_is_the_same_in_one_glance_and_element_by_element() -> None:
    document = walk.read(SAG)

    def told(node: Node) -> list[str]:
        parts = [one for one in node.parts if one.name != "StsTidspunkt"]
        return [node.name, str(len(parts)), node.text, *(text for one in parts for text in told(one))]

    assert "\0".join(document.told_by_sender()) == "\0".join(told(document))


def test_places_number_what_stands_there_more_than_once() -> None:
    relation = part("<Rolle><A>1</A><A>2</A></Rolle>")
    assert relation.place == "Sag/Registrering/RelationListe/Sagspart[1]"
    assert relation.first("Rolle", "A").place == "Sag/Registrering/RelationListe/Sagspart[1]/Rolle/A[1]"  # type: ignore[union-attr]
    assert relation.around == "Sag/Registrering/RelationListe"
    assert relation.renamed("Other").place == "Sag/Registrering/RelationListe/Other"


def test_a_message_leaves_nothing_for_the_collector(oio: Oio) -> None:
    """What leads in circles stays until the collector comes by, thousands of objects with each case. The objects of one
    translation are the youngest: the rest of the heap, which other tests have filled, is not looked at."""
    oio.translate(SAG)
    gc.disable()
    try:
        gc.collect(0)
        oio.translate(SAG)
        assert gc.collect(0) == 0
    finally:
        gc.enable()


def test_names_without_end_are_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "_MOST_STEPS", walk._Step.made)
    before = len(walk._START)
    for number in range(50):
        assert walk.read(f"<Invented{number}><A>1</A></Invented{number}>".encode()).said("A") == "1"
    assert len(walk._START) == before


def test_blanks_between_elements_are_no_texts() -> None:
    root = xml.parse(b"<Sag>\n  <Registrering> a </Registrering>\n</Sag>", blanks=False)
    assert (root.text, root[0].text) == (None, " a ")
