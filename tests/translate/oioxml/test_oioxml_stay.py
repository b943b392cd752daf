"""XDIS20 and XDIS17: what happens to a stay, in whatever order the letters come."""

from __future__ import annotations

import itertools

import pytest

from gateway.domain.resource import Ids
from gateway.errors import UnknownCode
from gateway.translate.oioxml.language import OioXml
from gateway.translate.translation import Translation
from tests.translate.oioxml.letters import EPISODE, enveloped, folded, stay_letter, the, written

ADMITTED = stay_letter("Admission", "2025-03-12", "21:15")


def told(oioxml: OioXml, *letters: str) -> list[Translation]:
    return [oioxml.translate(written(enveloped(letter))) for letter in letters]


def discharge(code: str, said: str = "nytbrev", time: str = "10:00", at: str = "10:05:00", number: str = "UD1") -> str:
    return stay_letter("Discharge", "2025-03-20", time, said=said, code=code, at=at, number=number)


def test_an_admission_begins_a_stay(oioxml: OioXml, identify: Ids) -> None:
    stay = the("Encounter", folded(told(oioxml, ADMITTED), identify))
    assert (stay["status"], stay["class"]["code"]) == ("in-progress", "IMP")
    assert stay["period"] == {"start": "2025-03-12T21:15:00+01:00"}
    assert stay["serviceProvider"]["display"] == "Bispebjerg Hospital"
    assert stay["episodeOfCare"][0]["identifier"]["value"] == "urn:uuid:9f1c2b3a-4d5e-6f70-8192-a3b4c5d6e7f8"


@pytest.mark.parametrize(
    ("code", "disposition"),
    [("udskrevet_til_hjemmet", "home"), ("udskrevet_til_andet", "oth"), ("uoplyst", None), ("", None)],
)
def test_a_discharge_ends_it(oioxml: OioXml, identify: Ids, code: str, disposition: str | None) -> None:
    stay = the("Encounter", folded(told(oioxml, ADMITTED, discharge(code)), identify))
    assert (stay["status"], stay["period"]["end"]) == ("finished", "2025-03-20T10:00:00+01:00")
    where_to = stay.get("hospitalization", {}).get("dischargeDisposition", {}).get("coding", [{}])[0].get("code")
    assert where_to == disposition


@pytest.mark.parametrize("code", ["flyttet_til_sygehus", "flyttet_til_sygehusafd"])
@pytest.mark.parametrize("said", ["nytbrev", "rettetbrev", "annulleretbrev"])
def test_a_move_is_never_a_discharge(oioxml: OioXml, identify: Ids, code: str, said: str) -> None:
    stay = the("Encounter", folded(told(oioxml, ADMITTED, discharge(code, said)), identify))
    assert stay["status"] == "in-progress"
    assert "end" not in stay["period"]
    assert "dischargeDisposition" not in stay.get("hospitalization", {})


def test_a_discharge_that_is_corrected_to_a_move_was_none(oioxml: OioXml, identify: Ids) -> None:
    letters = (
        ADMITTED,
        discharge("udskrevet_til_hjemmet"),
        discharge("flyttet_til_sygehus", "rettetbrev", at="11:00:00", number="UD2"),
    )
    for order in itertools.permutations(told(oioxml, *letters)):
        stay = the("Encounter", folded(list(order), identify))
        assert (stay["status"], "end" in stay["period"]) == ("in-progress", False)


def test_a_cancelled_discharge_goes_on_and_a_cancelled_admission_was_an_error(oioxml: OioXml, identify: Ids) -> None:
    out, back = discharge("udskrevet_til_hjemmet"), discharge("udskrevet_til_hjemmet", "annulleretbrev", at="12:00:00")
    assert the("Encounter", folded(told(oioxml, ADMITTED, out, back), identify))["status"] == "in-progress"
    never = stay_letter("Admission", "2025-03-12", "21:15", said="annulleretbrev", at="23:00:00", number="BREV2")
    assert the("Encounter", folded(told(oioxml, ADMITTED, never), identify))["status"] == "entered-in-error"


