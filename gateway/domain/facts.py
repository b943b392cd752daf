"""What a decision may know of a resource, drawn from its body when it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.domain.consent.span import period, span
from gateway.domain.content import Content, content_of
from gateway.domain.identifier import normal
from gateway.domain.labels import Files, Labeller, labelled
from gateway.domain.limits import limits_of
from gateway.domain.resource import Facts, Resource
from gateway.domain.security_label import label_of
from gateway.domain.source import Source
from gateway.domain.statement import Body
from gateway.domain.when import END

# Elements of R4 that date the content of a resource (not birthdays and deadlines, which tell of something else).
_DATES = frozenset(
    {"effectiveDateTime", "effectiveInstant", "onsetDateTime", "abatementDateTime", "recordedDate", "created",
     "dateTime", "date", "issued", "authoredOn", "occurrenceDateTime", "performedDateTime", "startDate", "statusDate",
     "start", "end", "sent", "received", "assertedDate", "dateAsserted", "recorded"}
)  # fmt: skip
_PERIODS = frozenset(
    {"period", "effectivePeriod", "onsetPeriod", "abatementPeriod", "occurrencePeriod", "performedPeriod",
     "executionPeriod"}
)  # fmt: skip
_AUTHORS = frozenset(
    {"author", "recorder", "asserter", "contributor", "performer", "requester", "sender", "source",
     "informationSource", "expressedBy", "assessor"}
)  # fmt: skip
_PLACES = frozenset({"serviceProvider", "custodian", "managingOrganization", "author", "performer"})
# The main code of a type where it is not called `code` (R4 search parameter `code` and its kin).
_CODES = {
    "Encounter": ("type", "serviceType"), "Consent": ("category",), "DocumentReference": ("type", "category"),
    "Communication": ("topic", "category"), "Appointment": ("serviceType", "appointmentType"),
    "EpisodeOfCare": ("type",), "CareTeam": ("category",), "Goal": ("description", "category"),
    "CarePlan": ("category",),
}  # fmt: skip


def judged(
    resource: Resource, citizen: str, labeller: Labeller, sources: Mapping[str, Source] | None = None,
    files: Files | None = None,
) -> tuple[Resource, Facts]:  # fmt: skip
    """The resource with its security labels, and the facts that decisions about it rest on. Of `sources`, by id, those
    that have a word in it tell from where it comes; `files` are the labels of the files beside it."""
    content = _with_parts(content_of(resource.body), resource.made_of)
    labels, data_class = labeller.label(
        resource.body, resource.sector, resource.kind, resource.source, content, files or {}
    )
    body = labelled(resource.body, labels)
    facts = facts_of(
        body, citizen, sector=resource.sector, source=resource.source, data_class=data_class, labels=labels,
        sources=resource.sources, content=content, deleted=resource.deleted,
    )  # fmt: skip
    told = [(sources or {}).get(one) for one in resource.sources or (resource.source,)]
    places = {source.organisation.key for source in told if source} | set(_places(body))
    return replace(resource, body=body), replace(facts, places=frozenset(places))


def _with_parts(content: Content, parts: Sequence[Body]) -> Content:
    """The content of what a resource sums up counts for its labels."""
    if not parts:
        return content
    several = [content, *map(content_of, parts)]
    codes = [code for one in several for code in one.codes]
    words = [word for one in several for word in one.words]
    displays = [display for one in several for display in one.displays]
    return Content(codes, words, content.references, displays)


def facts_of(
    body: Body, citizen: str, *, sector: str, source: str, data_class: str, labels: Iterable[str] = (),
    updated: datetime | None = None, sources: tuple[str, ...] = (), same: Iterable[str] = (),
    content: Content | None = None, deleted: bool = False,
) -> Facts:  # fmt: skip
    """The facts of a FHIR R4 body. `same` are other Patient ids that are this citizen (joined identities), `content`
    is the body's, if known."""
    kind = str(body.get("resourceType", ""))
    references = (content or content_of(body)).references
    own = {citizen, *same, *_linked(body)}
    others = {ref[8:] for ref in references if ref.startswith("Patient/")} - own
    return Facts(
        kind=kind,
        id=str(body.get("id", "")),
        citizen=citizen,
        sector=sector,
        source=source,
        data_class=data_class,
        labels=frozenset(labels),
        codes=frozenset(_codes(kind, body)),
        clinical=tuple(sorted(set(_dates(body)))),
        updated=updated,
        authors=frozenset(_authors(body)),
        related=references,
        citizens=(citizen, *sorted(others)) if others else (),
        ends=_end(body),
        sources=sources,
        limits=limits_of(body),
        deleted=deleted,
    )


def _dates(body: Body) -> Iterator[datetime]:
    """Both ends of every date and period, so that a day is a day and not its midnight."""
    for name in _DATES & body.keys():
        moments = span(body[name])
        if moments is not None:
            yield from moments
    for name in _PERIODS & body.keys():
        value = body[name]
        if isinstance(value, dict):
            for end in ("start", "end"):
                moments = span(value.get(end))
                if moments is not None and moments.high != END:
                    yield from moments


def _end(body: Body) -> datetime | None:
    """When the content says that it stops to hold: the end of its period, the end day included."""
    within = period(body.get("period"))
    return within.high if within is not None and within.high != END else None


def _codes(kind: str, body: Body) -> Iterator[str]:
    for name in ("code", *_CODES.get(kind, ())):
        yield from _codings(body.get(name))
    if kind == "CarePlan":
        for activity in _list(body.get("activity")):
            detail = activity.get("detail") if isinstance(activity, dict) else None
            yield from _codings(detail.get("code")) if isinstance(detail, dict) else ()


def _codings(value: Any) -> Iterator[str]:
    for concept in _list(value):
        if isinstance(concept, dict):
            for coding in _list(concept.get("coding")):
                if isinstance(coding, dict) and coding.get("code"):
                    yield label_of(coding)


def _authors(body: Body) -> Iterator[str]:
    for name in _AUTHORS & body.keys():
        for reference in _list(body[name]):
            if not isinstance(reference, dict):
                continue
            actor = reference.get("actor", reference)  # performer.actor of Procedure
            if isinstance(actor, dict):
                yield from _keys(actor)


def _places(body: Body) -> Iterator[str]:
    """The organisations that it names as its provider, keeper or owner."""
    for name in _PLACES & body.keys():
        for reference in _list(body[name]):
            if isinstance(reference, dict):
                yield from _keys(reference)


def _keys(reference: Body) -> Iterator[str]:
    literal, identifier = reference.get("reference"), reference.get("identifier")
    if isinstance(literal, str):
        yield literal
    if isinstance(identifier, dict) and identifier.get("system") and identifier.get("value"):
        yield normal(str(identifier["system"]), str(identifier["value"])).key


def _linked(body: Body) -> set[str]:
    """A Patient's links are the same citizen."""
    others = [link.get("other", {}) for link in _list(body.get("link")) if isinstance(link, dict)]
    own = {str(body.get("id"))} if body.get("resourceType") == "Patient" else set()
    return own | {str(other.get("reference", ""))[8:] for other in others if isinstance(other, dict)}


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
