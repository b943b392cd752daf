"""Whatever is done to a message of any language, the answer is one of the declared ones: statements or a refusal with
its kind, and bytes for its sender; no crash, no hang, and nothing that grows with how often it was tried."""

from __future__ import annotations

import gc
import tracemalloc
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway import bootstrap
from gateway.errors import GatewayError
from gateway.translate.door import door_of

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FOLDERS = sorted((ROOT / "mappings").glob("*/examples"))
SPICE = (
    b"", b"\0", b"\r", b"\n", b"|", b"^", b"~", b"\\", b"&", b'"', b'""', b"'", b"+", b":", b"?", b"<", b">", b"]]>",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"{", b"}", b"[", b"]", b",", b"null", b"NaN", b"1e999", b"\\ud800",
    b"\xff", b"\xc3", b"\xef\xbb\xbf", "\u202e\u0130".encode(), b"9" * 70, b"20260230", b"0000000000", b"MSH|", b"UNA",
    b"UNZ+1+1'", b"A" * 5000,
)  # fmt: skip


@cache
def rules() -> bootstrap.Rules:
    return bootstrap.read_rules(ROOT / "mappings", b"fuzz", strangers=True)


@cache
def corpus(folder: Path) -> list[bytes]:
    files = [f for f in sorted(folder.iterdir()) if not f.name.endswith(".expected.json")]
    told = {"hl7v2": "*.hl7", "medcom": "*.json", "kl": "*.json", "oio": "*.xml"}.get(folder.parent.name)
    stories = sorted((ROOT / "fixtures" / "stories").glob(f"*/{told}"))[:6] if told else []
    return [file.read_bytes() for file in (*files, *stories)]


@st.composite
def spoilt(draw: st.DrawFn, folder: Path) -> bytes:
    """A message with pieces cut out, doubled, put elsewhere, or replaced by something nasty."""
    raw = draw(st.sampled_from(corpus(folder)))
    for _ in range(draw(st.integers(1, 4))):
        if not raw:
            break
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.sampled_from((0, 1, 1, 2, 5, 40, 400))))
        piece = draw(st.sampled_from(SPICE) | st.just(raw[start:end] * 2) | st.binary(max_size=4))
        raw = raw[:start] + piece + raw[end:]
    return raw


def answered(raw: bytes) -> None:
    try:
        messages = rules().languages.messages(door_of(raw), raw)
        doors = [door_of(one) for one in messages]
    except GatewayError:
        return
    for one, door in zip(messages, doors, strict=True):
        language = rules().languages.of(door)
        try:
            found = language.translate(one)
        except GatewayError as error:
            refused = language.refuse(one, error, NOW)
        else:
            refused = b""
            assert all(said.happened.tzinfo is not None and said.key for said in found.statements)
            assert isinstance(language.accept(one, NOW), bytes)
            language.explain(one)
        assert isinstance(refused, bytes)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_a_spoilt_message_gets_a_declared_answer(folder: Path) -> None:
    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
    @given(raw=spoilt(folder))
    def check(raw: bytes) -> None:
        answered(raw)

    check()


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_noise_gets_a_declared_answer_from_every_language(raw: bytes) -> None:
    error = GatewayError()
    for name in ("hl7v2", "fhir-message", "oio", "oioxml", "edifact", "oio-json", "ydelse"):
        language = rules().languages.of(name)
        try:
            language.translate(raw)
        except GatewayError as refused:
            error = refused
        assert isinstance(language.refuse(raw, error, NOW), bytes)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_what_differs_from_message_to_message_does_not_pile_up(folder: Path) -> None:
    """Only short texts are remembered of a message; its citizen, its bytes and its tree are not."""
    raw = corpus(folder)[0]
    answered(raw)
    tracemalloc.start()
    try:
        for number in range(25):
            answered(raw.replace(b"2512489996", b"%010d" % number))
        gc.collect()  # what leads in circles is left to the collector, which comes by when there is enough of it
        before = tracemalloc.get_traced_memory()[0]
        for number in range(25, 50):
            answered(raw.replace(b"2512489996", b"%010d" % number))
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 25 * 20_000, "a message leaves more behind than its own short texts"
