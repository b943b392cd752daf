"""Ydelsesindeks, SF1490: what a grant tells of a benefit, and what of it means an alert."""

from __future__ import annotations

import pytest

from gateway.domain.identifier import X_ECPR, Identifier
from gateway.translate.ydelse import Ydelse
from tests.translate.ydelse.folding import alert, folded, of
from tests.translate.ydelse.making import (
    CPR,
    REDUCED,
    STOPPED,
    WHOLE,
    benefit,
    effect,
    granted,
    imported,
    party,
    plan,
    registered,
)

MAY = "2025-05-01T00:00:00+02:00"
JUNE = "2025-06-01T00:00:00+02:00"
LATER = "2025-06-05T09:00:00+02:00"
ALERTS = "https://faellesplan.dk/fhir/CodeSystem/benefit-alert"
KLE = "https://data.gov.dk/id/classification/KLE"


def grant(*benefits: str, **more: str) -> bytes:
    return imported(granted(registered(*benefits, **more)))


def test_a_benefit_is_an_account_with_its_class_days_and_owner(ydelse: Ydelse) -> None:
    raw = grant(benefit(end="2025-12-31T00:00:00+01:00", reason="Ingen indtægt", plans=plan()))
    (account,) = of("Account", folded(ydelse, raw))
    assert account["status"] == "active"
    assert account["name"] == "Kontanthjælp"
    assert account["type"]["coding"] == [{"system": KLE, "code": WHOLE}]
    assert account["servicePeriod"] == {"start": "2025-01-01", "end": "2025-12-31"}  # the last day belongs to it
    assert account["owner"]["identifier"] == {"system": "http://cvr.dk", "value": "64942212"}
    assert account["description"] == "Ingen indtægt"
    assert account["subject"][0]["reference"].startswith("Patient/")
    assert account["meta"]["security"][0]["code"] == "N"


def test_no_digit_of_an_amount_is_lost(ydelse: Ydelse) -> None:
    long = "12345678901234567890.1234567890"
    (account,) = of("Account", folded(ydelse, grant(benefit(plans=plan("10849.50") + plan(long)))))
    amounts = [one["extension"][0]["valueMoney"] for one in account["extension"] if one["url"].endswith("grant")]
    written = [one["extension"][0]["valueString"] for one in amounts]
    assert written == ["10849.50", long]
    assert [one.get("value") for one in amounts] == [10849.5, None]  # a JSON number would not hold it
    assert {one["currency"] for one in amounts} == {"DKK"}


def test_a_whole_benefit_alerts_to_nothing(ydelse: Ydelse) -> None:
    assert alert(ydelse, grant(benefit(WHOLE, reason="Nedsat arbejdsevne", plans=plan()))) is None


@pytest.mark.parametrize(("kle", "code"), [(REDUCED, "reduced"), (STOPPED, "stopped")])
def test_the_class_tells_of_a_reduction_or_a_stop(ydelse: Ydelse, kle: str, code: str) -> None:
    flag = alert(ydelse, grant(benefit(kle, from_=MAY), at=LATER))
    assert flag is not None
    assert flag["status"] == "active"
    assert flag["code"]["coding"][0]["system"] == ALERTS
    assert flag["code"]["coding"][0]["code"] == code
    assert flag["code"]["coding"][1] == {"system": KLE, "code": kle}  # the original is kept
    assert flag["period"] == {"start": MAY}
    assert flag["author"]["display"] == "Københavns Kommune"
    assert flag["category"][0]["coding"][0]["code"] == "benefit"
    assert not any("grant" in one["url"] for one in flag["extension"]), "an alert shows no amounts"


def test_an_exclusive_end_is_the_second_before(ydelse: Ydelse) -> None:
    flag = alert(ydelse, grant(benefit(REDUCED, from_=MAY, to=JUNE), at="2025-05-20T09:00:00+02:00"))
    assert flag is not None
    assert flag["period"] == {"start": MAY, "end": "2025-05-31T23:59:59+02:00"}
    assert flag["status"] == "active"  # when it was registered it held


