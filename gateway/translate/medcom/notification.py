"""A HospitalNotification whose parts were found and hold together (MedCom HN 3.0: profiles and invariants).

What a profile forbids but nobody reads (locations, diagnoses, unknown extensions, further resources) is let be;
what could be taken for something else is refused, with its place.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from gateway.domain.identifier import Identifier
from gateway.translate.fhir.message import Message
from gateway.translate.fhir.times import moment_in
from gateway.translate.medcom.citizen import numbers_of, patient_of
from gateway.translate.medcom.header import check_header, focus_of
from gateway.translate.medcom.organisations import Organisations
from gateway.translate.medcom.provenance import Chain, chain_of
from gateway.translate.medcom.stay import check_stay, episode_keys, times_of

Json = dict[str, Any]


class Notification(Struct, frozen=True):
    """`times` are the moments of stay and leave by name (`leave.start`), those there are; `episode` are the keys of the
    stay's episode, the one it is known by first."""

    message: Message
    organisations: Organisations
    id: str
    encounter: Json
    patient: Json
    chain: Chain
    citizen: tuple[Identifier, ...]
    episode: tuple[str, ...]
    times: Mapping[str, datetime]
    sent: datetime


def notification_of(message: Message, activities: Collection[str], zone: ZoneInfo) -> Notification:
    """The parts, found and checked. `activities` are the codes there are, `zone` is that of dates without a time.

    From here on paths of rule files that begin with Encounter, Patient or Provenance mean these parts.
    """
    check_header(message)
    encounter = focus_of(message, "Encounter")
    patient = patient_of(message, encounter)
    chain = chain_of(message, activities, zone)
    check_stay(message, encounter)
    numbers = numbers_of(message, patient)
    episode = episode_keys(one["identifier"] for one in encounter["episodeOfCare"])
    times = times_of(message, encounter, zone)
    message.only("MessageHeader", message.header)
    message.only("Encounter", encounter)
    message.only("Patient", patient)
    message.only("Provenance", chain.current)
    sent = moment_in(message, message.bundle, "timestamp", zone)
    return Notification(
        message=message,
        organisations=Organisations(message),
        id=message.header["id"],
        encounter=encounter,
        patient=patient,
        chain=chain,
        citizen=numbers,
        episode=episode,
        times=times,
        sent=sent,
    )
