"""Print the FHIR Bundle that one or more messages become, or with `--to` the messages that resources become.

The messages are translated by the rules in mappings/ and folded together, whatever order they are given in; nothing
is stored and nothing is sent. HL7 v2, MedCom, KL, OIO, LoRa, Ydelsesindeks, OIOXML and EDIFACT messages are told apart
by their bytes; `-` reads from standard input. What was not carried over faithfully is told on standard error, and so
is a sender that no file of mappings/sources names: its message is shown, but a running gateway refuses it.

With `--to` a file may also be a FHIR resource or Bundle (JSON or XML); written are the messages that tell of it. A
message is translated first and then written anew. Give several files where one needs the other: a hospital's goal goes
to a municipality with the case that it is for (docs/municipal-messages.md). No consent is asked for here.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from gateway import bootstrap
from gateway.cli import targets
from gateway.cli.together import folded, together, told_of
from gateway.domain.resource import Resource, ids
from gateway.domain.source import Source
from gateway.domain.statement import Body
from gateway.errors import BadRequest, UnknownSource
from gateway.settings import Settings
from gateway.translate.anonymous import without_anonymous
from gateway.translate.door import door_of
from gateway.translate.fhir.write_json import pretty, write_json
from gateway.translate.languages import Languages
from gateway.translate.terms.noticing import noticed

# Ids must not depend on an installation here: the same message gives the same Bundle everywhere.
SECRET = b"the ids of a Bundle on a terminal are the same everywhere"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which messages, and how to tell."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a message; - reads standard input")
    parser.add_argument("--json", action="store_true", help="the Bundle on one line")
    parser.add_argument("--to", choices=sorted(targets.TARGETS), help="write messages of this language instead")
    strangers(parser)


def strangers(parser: argparse.ArgumentParser) -> None:
    """How to read what a sender wrote that is not registered."""
    parser.add_argument(
        "--as", dest="like", default="", metavar="SOURCE", help="read unregistered senders as this source of mappings/"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit status 1 when a message cannot be understood."""
    rules = rules_for(args, settings)
    given, named = _given(rules.languages, args.files, args.to)
    own = ids(SECRET)
    told = [without_anonymous(one, own) for one in together(rules.languages, named)]
    found = [noticed(rules.terms, one) for one in told]
    resources = folded(found, own, {source.id: source for source in rules.sources})
    if args.to:
        bodies = [*given, *targets.bodies_of(args.to, resources), *targets.files_of(found)]
        for message in targets.written(args.to, bodies, datetime.now(UTC), settings.mappings_folder):
            sys.stdout.buffer.write(message)
        sys.stdout.buffer.flush()
    else:
        made = write_json(bundle(resources, settings.url()))
        print((made if args.json else pretty(made)).decode())
    for (name, _), one in zip(named, found, strict=True):
        tell_stranger(rules, name, one.source)
        for finding in one.findings:
            rule = f" ({finding.rule})" if finding.rule else ""
            print(f"{name}: {finding.where}: {finding.text}{rule}", file=sys.stderr)
    return 0


def _given(languages: Languages, files: Sequence[str], to: str | None) -> tuple[list[Body], list[tuple[str, bytes]]]:
    """The resources in the files, which only `--to` takes, and the messages in them with their file's name."""
    given: list[Body] = []
    named: list[tuple[str, bytes]] = []
    for name in files:
        raw = content(name)
        resources = targets.resources_of(raw) if to else None
        if resources is None:
            with told_of(name):
                named += [(name, message) for message in languages.messages(door_of(raw), raw)]
        else:
            given += resources
    return given, named


def rules_for(args: argparse.Namespace, settings: Settings) -> bootstrap.Rules:
    """The rules, for senders that nobody registered as well. Raises BadRequest when `--as` names no source."""
    try:
        return bootstrap.read_rules(settings.mappings_folder, SECRET, strangers=True, like=args.like)
    except UnknownSource:
        known = bootstrap.read_rules(settings.mappings_folder, SECRET).sources
        raise BadRequest(f"No source has this name. There are {', '.join(sorted(s.id for s in known))}.") from None


def tell_stranger(rules: bootstrap.Rules, file: str, source: Source) -> None:
    """On standard error, when the sender is not registered: as what it was read, and how to register it."""
    if any(one.id == source.id and set(source.senders) <= set(one.senders) for one in rules.sources):
        return
    senders = json.dumps(list(dict.fromkeys(source.senders)), ensure_ascii=False)
    print(
        f"{file}: the sender is not registered, so this was read as the source {source.id} and a running gateway would "
        f"refuse it. Write mappings/sources/<name>.yaml with `language: {source.language}` and `senders: {senders}`, "
        "or try --as with a source that is there.",
        file=sys.stderr,
    )


def content(name: str) -> bytes:
    """The bytes of a file, or of standard input. Raises BadRequest."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise BadRequest(f"{name} cannot be read: {error.strerror}") from error


def bundle(resources: Iterable[Resource], base: str) -> Body:
    """A collection Bundle (http://hl7.org/fhir/R4/bundle.html); the references resolve inside it."""
    entries = []
    for one in resources:
        body = one.body
        if not body.get("meta"):
            body = body.copy()
            body.pop("meta", None)
        entries.append({"fullUrl": f"{base}/fhir/{one.kind}/{one.id}", "resource": body})
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}
