"""500 official examples of R4 go in by POST and come out equal as JSON values, in JSON and XML both ways.

Apart from what a server says itself (id, meta), who the citizen is (the examples' people are not here), and what this
gateway says of its own, which stands in OURS with the reason. What is refused stands in REFUSED, with how many.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from lxml import etree

from gateway.domain.fold import SUBJECT
from gateway.inbound.rest.kinds import CREATED
from gateway.translate.fhir import parse, write_xml
from tests.conformance.conftest import Standing
from tests.conformance.r4_examples import Absent, Example, about, examples, written

Json = dict[str, Any]
JSON, XML = "application/fhir+json", "application/fhir+xml"
CITIZENS = 24
OBSERVATIONS = 240
"""Of 555, most of them laboratory values in a few Bundles."""

# A Communication is a message that is sent, to receivers that MedCom knows, and a Subscription calls an address that an
# operator has allowed: the examples of both are no such thing.
KINDS = frozenset(CREATED) - {"Binary", "Communication", "Subscription"}

OURS = {
    ("Patient", "active"): "a record in use says so",
    ("Patient", "identifier"): "the source's own number where there is none; each number once, in one order",
    ("Patient", "managingOrganization"): "nobody is told who else knows the citizen",
    ("CarePlan", "partOf"): "the joint plan comes first",
    ("Consent", "text"): "the narrative is made here, of what is decided by",
}

CLOSED = 4
"""Consents that let the writer itself see the citizen no more: kept, and not told back."""

REFUSED = {
    ("Patient", "Who is the same person is told by message (HL7 v2 A40)"): 5,
    ("Procedure", "A reference to a Patient is needed"): 2,
    ("ServiceRequest", "A reference to a Patient is needed"): 3,
    ("Task", "A reference to the one citizen is needed"): 6,
}


@pytest.fixture(scope="module")
def chosen() -> list[Example]:
    """The examples, consents last: each of them changes who may see its citizen."""
    try:
        found = examples(KINDS)
    except Absent as why:
        pytest.skip(str(why))
    of_lab = [one for one in found if one.kind == "Observation"][:OBSERVATIONS]
    rest = [one for one in found if one.kind != "Observation"]
    return sorted([*rest, *of_lab], key=lambda one: one.kind == "Consent")


@pytest.fixture
def web(standing: Standing) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=standing.url, timeout=20) as web:
        yield web


def test_official_examples_come_out_as_they_went_in(
    chosen: list[Example], standing: Standing, web: httpx2.Client
) -> None:
    consents = sum(one.kind == "Consent" for one in chosen)
    citizens = [_citizen(standing, web) for _ in range(CITIZENS + consents)]
    refused: Counter[tuple[str, str]] = Counter()
    equal = closed = 0
    for number, example in enumerate(chosen):
        patient = citizens.pop() if example.kind == "Consent" else citizens[number % CITIZENS]
        sent = about({name: value for name, value in example.body.items() if name not in ("id", "meta")}, patient)
        one, other = (JSON, XML) if number % 2 else (XML, JSON)
        answer = _posted(standing, web, sent, one, other)
        if answer.status_code == 201 and not answer.content:
            closed += 1
        elif answer.status_code == 201:
            held = answer if example.kind == "Consent" else _read(standing, web, answer.headers["location"], one)
            assert _settled(_body(held), patient) == _settled(sent, patient), example.name
            equal += 1
        else:
            assert answer.status_code in (403, 422), (example.name, answer.text)
            refused[example.kind, _text(_body(answer))] += 1
    assert refused == REFUSED
    assert closed == CLOSED
    assert equal >= 500


def _citizen(standing: Standing, web: httpx2.Client) -> str:
    body = {"resourceType": "Patient", "name": [{"family": "Prøve"}]}
    answer = web.post("/fhir/Patient", json=body, headers=standing.bearer("office") | {"Content-Type": JSON})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _posted(standing: Standing, web: httpx2.Client, body: Json, form: str, wanted: str) -> httpx2.Response:
    content = written(body).encode() if form == JSON else write_xml(body)
    headers = standing.bearer("office") | {"Content-Type": form, "Accept": wanted}
    return web.post(f"/fhir/{body['resourceType']}", content=content, headers=headers)


def _read(standing: Standing, web: httpx2.Client, location: str, form: str) -> httpx2.Response:
    path = location.removeprefix(standing.url).partition("/_history")[0]
    answer = web.get(path, headers=standing.bearer("office") | {"Accept": form})
    assert answer.status_code == 200, (path, answer.text)
    return answer


def _body(answer: httpx2.Response) -> Json:
    if answer.headers["content-type"].startswith(XML):
        return parse(answer.content, XML)
    return dict(json.loads(answer.content, parse_float=Decimal))


def _text(outcome: Json) -> str:
    return str(outcome["issue"][0]["details"]["text"])


def _settled(body: Json, patient: str) -> Json:
    """Without what the server says itself, who the citizen is, and what the gateway says of its own."""
    kind = body["resourceType"]
    left_out = {"id", "meta", SUBJECT.get(kind, "subject"), *(name for of, name in OURS if of == kind)}
    made = {name: value for name, value in body.items() if name not in left_out}
    if kind == "CarePlan":
        made["partOf"] = [one for one in body.get("partOf", []) if "/joint-" not in str(one.get("reference"))]
    assert len(made) > 1, "there is something to compare"
    return dict(_narratives(made))


def _narratives(node: Any) -> Any:
    """The same with every narrative in one spelling: XML says a quote in two ways."""
    if isinstance(node, list):
        return [_narratives(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {name: _narratives(value) for name, value in node.items()}
    if str(made.get("div", "")).startswith("<"):
        made["div"] = etree.canonicalize(made["div"])
    return made
