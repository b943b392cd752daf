"""What a message becomes as plain JSON, and where two such differ. Values are never told: they are a citizen's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from gateway.translate.translation import Translation


def plain(found: Translation) -> dict[str, Any]:
    """What a translation says, without what differs between installations."""
    return {
        "event": found.event,
        "source": found.source.id,
        "citizen": [identifier.key for identifier in found.citizen],
        "merged": [identifier.key for identifier in found.merged],
        "statements": [
            {
                "kind": said.kind,
                "key": said.key,
                "act": said.act.value,
                "verb": said.verb.value,
                "happened": said.happened.isoformat(),
                "recorded": said.recorded.isoformat(),
                "cleared": list(said.cleared),
                **({"aliases": list(said.aliases)} if said.aliases else {}),
                **({"corrects": said.corrects} if said.corrects else {}),
                "body": json.loads(json.dumps(said.body, default=str)),
            }
            for said in found.statements
        ],
        "findings": [f"{finding.where}: {finding.text}" for finding in found.findings],
    }


def differences(wanted: Any, got: Any, place: str) -> Iterator[str]:
    """The places where two JSON values differ; the values are not told."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for name in {**wanted, **got}:
            if name not in wanted or name not in got:
                yield f"{place}.{name} ({'new' if name in got else 'gone'})".lstrip(".")
            else:
                yield from differences(wanted[name], got[name], f"{place}.{name}")
    elif isinstance(wanted, list) and isinstance(got, list):
        for at, (one, other) in enumerate(zip(wanted, got, strict=False)):
            yield from differences(one, other, f"{place}[{at}]")
        if len(wanted) != len(got):
            yield f"{place} ({len(got)} items instead of {len(wanted)})".lstrip(".")
    elif wanted != got:
        yield place.lstrip(".")
