"""Trials and production (MSH-11, table 0103): what a source says of itself decides what is taken from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.errors import UnknownProcessing
from gateway.translate.hl7v2.language import Hl7v2
from gateway.translate.rules.sources import ANYBODY
from tests.translate.hl7v2.ward import IDS, OTHER, REGH, ROOT, evn, language, msh, pid, pv1, raw

NOW = datetime(2025, 3, 20, 9, 30, 16, tzinfo=UTC)


def sent(processing: str, fields: dict[int, str] | None = None, sender: str = "REGH") -> bytes:
    return raw(msh("A01", {4: sender, 11: processing} | (fields or {})), evn(), pid(), pv1())


@pytest.mark.parametrize("processing", ["P", "p", "P^T", "", " P "])
def test_production_is_taken_and_so_is_what_names_nothing(processing: str) -> None:
    assert language().translate(sent(processing)).event == "A01"


@pytest.mark.parametrize("processing", ["T", "D", "t", "T^T", "X", "2.5"])
def test_a_trial_is_rejected_unread(processing: str) -> None:
    message = sent(processing)
    with pytest.raises(UnknownProcessing) as told:
        language().translate(message)
    answer = language().refuse(message, told.value, NOW).decode()
    assert f"|{processing}|2.5|" in answer.partition("\r")[0]  # the answer to a trial is one
    assert "\rMSA|AR|M1\r" in answer
    assert "\rERR||MSH^1^11|202^Unsupported processing id^HL70357|E|" in answer
    assert "Received of this source: P (processing in mappings/sources)." in answer


def test_the_accept_acknowledgement_tells_it() -> None:
    message = sent("T", {15: "AL", 16: "AL"})
    with pytest.raises(UnknownProcessing) as told:
        language().translate(message)
    assert b"\rMSA|CR|M1\r" in language().refuse(message, told.value, NOW)
    assert language().later(message, NOW, told.value) is None


def test_a_source_says_what_is_taken_from_it() -> None:
    trials = replace(OTHER, processing=("T", "D"))
    hospital = Hl7v2(ROOT / "mappings", (REGH, trials), IDS)
    for processing in ("T", "D"):
        assert hospital.translate(sent(processing, sender="BBH")).event == "A01"
    for processing in ("P", ""):
        with pytest.raises(UnknownProcessing, match="Received of this source: T, D"):
            hospital.translate(sent(processing, sender="BBH"))
    with pytest.raises(UnknownProcessing):
        hospital.translate(sent("T"))


@pytest.mark.parametrize("processing", ["P", "T", "D", ""])
def test_files_of_strangers_are_looked_at_whatever_they_are(processing: str) -> None:
    anybody = Hl7v2(ROOT / "mappings", (replace(REGH, senders=(ANYBODY,)),), IDS)
    assert anybody.translate(sent(processing, sender="NOBODY")).event == "A01"
