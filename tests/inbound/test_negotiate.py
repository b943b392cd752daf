"""Formats: which one is wanted, which one was sent."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import WrongCharset
from gateway.inbound.negotiate import JSON, XML, NotAcceptable, UnsupportedMedia, sent, wanted


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/fhir+json", JSON),
        ("application/json", JSON),
        ("text/json", JSON),
        ("application/fhir+xml", XML),
        ("APPLICATION/FHIR+XML; charset=UTF-8", XML),
        ("text/xml", XML),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", XML),
        ("text/html, */*;q=0.1", JSON),
        ("application/fhir+xml;q=0.5, application/fhir+json;q=0.6", JSON),
        ("application/fhir+json;q=0.5, application/fhir+xml;q=0.6", XML),
        ("application/fhir+xml, application/fhir+json", XML),
        ("application/fhir+json; fhirVersion=4.0", JSON),
        ('application/fhir+json; fhirVersion="4.0.1"', JSON),
        ("application/fhir+json; fhirVersion=5.0, application/fhir+xml;q=0.1", XML),
        ("application/fhir+json;q=nonsense, application/fhir+xml;q=0.1", XML),
        ("application/fhir+json;q=7, application/fhir+xml", XML),
        ("application/fhir+json;q=0, application/fhir+xml", XML),
    ],
)
def test_accept(accept: str, form: str) -> None:
    assert wanted(accept) == form


@pytest.mark.parametrize(
    "accept",
    ["text/html", "application/fhir+turtle", "application/fhir+json; fhirVersion=5.0", "*/*;q=0", "image/*", ",,;;=="],
)
def test_what_is_not_written(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        wanted(accept)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("json", JSON),
        ("xml", XML),
        ("application/fhir+xml", XML),
        ("application/fhir xml", XML),
        ("text/xml", XML),
        ("application/json; charset=utf-8", JSON),
    ],
)
def test_format_wins_over_accept(text: str, form: str) -> None:
    assert wanted(JSON, text) == form
    assert wanted(XML, text) == form


@pytest.mark.parametrize("text", ["html", "turtle", "jsonx", "../json", "j son"])
def test_a_format_that_is_not_written(text: str) -> None:
    with pytest.raises(NotAcceptable):
        wanted("*/*", text)


def test_sent() -> None:
    assert sent("application/fhir+json") == JSON
    assert sent("application/json; charset=UTF-8") == JSON
    assert sent("text/xml;charset=utf-8") == XML
    assert sent("application/fhir+xml; fhirVersion=4.0") == XML


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "json",
        "text/plain",
        "text/html",
        "multipart/form-data; boundary=x",
        "application/fhir+json; fhirVersion=3.0",
    ],
)
def test_what_is_not_read(content_type: str) -> None:
    with pytest.raises(UnsupportedMedia):
        sent(content_type)


def test_a_charset_that_fhir_does_not_have() -> None:
    with pytest.raises(WrongCharset):
        sent("application/fhir+json; charset=iso-8859-1")


@given(st.text(max_size=80))
def test_no_header_breaks_it(text: str) -> None:
    for ask in (lambda: wanted(text), lambda: wanted("", text), lambda: sent(text)):
        with suppress(NotAcceptable, UnsupportedMedia, WrongCharset):
            assert ask() in (JSON, XML)
