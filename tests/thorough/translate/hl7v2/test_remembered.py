"""What was made of one text is kept for the next: nothing that is said may depend on what came before, and nobody may
change what is kept."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli.differing import plain
from gateway.cli.together import folded
from gateway.domain.source import Source
from gateway.errors import GatewayError
from gateway.translate.hl7v2.language import Hl7v2
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from gateway.translate.rules.sources import Sources
from tests.translate.hl7v2.ward import IDS, REGH, ROOT, adt, msh, pid, pv1, raw, segment

EXAMPLES = sorted((ROOT / "mappings" / "hl7v2" / "examples").glob("*.hl7"))
SENDERS = {one.id: one for one in Sources.gather(ROOT / "mappings", Problems()).with_guests()}
TEXTS = st.sampled_from(["", "A", "B12", "A^Ord^SKS", "A^Ord^L", "^Ord", "a&b^c", '""', r"A\T\B", "X^Æ^1.2.3.4"])
NAMES = st.sampled_from(["", "Holm^Per", "Holm^Per^^^Dr", "HL70063^x^^^HL70063", "A&B^C^^^^^D", '""', "~Lund^Bo^^^^^M"])
NUMBERS = st.sampled_from(["", "4711^Holm^Per", "4711^Holm^Per^^^^^^AUTH", "4711^Holm^Per^^^^^^KK&1.2.3&ISO", "^Holm"])
WHEN = st.sampled_from(["20250314", "202503141200", "20251345", "2025"])


@cache
def codes() -> Codes:
    return Codes.read(ROOT / "mappings" / "codes", Problems())


def language(*sources: Source) -> Hl7v2:
    """One that has read nothing yet."""
    return Hl7v2(ROOT / "mappings", sources, IDS, codes())


def kept(of: Hl7v2) -> list[Any]:
    """What was made, of every source."""
    return [made for memo in of._memos.values() for made in memo.values()]


def said(by: Hl7v2, message: bytes) -> Any:
    """All that becomes of a message, or why it is refused."""
    try:
        return plain(by.translate(message))
    except GatewayError as error:
        return error.told()


def said_first(by: Hl7v2, message: bytes) -> Any:
    """The same of one that remembers nothing."""
    by._memos.clear()
    return said(by, message)


@pytest.mark.parametrize("seed", range(3))
def test_no_message_says_anything_else_after_others(seed: int) -> None:
    messages = [file.read_bytes() for file in EXAMPLES] * 2
    Random(seed).shuffle(messages)
    warm, cold = language(*SENDERS.values()), language(*SENDERS.values())
    for message in messages:
        assert said(warm, message) == said_first(cold, message)


def test_nobody_changes_what_is_kept() -> None:
    warm = language(*SENDERS.values())
    messages = [file.read_bytes() for file in EXAMPLES]
    for message in messages:
        warm.translate(message)
    before = deepcopy(kept(warm))
    assert len(before) > 50
    folded([warm.translate(message) for message in messages], IDS, SENDERS)
    assert kept(warm) == before


@st.composite
def admissions(draw: st.DrawFn) -> bytes:
    """Of one of two sources, on one of two days, with fields of few texts: the same ones meet often."""
    sender, day = draw(st.sampled_from(["REGH", "BBH"])), draw(st.sampled_from(["20120101", "20250314"]))
    delimiters = draw(st.sampled_from(["^~\\&", "^~\\$"]))
    citizen = pid({5: draw(NAMES), 11: draw(TEXTS), 15: draw(TEXTS), 16: draw(TEXTS), 40: draw(TEXTS)})
    staff = {7: draw(NUMBERS), 8: draw(NUMBERS), 9: draw(NUMBERS)}
    stay = pv1(staff | {3: draw(TEXTS), 10: draw(TEXTS), 36: draw(TEXTS), 52: draw(NUMBERS), 44: draw(WHEN)})
    related = segment("NK1", {1: "1", 2: draw(NAMES), 3: draw(TEXTS), 4: draw(TEXTS), 7: draw(TEXTS)})
    named = segment("ROL", {1: "1", 2: "UP", 3: draw(TEXTS), 4: draw(NUMBERS), 5: draw(WHEN), 14: draw(TEXTS)})
    head = msh("A01", {4: sender, 7: f"{day}093000+0100"}).replace("^~\\&", delimiters, 1)
    return raw(head, f"EVN||{day}093000+0100", citizen, named, related, stay)


@given(st.lists(admissions(), min_size=2, max_size=6))
def test_sources_days_and_delimiters_do_not_meet(messages: list[bytes]) -> None:
    named = {"L": "urn:oid:1.1", "AUTH": "urn:oid:1.2"}
    sources = (
        replace(REGH, authorities=named),
        replace(REGH, id="bbh", senders=("SP|BBH",), authorities={}, timezone="Asia/Tokyo", rules="plain"),
    )
    warm, cold = language(*sources), language(*sources)
    for message in messages:
        assert said(warm, message) == said_first(cold, message)


def test_what_is_left_out_is_told_each_time() -> None:
    ward = language(REGH)
    message = adt("A01", citizen=pid({5: "Holm^Per^^^^^L^^^^^20251345"}))
    first, second = (ward.translate(message).findings for _ in range(2))
    assert first == second
    assert any("PID" in one.where for one in first)
