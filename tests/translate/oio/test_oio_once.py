"""What a case tells is looked for once, and what is remembered from one case to the next is short."""

from __future__ import annotations

import base64
from zoneinfo import ZoneInfo

import pytest

from gateway.translate.oio import Oio, effect, party, roles, walk
from gateway.translate.oio.tree import Node
from gateway.translate.rules.problems import Problems
from tests.translate.oio.building import case, index, note, wrapped
from tests.translate.oio.cases import SAG
from tests.translate.oio.conftest import MAPPINGS

ZONE = ZoneInfo("Europe/Copenhagen")
LISTS = ("AttributListe", "TilstandListe", "RelationListe")


def test_properties_states_and_relations_are_sorted_as_their_elements_stand() -> None:
    table = roles.read(MAPPINGS / "oio" / "roles.csv", Problems())
    sag = walk.read(SAG.encode())
    listed = table.listed(sag)
    found: dict[str, list[Node]] = {}
    for name in LISTS:
        for within in ((name,), (name, "LokalUdvidelseListe")):
            for node in sag.each("Registrering", *within):
                for part in node.parts:
                    path = "/".join(("Registrering", *within, part.name))
                    if part.name != "LokalUdvidelseListe":
                        found.setdefault(path, []).append(part)
                        found.setdefault(f"{path}[{table.of(part)}]", []).append(part)
    assert listed == {path: nodes for path, nodes in found.items() if not path.endswith("[]")}
    assert table.listed(sag) is listed


@pytest.mark.parametrize("inside", ["<sag:Sagspart/>", "<sag:Sagspart><gd:Indeks> </gd:Indeks></sag:Sagspart>"])
def test_a_relation_that_says_nothing_is_not_listed(inside: str) -> None:
    table = roles.read(MAPPINGS / "oio" / "roles.csv", Problems())
    whole = SAG.replace("</sag:RelationListe>", f"{inside}</sag:RelationListe>")
    before, after = (table.listed(walk.read(text.encode())) for text in (SAG, whole))
    assert {path: len(nodes) for path, nodes in after.items()} == {path: len(nodes) for path, nodes in before.items()}


def test_a_note_is_decoded_once(oio: Oio, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []
    real = base64.b64decode

    def counting(text: str, *, validate: bool) -> bytes:
        decoded.append(text)
        return real(text, validate=validate)

    monkeypatch.setattr(base64, "b64decode", counting)
    oio.translate(wrapped(*index(case(note("1", "En samtale", b"Om boligen")))))
    assert decoded == [base64.b64encode(b"Om boligen").decode()]


def test_long_texts_are_not_remembered() -> None:
    blanks = " " * 300
    before = effect._instant.cache_info().currsize, effect._remembered.cache_info().currsize
    assert effect.instant(f"2025-01-14{blanks}T10:00", ZONE) == effect.instant("2025-01-14T10:00:00", ZONE)
    holder = Node("Fremdrift", parts=[Node("Virkning", parts=[_from(f"2025-01-14{blanks}T10:00")])])
    assert effect.effect_of(holder, ZONE).period == {"start": "2025-01-14T10:00:00+01:00"}
    after = effect._instant.cache_info().currsize, effect._remembered.cache_info().currsize
    assert after[0] <= before[0] + 1  # the short one alone
    assert after[1] == before[1]
    known = party._known.cache_info().currsize
    found = party.organisation(Node("ReferenceID", parts=[Node("URNIdentifikator", text=f"urn:oio:x:{'a' * 300}")]))
    assert found is not None
    assert found.value == "a" * 300
    assert party._known.cache_info().currsize == known


def _from(text: str) -> Node:
    return Node("FraTidspunkt", parts=[Node("TidsstempelDatoTid", text=text)])