def test_a_corrected_time_counts(oioxml: OioXml, identify: Ids) -> None:
    letters = (
        ADMITTED,
        stay_letter("Admission", "2025-03-12", "20:45", said="rettetbrev", at="23:00:00", number="BREV2"),
        discharge("udskrevet_til_hjemmet"),
        discharge("udskrevet_til_hjemmet", "rettetbrev", time="09:30", at="11:00:00", number="UD2"),
    )
    for order in itertools.permutations(told(oioxml, *letters)):
        stay = the("Encounter", folded(list(order), identify))
        assert stay["status"] == "finished"
        assert stay["period"] == {"start": "2025-03-12T20:45:00+01:00", "end": "2025-03-20T09:30:00+01:00"}


def test_death_is_told_and_taken_back(oioxml: OioXml, identify: Ids) -> None:
    died = discharge("doed")
    bodies = folded(told(oioxml, ADMITTED, died), identify)
    assert the("Encounter", bodies)["status"] == "finished"
    assert the("Patient", bodies)["deceasedBoolean"] is True
    home = discharge("udskrevet_til_hjemmet", "rettetbrev", at="11:00:00", number="UD2")
    bodies = folded(told(oioxml, home, died, ADMITTED), identify)
    assert the("Encounter", bodies)["status"] == "finished"
    assert the("Patient", bodies)["deceasedBoolean"] is False
    undone = discharge("doed", "annulleretbrev", at="12:00:00", number="UD3")
    bodies = folded(told(oioxml, undone, died, ADMITTED), identify)
    assert (the("Encounter", bodies)["status"], the("Patient", bodies)["deceasedBoolean"]) == ("in-progress", False)


def test_dead_on_arrival_starts_and_ends_at_once(oioxml: OioXml, identify: Ids) -> None:
    bodies = folded(told(oioxml, stay_letter("Admission", "2025-03-12", "21:15", code="doed")), identify)
    stay = the("Encounter", bodies)
    assert stay["status"] == "finished"
    assert stay["period"]["start"] == stay["period"]["end"]
    assert the("Patient", bodies)["deceasedBoolean"] is True


def test_order_and_repetition_change_nothing(oioxml: OioXml, identify: Ids) -> None:
    letters = told(oioxml, ADMITTED, discharge("udskrevet_til_hjemmet"), ADMITTED)
    results = {str(folded(list(order), identify)) for order in itertools.permutations(letters)}
    assert len(results) == 1


def test_the_same_letter_in_a_new_envelope_is_the_same_content(oioxml: OioXml) -> None:
    first = oioxml.translate(written(enveloped(ADMITTED, number="KUV1")))
    again = oioxml.translate(written(enveloped(ADMITTED, number="KUV2"), "UTF-8"))
    other = oioxml.translate(written(enveloped(stay_letter("Admission", "2025-03-12", "21:16"))))
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert first.message_id == again.message_id == "5790000143054#BREV1"


@pytest.mark.parametrize("number", [EPISODE, EPISODE.upper(), "9F1C2B3A-4D5E-6F70-8192-A3B4C5D6E7F8"])
def test_the_episode_is_known_however_it_is_written(oioxml: OioXml, number: str) -> None:
    letter = stay_letter("Admission", "2025-03-12", "21:15", episode=number)
    (key,) = {one.key for one in told(oioxml, letter)[0].statements if one.kind == "Encounter"}
    assert key == f"episode|{EPISODE}"


def test_a_short_episode_number_is_its_organisations_own(oioxml: OioXml) -> None:
    letter = stay_letter("Admission", "2025-03-12", "21:15", episode="24681012")
    (key,) = {one.key for one in told(oioxml, letter)[0].statements if one.kind == "Encounter"}
    assert key == "episode|urn:oid:1.2.208.176.1.1|265161000016000|24681012"


@pytest.mark.parametrize(
    ("letter", "place"),
    [
        (discharge("hjem"), "Patient/EpisodeOfCareStatusCode"),
        (discharge("udskrevet_til_hjemmet", "slettetbrev"), "Letter/StatusCode"),
    ],
)
def test_a_code_that_the_table_does_not_have_is_refused_with_its_place(oioxml: OioXml, letter: str, place: str) -> None:
    with pytest.raises(UnknownCode) as error:
        told(oioxml, letter)
    assert error.value.where == f"Emessage/NotificationOfDischarge/{place}"
