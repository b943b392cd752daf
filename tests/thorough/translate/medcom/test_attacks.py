"""Notifications made to mislead or to stop the gateway: what they tell is what they say, in a moment's work."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from gateway.cli.together import folded
from gateway.domain.resource import ids
from gateway.errors import GatewayError
from tests.translate.medcom.notices import CPR, LEFT, MEDCOM, SOURCE, notice, raw, resource, utc

Json = dict[str, Any]
MANY = 10_000


def another(bundle: Json, kind: str, name: str, **changed: Any) -> Json:
    return {"fullUrl": f"{kind}/{name}", "resource": dict(resource(bundle, kind), id=name, **changed)}


def test_of_two_encounters_the_focus_counts() -> None:
    """Another one in the Bundle is never read, wherever it stands."""
    plain = MEDCOM.translate(raw(notice())).statements
    for position in (1, 3, 6):
        bundle = notice()
        bundle["entry"].insert(
            position, another(bundle, "Encounter", "other", status="finished", period={"start": LEFT})
        )
        assert [one.body for one in MEDCOM.translate(raw(bundle)).statements] == [one.body for one in plain]


def test_two_entries_of_one_address() -> None:
    """The first is the one that references mean; the content of both counts for the message's fingerprint."""
    bundle = notice()
    twin = deepcopy(bundle["entry"][2])
    twin["resource"]["period"] = {"start": LEFT}
    bundle["entry"].append(twin)
    translation = MEDCOM.translate(raw(bundle))
    assert translation.statements[1].body == MEDCOM.translate(raw(notice())).statements[1].body
    assert translation.fingerprint != MEDCOM.translate(raw(notice())).fingerprint


def test_who_is_referred_to_is_who_is_told_of() -> None:
    """The stay's subject is another citizen than the Patient of the message: refused."""
    bundle = notice()
    resource(bundle, "Encounter")["subject"] = {"identifier": {"system": CPR, "value": "2512489996"}}
    with pytest.raises(GatewayError) as caught:
        MEDCOM.translate(raw(bundle))
    assert caught.value.where == "Bundle.entry[2].resource.subject"


def test_a_chain_that_goes_in_circles() -> None:
    bundle = notice("revise-admit-inpatient", earlier=(("m1", "admit-inpatient"),), goes_back_to="now")
    resource(bundle, "Provenance")["entity"] = [{"role": "revision", "what": {"reference": "MessageHeader/now"}}]
    told = MEDCOM.translate(raw(bundle)).statements[1]
    assert told.corrects == "now"
    (stay,) = (one for one in folded([MEDCOM.translate(raw(bundle))], ids(b"s"), {SOURCE.id: SOURCE})
               if one.kind == "Encounter")  # fmt: skip
    assert stay.body["status"] == "in-progress"


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2025-07-01T10:00:00+01:00", "2025-07-01T09:00:00+00:00"),  # winter's zone in summer: the moment counts
        ("2025-01-01T10:00:00+02:00", "2025-01-01T08:00:00+00:00"),
        ("2025-03-30T02:30:00+01:00", "2025-03-30T01:30:00+00:00"),  # an hour that no Danish clock shows
        ("2025-10-26T02:30:00+02:00", "2025-10-26T00:30:00+00:00"),  # an hour that it shows twice
        ("2025-10-26T02:30:00+01:00", "2025-10-26T01:30:00+00:00"),
        ("2024-02-29T23:59:59.999+01:00", "2024-02-29T22:59:59.999+00:00"),
        ("2025-06-30T23:59:60Z", "2025-07-01T00:00:00+00:00"),
        ("2025-01-01T00:00:00+14:00", "2024-12-31T10:00:00+00:00"),
        ("2025-01-01T00:00:00-12:00", "2025-01-01T12:00:00+00:00"),
    ],
)
def test_zones_of_every_kind(said: str, moment: str) -> None:
    told = MEDCOM.translate(raw(notice(start=said))).statements[1]
    assert told.happened == utc(moment)


def test_hours_of_the_two_zones_order_events() -> None:
    """On the night the clock is set back a return at 02:10 comes after a leave at 02:40."""
    left, back = "2025-10-26T02:40:00+02:00", "2025-10-26T02:10:00+01:00"
    chain = (("m1", "admit-inpatient"), ("m2", "start-leave-inpatient"))
    said = [
        notice(header="m1", start="2025-10-25T09:00:00+02:00"),
        notice("start-leave-inpatient", header="m2", earlier=chain[:1], status="onleave", leave=(left, "")),
        notice("end-leave-inpatient", header="m3", earlier=chain, leave=(left, back)),
    ]
    for order in (said, said[::-1]):
        made = folded([MEDCOM.translate(raw(one)) for one in order], ids(b"s"), {SOURCE.id: SOURCE})
        (stay,) = (one for one in made if one.kind == "Encounter")
        assert stay.body["status"] == "in-progress"
        assert stay.body["extension"][0]["valuePeriod"] == {"start": left, "end": back}


def entries(bundle: Json) -> None:
    """Organisations, Provenances of this and other messages, Encounters, and a chain of references."""
    quarter = range(MANY // 4)
    bundle["entry"] += [another(bundle, "Organization", f"o{at}") for at in quarter]
    headers = ({"reference": f"MessageHeader/h{at}"} for at in quarter)
    bundle["entry"] += [another(bundle, "Provenance", f"p{at}", target=[one]) for at, one in enumerate(headers)]
    bundle["entry"] += [another(bundle, "Provenance", f"own{at}") for at in quarter]
    stays = ({"reference": f"Encounter/e{at + 1}"} for at in quarter)
    bundle["entry"] += [another(bundle, "Encounter", f"e{at}", partOf=one) for at, one in enumerate(stays)]


def references_to_something_large(bundle: Json) -> None:
    resource(bundle, "Organization", 1)["name"] = "x" * 1_000_000
    account = {"reference": bundle["entry"][4]["fullUrl"]}
    resource(bundle, "Encounter")["account"] = [account] * MANY


def episodes(bundle: Json) -> None:
    numbers = [{"identifier": {"system": "urn:x", "value": f"{at:032x}"}} for at in range(MANY)]
    resource(bundle, "Encounter")["episodeOfCare"] = numbers


def numbers(bundle: Json) -> None:
    resource(bundle, "Patient")["identifier"] += [{"system": "urn:x", "value": str(at)} for at in range(MANY)]


@pytest.mark.parametrize("grown", [entries, references_to_something_large, episodes, numbers])
def test_ten_thousand_of_everything(grown: Callable[[Json], None]) -> None:
    bundle = notice()
    grown(bundle)
    text, now = raw(bundle), utc(LEFT)
    translation = MEDCOM.translate(text)
    made = folded([translation], ids(b"s"), {SOURCE.id: SOURCE})
    assert MEDCOM.accept(text, now)
    assert sorted(one.kind for one in made) == ["Encounter", "EpisodeOfCare", "Patient"]