@pytest.mark.parametrize("end", ["9999-12-31T00:00:00+01:00", ""])
def test_an_end_that_never_comes_is_no_end(ydelse: Ydelse, end: str) -> None:
    (account,) = of("Account", folded(ydelse, grant(benefit(end=end))))
    assert account["servicePeriod"] == {"start": "2025-01-01"}


def test_the_entry_in_force_stands_wherever_it_is_listed(ydelse: Ydelse) -> None:
    before, now = benefit(WHOLE, to=MAY, name="Kontanthjælp"), benefit(REDUCED, from_=MAY, name="Nedsat kontanthjælp")
    for order in ((before, now), (now, before)):
        made = folded(ydelse, grant(*order, at=LATER))
        assert of("Account", made)[0]["name"] == "Nedsat kontanthjælp"
        assert of("Flag", made)[0]["period"] == {"start": MAY}


def test_whole_again_in_the_same_registration_ends_the_alert(ydelse: Ydelse) -> None:
    flag = alert(ydelse, grant(benefit(REDUCED, from_=MAY, to=JUNE), benefit(WHOLE, from_=JUNE), at=LATER))
    assert flag is not None
    assert (flag["status"], flag["period"]["end"]) == ("inactive", "2025-05-31T23:59:59+02:00")


def test_whole_again_in_a_later_registration_ends_it_too_in_any_order(ydelse: Ydelse) -> None:
    reduced = grant(benefit(REDUCED, from_=MAY), at="2025-05-02T09:00:00+02:00")
    whole = grant(benefit(WHOLE, from_=JUNE), at=LATER)
    told = alert(ydelse, reduced, whole)
    assert told is not None
    assert told == alert(ydelse, whole, reduced, whole)
    assert told["status"] == "inactive"
    assert told["period"] == {"start": MAY, "end": "2025-05-31T23:59:59+02:00"}
    again = alert(
        ydelse,
        reduced,
        whole,
        grant(benefit(STOPPED, from_="2025-07-01T00:00:00+02:00"), at="2025-07-02T09:00:00+02:00"),
    )
    assert again is not None
    assert (again["status"], again["code"]["coding"][0]["code"]) == ("active", "stopped")


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("Sanktion efter aktivlovens § 39", "reduced"), ("Ophør af kontanthjælp pga. udeblivelse", "stopped"),
        ("Ydelsen er   NEDSAT", "reduced"), ("ingen sanktion", ""), ("Sanktionen er ophævet", ""),
        ("Nedsat funktionsevne", ""), ("uden nedsættelse af ydelsen", ""), ("", ""),
        ("Punktsanktion for udeblivelse", "reduced"), ("Skærpet rådighedssanktion", "reduced"),
        ("ingen rådighedssanktion", ""), ("Ophør af punktsanktion", ""), ("Rådighedssanktionen er ophævet", ""),
        ("Ressourceforløbsydelsen er nedsat", "reduced"), ("Nedsættelse af uddannelseshjælp", "reduced"),
        ("Nedsat selvforsørgelses- og hjemrejseydelse", "reduced"), ("Sygedagpengene er standset", "stopped"),
        ("Ophør af sygedagpenge", "stopped"), ("Bortfald af ledighedsydelse", "stopped"),
        ("Boligstøtten bortfalder", "stopped"), ("Førtidspensionen er ikke ophørt", ""), ("Nedsatte sygedagpenge", ""),
        ("Nedsat arbejdsevne, ressourceforløbsydelse", ""), ("ikke ophør af sygedagpenge", ""),
    ],
)  # fmt: skip
def test_words_of_a_reason(ydelse: Ydelse, reason: str, code: str) -> None:
    for raw in (grant(benefit(reason=reason)), grant(reason=reason)):
        flag = alert(ydelse, raw)
        assert (flag["code"]["coding"][0]["code"] if flag else "") == code


