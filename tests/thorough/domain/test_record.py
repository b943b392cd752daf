"""The access record: one form in bytes, no CPR anywhere, a leaf that outlives the body."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import record as records_of
from gateway.domain.record import (
    PERSON,
    AccessRecord,
    BadRecord,
    Decision,
    Outcome,
    from_bytes,
    leaf,
    masked,
    person_key,
)
from gateway.domain.resource import ids

TIME = datetime(2026, 3, 1, 12, 30, 0, 42, tzinfo=UTC)
CPR = "2512489996"


def record(**changed: Any) -> AccessRecord:
    given: dict[str, Any] = {
        "time": TIME,
        "interaction": "read",
        "decision": Decision.FILTERED,
        "citizen": "a1" * 16,
        "kind": "CarePlan",
        "resources": ("CarePlan/" + "b2" * 16 + "/_history/3",),
        "user": "urn:oid:1.2.208.176.1.3|BVZ12",
        "user_name": "Åse Prøve-Holm",
        "user_role": "nurse",
        "organisation": "urn:oid:1.2.208.176.1.1|265161000016000",
        "sector": "region",
        "client": "hospital",
        "purposes": ("TREAT",),
        "withheld": (("policy/treatment.csv:12", 3), ("consent:77", 1)),
        "trace": "76d148b6-586d-11ec-bf63-0242ac130002",
    }
    return AccessRecord(**(given | changed))


texts = st.text(max_size=20)
records = st.builds(
    AccessRecord,
    time=st.datetimes(timezones=st.just(UTC)),
    interaction=st.sampled_from(["read", "search-type", "import"]),
    decision=st.sampled_from(Decision),
    outcome=st.sampled_from(Outcome),
    citizen=texts,
    resources=st.lists(texts, max_size=3).map(tuple),
    withheld=st.lists(st.tuples(texts, st.integers(0, 9)), max_size=3).map(tuple),
    override_reason=texts,
    query=texts,
)


def test_the_bytes_are_canonical_json() -> None:
    raw = record().to_bytes()
    told = json.loads(raw)
    assert list(told) == sorted(told)
    assert raw == json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    assert told["time"] == "2026-03-01T12:30:00.000042Z"
    assert told["v"] == 1
    assert told["withheld"] == [["policy/treatment.csv:12", 3], ["consent:77", 1]]
    assert "operation" not in told, "what is empty is left out"
    assert "Åse" in raw.decode(), "UTF-8, not escapes"


@given(records)
def test_a_record_comes_back(made: AccessRecord) -> None:
    assert from_bytes(made.to_bytes()) == made
    assert from_bytes(made.to_bytes()).to_bytes() == made.to_bytes()


def test_every_field_comes_back() -> None:
    full: dict[str, Any] = {}
    for field in dataclasses.fields(AccessRecord):
        kind = str(field.type)
        full[field.name] = (("r", 1),) if field.name == "withheld" else ("a", "b") if "tuple" in kind else field.name
    full |= {"time": TIME, "decision": Decision.OVERRIDE, "outcome": Outcome.SERIOUS}
    made = AccessRecord(**full)
    assert from_bytes(made.to_bytes()) == made


_ANY = {"tuple[str, ...]": st.lists(texts, max_size=2).map(tuple), "str": texts}
_KINDS = {field.name: str(field.type) for field in dataclasses.fields(AccessRecord)}
of_any_fields = st.fixed_dictionaries(
    {"time": st.datetimes(timezones=st.just(UTC)), "interaction": texts, "decision": st.sampled_from(Decision)},
    optional={name: _ANY[kind] for name, kind in _KINDS.items() if kind in _ANY and name != "interaction"}
    | {"withheld": st.just((("r", 1),)), "outcome": st.sampled_from(Outcome)},
)


@given(of_any_fields)
def test_whatever_fields_there_are_the_bytes_are_those_of_plain_json(said: dict[str, Any]) -> None:
    made = AccessRecord(**said)
    told = {field.name: getattr(made, field.name) for field in dataclasses.fields(AccessRecord)} | {"v": 1}
    told["time"] = made.time.isoformat(timespec="microseconds").replace("+00:00", "Z")
    there = {name: value for name, value in told.items() if value}
    plain = json.dumps(there, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert made.to_bytes() == plain.encode(errors="replace")


def test_time_is_told_in_utc() -> None:
    danish = record(time=TIME.astimezone(timezone(timedelta(hours=1))))
    assert danish.to_bytes() == record().to_bytes()
    with pytest.raises(ValueError, match="zone"):
        record(time=TIME.replace(tzinfo=None))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"5",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        record().to_bytes() + b" ",
        record().to_bytes().replace(b'"v":1', b'"v":2'),
        record().to_bytes().replace(b'"v":1', b'"v":true'),
        record().to_bytes().replace(b'"citizen"', b'"Citizen"'),
        record().to_bytes().replace(b'"filtered"', b'"maybe"'),
        record().to_bytes().replace(b'"client":"hospital"', b'"client":5'),
        record().to_bytes().replace(b'"client":"hospital"', b'"client":""'),
        record().to_bytes().replace(b"000042Z", b"000042"),
        record().to_bytes().replace(b'"purposes":["TREAT"]', b'"purposes":"TREAT"'),
        record().to_bytes().replace(b",3]", b",NaN]"),
        record().to_bytes().replace(b",3]", b",3.0]"),
        record().to_bytes().replace(b'{"citizen"', b'{"client":"x","citizen"'),
    ],
)
def test_other_bytes_are_no_record(raw: bytes) -> None:
    with pytest.raises(BadRecord):
        from_bytes(raw)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "GET /fhir/Patient?identifier=urn:oid:1.2.208.176.1.2|2512489996&_count=5",
            "GET /fhir/Patient?identifier=X&_count=5",
        ),
        ("GET /fhir/Patient?identifier=urn%3Aoid%3A1.2.208.176.1.2%7C251248-9996", "GET /fhir/Patient?identifier=X"),
        ("GET /fhir/Goal?subject:Patient.identifier=0703921VJ5", "GET /fhir/Goal?subject:Patient.identifier=X"),
        ("Goal?patient.identifier:of-type=a|b|c&code=x", "Goal?patient.identifier:of-type=X&code=x"),
        ("POST /fhir/Patient/_search identifier=1", "POST /fhir/Patient/_search identifier=X"),
        ("_content=%202512489996", "_content=%20X"),
        ("_content=251248%2D9996", "_content=X"),
        ("borger 251248 9996, pårørende 250947-9989.", "borger X, pårørende X."),
        ("251248/9996 251248.9996 251248\u20139996", "X X X"),
        ("_content=251248%E2%80%939996", "_content=X"),
        ("code=265161000016000&_lastUpdated=gt2024-01-01", "code=265161000016000&_lastUpdated=gt2024-01-01"),
        ("patient=00000251248999600000aaaaaaaaaaaa", "patient=00000251248999600000aaaaaaaaaaaa"),
        ("patient=ab2512489996cdefab2512489996cdef", "patient=ab2512489996cdefab2512489996cdef"),
        ("76251248-9996-11ec-bf63-0242ac130002", "76251248-9996-11ec-bf63-0242ac130002"),
    ],
)
def test_what_is_masked_and_what_is_not(text: str, expected: str) -> None:
    expected = expected.replace("X", "xxxxxxxxxx")
    assert masked(text) == expected
    assert masked(masked(text)) == expected


pieces = st.sampled_from(
    ["251248", "9996", "2512489996", "1", "٣٤٥٦٧٨", "-", " ", "%20", "%2D", "\u2013", "ab", "identifier", "identifier=",
     "?", "&", ":of-type=", "\n", "a1" * 16, "76d148b6-586d-11ec-bf63-0242ac130002", "Åse"]
)  # fmt: skip


@given(st.lists(pieces, max_size=9).map("".join))
def test_a_text_that_is_not_gone_through_has_nothing_to_mask(text: str) -> None:
    assert masked(text) == records_of._SENSITIVE.sub(records_of._mask, text)
    made = record(query=text, user_name="".join(reversed(text)))
    assert made.query == masked(text)
    assert made.user_name == masked("".join(reversed(text)))


@pytest.mark.parametrize("field", ["query", "override_reason", "outcome_text", "trace"])
def test_free_text_is_masked_when_the_record_is_made(field: str) -> None:
    made = record(**{field: f"see {CPR}"})
    assert CPR not in made.to_bytes().decode()
    assert "xxxxxxxxxx" in made.to_bytes().decode()


@pytest.mark.parametrize("field", ["user", "on_behalf_of", "citizen"])
def test_nobody_is_named_by_cpr(field: str) -> None:
    key = f"urn:oid:1.2.208.176.1.2|{CPR}"
    with pytest.raises(ValueError, match="person_key") as refused:
        record(**{field: key})
    assert CPR not in str(refused.value)
    made = record(**{field: person_key(key, ids(b"secret"))})
    assert CPR not in made.to_bytes().decode()


def test_a_pseudonym_is_stable_keyed_and_only_for_cpr() -> None:
    key = f"urn:oid:1.2.208.176.1.2|{CPR}"
    assert person_key(key, ids(b"one")) == person_key(key, ids(b"one"))
    assert person_key(key, ids(b"one")) != person_key(key, ids(b"two"))
    assert person_key(key, ids(b"one")).startswith(PERSON + "|")
    assert person_key("urn:oid:1.2.208.176.1.3|BVZ12", ids(b"one")) == "urn:oid:1.2.208.176.1.3|BVZ12"


def test_half_a_character_does_not_stop_the_record() -> None:
    made = record(query="GET /fhir/Goal?code=\ud800")
    assert from_bytes(made.to_bytes()).query == "GET /fhir/Goal?code=?"


def test_one_record_for_each_citizen() -> None:
    first, second = record(), record().of("c3" * 16)
    assert first.citizen != second.citizen
    assert first.of("c3" * 16) == second
    assert first.withheld_count == 4


def test_the_leaf_is_the_salted_hash() -> None:
    raw, salt = record().to_bytes(), bytes(range(16))
    assert leaf(raw, salt) == sha256(salt + raw).digest()
    assert leaf(raw, bytes(16)) != leaf(raw, salt)
    for wrong in (b"", bytes(15), bytes(17)):
        with pytest.raises(ValueError, match="16"):
            leaf(raw, wrong)
