"""The named functions that only mappings/medcom/communication.yaml uses. `env.message` is the `Context`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from gateway.domain.correspondence import number, thread
from gateway.domain.identifier import Identifier
from gateway.translate.medcom.carecommunication.cast import Cast
from gateway.translate.medcom.carecommunication.files import kept
from gateway.translate.medcom.carecommunication.parts import Correspondence
from gateway.translate.medcom.organisations import Organisations
from gateway.translate.medcom.stay import episode_identifier
from gateway.translate.rules.reader import Env, Function

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Context:
    """What the rules of one message know: its parts and its caregivers."""

    told: Correspondence
    organisations: Organisations
    cast: Cast

    @property
    def citizen(self) -> tuple[Identifier, ...]:
        """The citizen's numbers, best first."""
        return self.told.citizen


def correspondence_key(env: Env, header: str) -> str:
    """Sender, number and citizen: docs/correspondence.md."""
    return str(env.message.told.key)


def correspondence_number(env: Env, text: str) -> Json:
    """The number of a message, as an Identifier."""
    return number(text)


def thread_of(env: Env, text: str) -> Json:
    """The thread that a message is part of."""
    return thread(text.strip().lower())


def answered(env: Env, header: str) -> Json | None:
    """The message that this one answers or passes on: where it will stand, and its number."""
    former = env.message.told.answers
    if former is None:
        return None
    made: Json = {"reference": f"Communication/{env.ids('Communication', former.key)}"} if former.key else {}
    return made | {"type": "Communication", "identifier": number(former.number)}


def activity(env: Env, header: str) -> str:
    """The activity of this message's own Provenance."""
    return str(env.message.told.chain.activity)


def caregiver(env: Env, reference: Json) -> Json | None:
    """A reference to a contained caregiver, with words to show."""
    found: Json | None = env.message.cast.point_at(reference)
    return found


def party(env: Env, reference: Json) -> Json | None:
    """Sender or receiver, as a logical reference and with both of its numbers."""
    found: Json | None = env.message.cast.party(reference)
    return found


def stay(env: Env, reference: Json) -> Json | None:
    """The Encounter of a message as a contained one: what letters tell of a stay too, and its numbers."""
    found = env.message.told.message.resolve(reference, "Encounter")
    if found is None:
        return None
    episodes = [episode_identifier(e["identifier"]) for e in found.get("episodeOfCare", ()) if "identifier" in e]
    told: Json = {"status": found.get("status", "unknown")}
    told |= {"class": found["class"]} if "class" in found else {}
    told |= {"episodeOfCare": [{"type": "EpisodeOfCare", "identifier": one} for one in episodes]} if episodes else {}
    made: Json = env.message.cast.encounter(told)
    return made


def contained(env: Env, payloads: Sequence[Json]) -> list[Json]:
    """Everybody who was pointed at; the last rule, as the others point."""
    return list(env.message.cast.contained)


def file(env: Env, attachment: Json) -> Json | None:
    """An attachment without its content, and where that is read."""
    told = env.message.told
    found = next((one for one in told.files if one.node is attachment), None)
    return kept(found, told.key, env.ids) if found else None


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "correspondence_key": Function(correspondence_key, gives="key"),
        "correspondence_number": Function(correspondence_number, gives="Identifier"),
        "thread_of": Function(thread_of, gives="Reference"),
        "answered": Function(answered, gives="Reference"),
        "activity": Function(activity, gives="code"),
        "caregiver": Function(caregiver, takes="node", gives="Reference"),
        "party": Function(party, takes="node", gives="Reference"),
        "stay": Function(stay, takes="node", gives="Reference"),
        "contained": Function(contained, takes="nodes", gives="any*"),
        "file": Function(file, takes="node", gives="Attachment"),
    }
)
