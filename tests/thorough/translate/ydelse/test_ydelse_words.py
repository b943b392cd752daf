"""What the words of a reason say of a benefit (mappings/codes/benefit-alert.csv): that it is less, whole again, or that
it is not so, not yet so, or a mere word that holds another."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

import pytest

from gateway.translate.rules.codes import rows_of
from gateway.translate.rules.problems import Problems
from gateway.translate.ydelse.alert import Alerts

TABLE = Path(__file__).parents[4] / "mappings" / "codes" / "benefit-alert.csv"
ON = "2025-06-01"


@cache
def alerts() -> Alerts:
    problems = Problems()
    rows = rows_of(TABLE, problems)
    problems.check()
    return Alerts(rows)


LESS = (
    "Punkt- og rådighedssanktion", "Punkt-/rådighedssanktion efter § 39", "Sanktion. Ingen anke.",
    "Udeblevet uden grund, sanktion", "Udeblevet uden rimelig grund: punktsanktion", "Ikke mødt op, punktsanktion",
    "Punktsanktion, ikke mødt til samtale", "Punktsanktion ikke mødt til samtale", "Sanktionen er ikke ophævet",
    "Sanktionen er endnu ikke bortfaldet", "Sanktion ophævet 1/4. Ny rådighedssanktion fra 1/5",
    "Ydelsen er nedsat. Varsel om endnu en sanktion", "Ydelsen er nedsat, ikke standset",
    "Ingen punktsanktion, men rådighedssanktion", "Sanktioneret efter udeblivelse", "Klage over sanktion",
    "Ydelsen er nedsat, indtil sanktionen ophører", "Når sanktionen er ophævet, udbetales fuld ydelse",
    "Nedsat ydelse indtil ophør af sanktionen", "Sanktionen er delvist ophævet", "Sanktion: ja",
    "Sanktionsteamet har truffet afgørelse: punktsanktion",
)  # fmt: skip
STOPPED = (
    "Ikke nedsat, ydelsen er standset", "Ingen sanktion og ydelsen er standset", "Varsel om sanktion. Ydelsen ophører",
)  # fmt: skip
DENIED = (
    "ingen punkt- og rådighedssanktion", "Ingen punkt- eller rådighedssanktion",
    "hverken punkt- eller rådighedssanktion",
    "ingen punkt-/rådighedssanktion", "ingen punktsanktion eller rådighedssanktion", "Ikke nedsat ydelse",
    "uden sanktion", "Uden økonomiske sanktioner", "ikke givet sanktion", "Der er ikke givet nogen sanktion",
    "ikke pålagt punktsanktion", "ingen aktuelle sanktioner", "Der er ikke grundlag for sanktion",
    "Der er ikke tale om nedsættelse af ydelsen", "Ikke grundlag for nedsættelse af hjælpen",
    "Ydelsen nedsættes ikke", "Ydelsen nedsættes ikke længere", "Hjælpen ophører ikke.", "Ydelsen er ikke nedsat",
    "Ydelsen bliver ikke nedsat", "Sanktion: nej", "Sanktion: ingen", "Sanktion er ikke givet", "Sanktion gives ikke",
    "Sanktioner er ikke aktuelle", "Sanktion undladt", "Fritaget for sanktion", "Undtaget fra sanktioner",
    "Sanktionsfri periode", "Sanktionsfritaget",
)  # fmt: skip
LIFTED = (
    "Sanktion ophævet", "Sanktion annulleret", "Sanktionen er annulleret", "Sanktion bortfaldet", "Sanktion bortfalder",
    "Sanktion frafaldet", "Sanktionen frafaldes", "Sanktionerne er ophævet", "Sanktionen blev ophævet",
    "Sanktionen er blevet omgjort", "Sanktionen er trukket tilbage", "Sanktion tilbagekaldt", "Sanktionen udløbet",
    "Annullering af sanktion", "Bortfald af punktsanktion", "Ophævelse af sanktionen",
    "Punktsanktion 3 dage. Sanktionen er ophævet", "Ydelsen nedsat med sanktion fra 1/3, sanktionen ophævet 1/4",
    "Nedsættelse af ydelsen er ophævet", "Nedsættelsen af ydelsen er bortfaldet", "Standsning af ydelsen ophævet",
)  # fmt: skip
NOT_YET = (
    "Varsel om sanktion", "Varslet sanktion", "Sanktionsvarsel sendt", "Partshøring om sanktion", "Risiko for sanktion",
    "Partshørt om nedsættelse af ydelsen", "Sanktion kan komme", "Sanktion kan blive givet", "Kan medføre sanktion",
    "Udeblivelse kan medføre nedsættelse af hjælpen", "Vejledt om sanktion", "Vejledt om sanktionsregler",
    "Vejledt om reglerne for sanktion", "Sanktion overvejes", "Overvejer sanktion", "Afventer afgørelse om sanktion",
    "Sanktionsmuligheder drøftet", "Kan sanktioneres", "Orienteret om muligheden for sanktion",
    "Varsel om standsning af ydelsen", "Sanktionsteamet er orienteret",
)  # fmt: skip


@pytest.mark.parametrize("text", LESS)
def test_less(text: str) -> None:
    assert alerts().of_words(text, ON) == "reduced"


@pytest.mark.parametrize("text", STOPPED)
def test_stopped(text: str) -> None:
    assert alerts().of_words(text, ON) == "stopped"


@pytest.mark.parametrize("text", DENIED + LIFTED + NOT_YET)
def test_nothing(text: str) -> None:
    assert alerts().of_words(text, ON) == ""


def test_a_long_text_is_read_at_once() -> None:
    for text in (
        "sanktion " * 50_000,
        "ingen sanktion " + "sanktion " * 50_000,
        "ingen sanktion og " * 30_000,
        "sanktion" * 60_000,
        "ikke givet " * 50_000,
    ):
        begun = time.process_time()
        alerts().of_words(text, ON)
        assert time.process_time() - begun < 2
