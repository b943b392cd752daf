"""Print the FHIR Bundle that one or more messages become.

The messages are translated by the rules in mappings/ and folded together, whatever order they are given in; nothing
is stored and nothing is sent. HL7 v2, MedCom, KL and OIO messages are told apart by their first bytes; `-` reads from
standard input. What was not carried over faithfully is told on standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from gateway import bootstrap
from gateway.domain.citizen import identity_key, people
from gateway.domain.fold import fold
from gateway.domain.resource import Ids, Resource, ids
from gateway.domain.source import Source
from gateway.domain.statement import Body, Statement
from gateway.errors import BadRequest
from gateway.settings import Settings
from gateway.translate.door import door_of
from gateway.translate.translation import Translation

# Ids must not depend on an installation here: the same message gives the same Bundle everywhere.
SECRET = b"the ids of a Bundle on a terminal are the same everywhere"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which messages, and how to tell."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a message; - reads standard input")
    parser.add_argument("--json", action="store_true", help="the Bundle on one line")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit status 1 when a message cannot be understood."""
    rules = bootstrap.read_rules(settings.mappings_folder, SECRET)
    found = []
    for name in args.files:
        raw = content(name)
        found.append(rules.languages.of(door_of(raw)).translate(raw))
    resources = folded(found, ids(SECRET), {source.id: source for source in rules.sources})
    base = settings.public_url or f"http://{settings.http_host}:{settings.http_port}"
    print(json.dumps(bundle(resources, base), ensure_ascii=False, indent=None if args.json else 2))
    for name, one in zip(args.files, found, strict=True):
        for finding in one.findings:
            rule = f" ({finding.rule})" if finding.rule else ""
            print(f"{name}: {finding.where}: {finding.text}{rule}", file=sys.stderr)
    return 0


def content(name: str) -> bytes:
    """The bytes of a file, or of standard input. Raises BadRequest."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise BadRequest(f"{name} cannot be read: {error.strerror}") from error


def folded(translations: Iterable[Translation], identify: Ids, sources: Mapping[str, Source]) -> list[Resource]:
    """The resources of every citizen that the messages tell of, as the store would make them of these alone."""
    evidence: dict[str, set[str]] = defaultdict(set)
    merges: list[tuple[str, str]] = []
    said: dict[str, list[Statement]] = defaultdict(list)
    for one in translations:
        key = identity_key(one.citizen)
        evidence[key].update(identifier.key for identifier in one.citizen)
        said[key] += one.statements
        if one.merged:
            loser = identity_key(one.merged)
            evidence[loser].update(identifier.key for identifier in one.merged)
            merges.append((key, loser))
    persons = {person.survivor: person for person in people(evidence, merges).values()}
    made: list[Resource] = []
    for person in persons.values():
        own = [statement for key in person.identities for statement in said[key]]
        made += fold(own, person, identify, sources)
    return made


def bundle(resources: Iterable[Resource], base: str) -> Body:
    """A collection Bundle (http://hl7.org/fhir/R4/bundle.html); the references resolve inside it."""
    entries = []
    for one in resources:
        body = {name: value for name, value in one.body.items() if value != {}}  # the labels are not decided here
        entries.append({"fullUrl": f"{base}/fhir/{one.kind}/{one.id}", "resource": body})
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}
