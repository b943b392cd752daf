"""The named functions of HL7 v2, by the names that mappings/hl7v2 uses. They hide shared ones of the same name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.translate.hl7v2 import datatypes, enclosed, keys, numbered, planned, scheduling, spoken
from gateway.translate.rules.reader import Function

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "datetime": Function(datatypes.date_time, gives="dateTime", alone=True),
        "timed": Function(datatypes.timed, gives="dateTime", alone=True),
        "date": Function(datatypes.date, gives="date", alone=True),
        "moment": Function(datatypes.moment, gives="moment"),
        "concept": Function(datatypes.concept, "node", "CodeableConcept", (1, 2), alone=True),
        "diagnosed": Function(datatypes.diagnosed, "node", "CodeableConcept", (3, 3), always=True, alone=True),
        "language_code": Function(spoken.language_code, "node", arity=(2, 2), alone=True),
        "language_words": Function(spoken.language_words, "node", alone=True),
        "language_coding": Function(spoken.language_coding, "node", "Coding", (2, 2), alone=True),
        "coding": Function(datatypes.coding, "node", "Coding", (1, 2), alone=True),
        "citizen_identifier": Function(datatypes.citizen_identifier, "node", "Identifier"),
        "former_identifier": Function(datatypes.former_identifier, "node", "Identifier"),
        "visit_identifier": Function(datatypes.visit_identifier, "node", "Identifier"),
        "identifier": Function(datatypes.identifier, "node", "Identifier"),
        "entity": Function(datatypes.entity, "node", "Identifier", alone=True),
        "practitioner": Function(datatypes.practitioner, "node", "Reference", alone=True),
        "organisation": Function(datatypes.organisation, "node", "Reference", alone=True),
        "hospital": Function(datatypes.hospital, "node", "Reference", alone=True),
        "sender": Function(datatypes.sender, "node", "Reference"),
        "destination": Function(datatypes.destination, "node", "Reference", alone=True),
        "place": Function(datatypes.place, "node", "Reference", alone=True),
        "contact": Function(datatypes.contact, "node", "ContactPoint", (1, 2), alone=True),
        "title": Function(datatypes.title, alone=True),
        "street": Function(datatypes.street, "node", "string", alone=True),
        "citizen": Function(keys.citizen, "node", "key", always=True),
        "former": Function(keys.former, "node", "key", always=True),
        "visit": Function(keys.visit, "node", "key", always=True),
        "episode": Function(keys.episode, "node", "key"),
        "former_visit": Function(keys.former_visit, "node", "key"),
        "linked": Function(keys.linked, "node", "Reference"),
        "diagnosis": Function(keys.diagnosis, "node", "key", (2, 3), always=True),
        "condition": Function(keys.condition, "node", "Reference", (2, 3), always=True),
        "relative": Function(keys.relative, "node", "key", (4, 4), always=True),
        "instance": Function(planned.instance, "node", "key", (2, 2), always=True),
        "team": Function(keys.team, "node", "key"),
        "member": Function(keys.member, "node", "key", (3, 4), always=True, alone=True),
        "numbered": Function(numbered.numbered, "node", "Identifier", (2, 3)),
        "number_key": Function(numbered.number_key, "node", "key", (2, 2)),
        "appointment": Function(numbered.appointment, "node", "key", (3, 3), always=True),
        "ordered": Function(numbered.ordered, "node", "Reference", (2, 2)),
        "contact_reference": Function(numbered.contact, "node", "Reference"),
        "provider": Function(numbered.provider, "node", "Reference", (2, 2), always=True),
        "instant": Function(scheduling.instant, gives="instant"),
        "mere_day": Function(scheduling.mere_day, gives="dateTime"),
        "until": Function(scheduling.until, gives="instant", arity=(2, 3)),
        "minutes": Function(scheduling.minutes, gives="positiveInt", arity=(1, 2)),
        "lines": Function(scheduling.lines, "values", arity=(1, -1), always=True),
        "text_data": Function(enclosed.text_data, "nodes", "base64Binary"),
        "text_type": Function(enclosed.text_type, "nodes"),
        "text_size": Function(enclosed.text_size, "nodes", "unsignedInt"),
        "media": Function(enclosed.media, "node", "string"),
        "media_pointed_at": Function(enclosed.media_pointed_at, "node", "string"),
        "enclosed": Function(enclosed.enclosed, "node", "base64Binary"),
        "enclosed_size": Function(enclosed.enclosed_size, "node", "unsignedInt"),
        "address": Function(enclosed.address, "node", "url"),
    }
)
