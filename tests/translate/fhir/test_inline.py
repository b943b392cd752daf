"""A path spelled as Python says the same as its closure, of every tree that has the shape of R4."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.translate.fhir.message import Message
from gateway.translate.fhir.paths import FhirReader
from gateway.translate.fhir.sound import is_sound
from gateway.translate.rules.reader import Path, PathError

LEAVE = "http://example.dk/leave{1}"  # braces are no places of a form
ENCOUNTERS: list[dict[str, Any]] = [
    {},
    {"period": {}, "extension": [], "identifier": [{}], "status": ""},
    {"period": {"start": "2025-01-01"}, "status": "planned", "length": {"value": 0}},
    {
        "extension": [
            {"url": "http://example.dk/other", "valuePeriod": {"start": "1999"}},
            {"url": LEAVE, "valuePeriod": {"start": "2025"}},
            {"url": LEAVE, "valuePeriod": {"end": "2026"}},
            {"url": LEAVE, "valueBoolean": False},
        ],
        "episodeOfCare": [{"identifier": {"value": ""}}, {}, {"identifier": {"system": "b", "value": "2"}}],
        "identifier": [{}, {"system": "a", "value": "1"}, {"system": "b", "value": "2"}],
        "meta": {"profile": ["", "x", "y"], "security": [{"code": "R"}, {}, {"code": "V", "userSelected": True}]},
        "diagnosis": [{"rank": 1, "use": {"text": "x"}}, {"rank": 2, "use": {"text": "y"}}],
        "participant": [{"type": [{"coding": [{"code": "a"}, {}]}]}, {"type": [{"coding": [{"code": "b"}]}]}],
    },
]
PATHS = [
    "period", "period.start", "status", "identifier", "identifier.value", "identifier[system=b].value", "meta.profile",
    "meta.security", "meta.security.code", "participant.type.coding.code", "episodeOfCare.identifier", "length.value",
    "identifier[system=].value", "diagnosis[rank=2].use.text",
    "meta.security[userSelected=true].code", "type[text=].coding.code", "participant.type.coding[code=b]",
    f"extension[{LEAVE}].valuePeriod.start", f"extension[{LEAVE}].valueBoolean", "meta", "extension",
]  # fmt: skip


def _bundle(*encounters: dict[str, Any]) -> Message:
    resources = [{"resourceType": "Encounter"} | one for one in encounters]
    assert all(map(is_sound, resources))
    entries = [{"resource": one} for one in resources]
    return Message({"resourceType": "Bundle", "type": "collection", "entry": entries})


def _spelled(path: Path, mode: str, scope: Any) -> Any:
    call = getattr(path, mode)
    form = path.inline.get(mode, "{call}").format(s="scope", call="call(scope)", t="t")
    return eval(f"(lambda t: {form})(None)", {"scope": scope, "call": call})


@pytest.mark.parametrize("encounter", ENCOUNTERS)
@pytest.mark.parametrize("text", PATHS)
def test_what_is_spelled_is_what_is_called(text: str, encounter: dict[str, Any]) -> None:
    reader = FhirReader("medcom", {})
    message = _bundle(encounter)
    outer = reader.compile("Encounter", ())
    for path, scope in (
        (reader.compile(f"Encounter.{text}", ()), message),
        (reader.compile(f".{text}", (outer,)), message.roots["Encounter"][0]),
    ):
        for mode in ("value", "node"):
            assert _spelled(path, mode, scope) == getattr(path, mode)(scope), mode
        for mode in ("values", "nodes"):
            assert list(_spelled(path, mode, scope)) == list(getattr(path, mode)(scope)), mode
        if not eval(path.inline.get("there", "True").format(s="scope"), {"scope": scope}):
            assert path.node(scope) is None


@pytest.mark.parametrize("text", ["", *(f".{text}" for text in PATHS)])
def test_what_begins_at_resources_of_a_type_is_read_from_all_of_them(text: str) -> None:
    """Nearly always there is one, and it has the value: the others count where it has not, or is not there."""
    path = FhirReader("medcom", {}).compile(f"Encounter{text}", ())
    for message in (_bundle(), _bundle(*ENCOUNTERS), _bundle(*reversed(ENCOUNTERS))):
        for mode in ("value", "node"):
            assert _spelled(path, mode, message) == getattr(path, mode)(message), mode
        for mode in ("values", "nodes"):
            assert list(_spelled(path, mode, message)) == list(getattr(path, mode)(message)), mode


@pytest.mark.parametrize("child", ["sistem", "sys{s.x}'tem", "value.system"])
def test_a_selection_names_an_element(child: str) -> None:
    with pytest.raises(PathError, match="is not an R4 element"):
        FhirReader("medcom", {}).compile(f"Encounter.identifier[{child}=b].value", ())
