"""The header is found or its absence told; references find their targets however they are written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError, MissingField, RuleBroken, Unreadable
from gateway.translate.fhir.message import Message, event_code

CODING = {"system": "urn:s", "code": "some-event"}


def bundle(*entries: dict[str, Any], **header: Any) -> dict[str, Any]:
    first = {"fullUrl": "MessageHeader/h", "resource": {"resourceType": "MessageHeader", "id": "h"} | header}
    return {"resourceType": "Bundle", "type": "message", "entry": [first, *entries]}


def entry(full_url: str, kind: str = "Patient", identity: str = "1") -> dict[str, Any]:
    return {"fullUrl": full_url, "resource": {"resourceType": kind, "id": identity}}


def test_the_event_code() -> None:
    assert event_code(bundle(eventCoding=CODING)) == "some-event"


@pytest.mark.parametrize(
    ("tree", "error", "where"),
    [
        ({"resourceType": "Patient"}, Unreadable, "resourceType"),
        ({"resourceType": "Bundle", "type": "collection"}, RuleBroken, "Bundle.type"),
        ({"resourceType": "Bundle", "type": "message"}, RuleBroken, "Bundle.entry[0].resource"),
        ({"resourceType": "Bundle", "type": "message", "entry": [entry("a")]}, RuleBroken, "Bundle.entry[0].resource"),
        (bundle(), MissingField, "Bundle.entry[0].resource.eventCoding.code"),
        (bundle(eventUri="urn:x"), MissingField, "Bundle.entry[0].resource.eventCoding.code"),
        (bundle(eventCoding=[CODING]), MissingField, "Bundle.entry[0].resource.eventCoding.code"),
        (bundle(eventCoding={"code": 7}), MissingField, "Bundle.entry[0].resource.eventCoding.code"),
    ],
)
def test_no_event_code(tree: dict[str, Any], error: type[GatewayError], where: str) -> None:
    with pytest.raises(error) as caught:
        event_code(tree)
    assert caught.value.where == where


_any = st.recursive(
    st.sampled_from([None, 1, "x", "message", "MessageHeader"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["resource", "entry", "eventCoding", "code", "resourceType"]), inner, max_size=3
        )
    ),
)


@given(_any)
def test_any_tree_is_survived(entries: Any) -> None:
    with pytest.raises(GatewayError):
        event_code({"resourceType": "Bundle", "type": "message", "entry": entries})


@pytest.mark.parametrize(
    ("full_url", "reference", "found"),
    [
        ("Patient/1", "Patient/1", True),
        ("https://medcomfhir.dk/ig/hn/Patient/1", "Patient/1", True),
        ("https://medcomfhir.dk/ig/hn/Patient/1", "https://medcomfhir.dk/ig/hn/Patient/1", True),
        ("https://medcomfhir.dk/ig/hn/Patient/1", "https://medcomfhir.dk/ig/hn/Patient/1/_history/2", True),
        ("Patient/1", "https://elsewhere.example/Patient/1", True),
        ("urn:uuid:0c3201bd-1cbf-4d64-b04d-cd9187a4c6e0", "urn:uuid:0c3201bd-1cbf-4d64-b04d-cd9187a4c6e0", True),
        ("urn:uuid:0c3201bd-1cbf-4d64-b04d-cd9187a4c6e0", "Patient/1", True),
        ("Patient/other", "Patient/1", True),
        ("Patient/other", "Patient/other", True),
        ("Patient/1", "Patient/2", False),
        ("Patient/1", "Person/1", False),
        ("Patient/1", "#1", False),
        ("Patient/1", "", False),
    ],
)
def test_references_find_their_targets(full_url: str, reference: str, found: bool) -> None:
    message = Message(bundle(entry(full_url)))
    assert (message.resolve({"reference": reference}) is not None) is found


def test_a_full_url_is_stronger_than_an_id() -> None:
    message = Message(bundle(entry("Patient/a", identity="b"), entry("Patient/b", identity="a")))
    target = message.resolve({"reference": "Patient/a"})
    assert target is not None
    assert target["id"] == "b"
    assert message.resolve(None) is None
    assert message.resolve({"display": "somebody"}) is None


@pytest.mark.parametrize("reference", ["x", "urn:x:1", "", "#", "#h"])
def test_a_reference_that_names_nothing_finds_no_entry_without_a_full_url(reference: str) -> None:
    nameless = {"resource": {"resourceType": "Patient", "id": "1"}}
    message = Message(bundle(nameless, entry("#h", identity="2")))
    assert message.resolve({"reference": reference}) is None
    assert message.resolve({"reference": "Patient/1"}) is nameless["resource"]


def test_the_first_of_a_name_is_meant() -> None:
    first, second = entry("Patient/1"), entry("Patient/1")
    assert Message(bundle(first, second)).resolve({"reference": "Patient/1"}) is first["resource"]


def test_places_are_told() -> None:
    tree = bundle(entry("Patient/1"), {"fullUrl": "Patient/2"})
    message = Message(tree)
    assert message.place(tree["entry"][1]["resource"]) == "Bundle.entry[1].resource"
    assert message.place({}) == ""
    assert len(message.resources()) == 2
