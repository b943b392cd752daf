"""Characters that JSON can spell and no text of FHIR holds: blanks in a message, a fault in what is written by REST."""

from __future__ import annotations

import json

import pytest

from gateway.translate.fhir import parse, parse_message
from gateway.translate.fhir.structure import structure


def spelled(text: str) -> bytes:
    return b'{"resourceType":"Patient","name":[{"family":"%s"}]}' % text.encode()


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r"Lind\u0000", "Lind "),
        (r"\u001bLind\u0008\u001F", " Lind  "),
        (r"\uFFFE\uffff", "  "),
        (r"a\u0009b\u000Ac\u000d", "a\tb\nc\r"),
        (r"\u00e6\u0020\u0041", "æ A"),
        (r"\\u0000", r"\u0000"),
        (r"\\\u0000", "\\ "),
        (r"\\\\u0001\u0001", "\\\\u0001 "),
        ("plain", "plain"),
    ],
)
def test_in_a_message_they_become_blanks(text: str, read: str) -> None:
    made = parse_message(spelled(text))
    assert made["name"][0]["family"] == read


def test_what_is_written_by_rest_is_read_as_it_is_and_refused() -> None:
    made = parse(spelled(r"Lind\u0000"))
    assert made["name"][0]["family"] == "Lind\0"
    assert structure(made)


def test_nothing_else_of_a_message_changes() -> None:
    whole = {"resourceType": "Binary", "data": "JVBERi0x", "contentType": "text/x\\u0000"}
    assert parse_message(json.dumps(whole).encode()) == whole


def test_in_xml_a_backslash_is_a_backslash() -> None:
    raw = rb'<Patient xmlns="http://hl7.org/fhir"><name><family value="C:\u0000"/></name></Patient>'
    assert parse_message(raw)["name"][0]["family"] == r"C:\u0000"