def status(code: str, start: str = MAY, end: str = "") -> str:
    """A state where a sender may put one: 6.0.STS-0 names the codes and no element."""
    return f"<bi:Status>{effect(start, end)}<bi:StatusKode>{code}</bi:StatusKode></bi:Status>"


def test_a_state_that_is_in_force(ydelse: Ydelse) -> None:
    states = status("Aktiv", "2025-01-01T00:00:00+01:00", MAY) + status("Inaktiv")
    made = folded(ydelse, grant(benefit(), states=states, at=LATER))
    assert of("Account", made)[0]["status"] == "inactive"
    (flag,) = of("Flag", made)
    assert (flag["code"]["coding"][0]["code"], flag["period"]) == ("stopped", {"start": MAY})
    made = folded(ydelse, grant(benefit(), states=states, at="2025-04-01T09:00:00+02:00"))
    assert of("Account", made)[0]["status"] == "active"
    assert of("Flag", made) == []
    assert alert(ydelse, grant(benefit(), states=status("Passiv"), at=LATER)) is None


def test_several_benefits_of_one_grant_are_told_apart(ydelse: Ydelse) -> None:
    made = folded(ydelse, grant(benefit(number="1"), benefit(REDUCED, number="2", name="Boligstøtte"), at=LATER))
    assert sorted(one["name"] for one in of("Account", made)) == ["Boligstøtte", "Kontanthjælp"]
    (flag,) = of("Flag", made)
    assert "Boligstøtte" in flag["code"]["text"]
    (detail,) = [one for one in flag["extension"] if one["url"].endswith("flag-detail")]
    named = next(one for one in of("Account", made) if one["name"] == "Boligstøtte")
    assert detail["valueReference"]["reference"] == f"Account/{named['id']}"


def test_without_foelsomhed_it_is_restricted(ydelse: Ydelse) -> None:
    made = folded(ydelse, grant(benefit(REDUCED), sensitivity=""))
    for kind in ("Account", "Flag"):
        (body,) = of(kind, made)
        assert body["meta"]["security"][0]["code"] == "R"
        assert [one["valueCode"] for one in body["extension"] if one["url"].endswith("oio-sensitivity")] == [
            "FOELSOMME_PERSONOPLYSNINGER"
        ]


@pytest.mark.parametrize(
    ("name", "code"),
    [("Ophør af kontanthjælp", "stopped"), ("Nedsat kontanthjælp", "reduced"), ("Kontanthjælp", "")],
)
def test_what_a_benefit_is_called_tells_where_its_number_does_not(ydelse: Ydelse, name: str, code: str) -> None:
    flag = alert(ydelse, grant(benefit("KTH", name=name)))
    assert (flag["code"]["coding"][0]["code"] if flag else "") == code


def test_a_replacement_number_stands_as_the_partys_own_key(ydelse: Ydelse) -> None:
    """As on a case: the guide has no URN for X-eCPR. Beside a CPR number it says that both are one person's."""
    x_ecpr = Identifier(X_ECPR, "0703921VJ5")
    key = "<bi:BrugervendtNoegle>070392-1VJ5</bi:BrugervendtNoegle></bi:Bevillingspart>"
    for urn, numbers in (
        ("urn:oio:fuldtnavn:Abdi Ali", (x_ecpr,)),
        (f"urn:oio:cpr-nr:{CPR}", (Identifier("urn:oid:1.2.208.176.1.2", CPR), x_ecpr)),
    ):
        raw = grant(parties=party(urn).replace("</bi:Bevillingspart>", key))
        assert ydelse.translate(raw).citizen == numbers
        (patient,) = of("Patient", folded(ydelse, raw))
        assert [one["value"] for one in patient["identifier"]] == [one.value for one in numbers]
