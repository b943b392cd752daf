"""Numbers: a message whose id was used before is recognised before anything of it is kept."""

from __future__ import annotations

import logging
from dataclasses import replace

from gateway.domain.message_number import IdReused, Numbered, Use, use_of
from gateway.errors import Unavailable
from gateway.flows.parts import Gateway
from gateway.store import numbers
from gateway.translate.translation import Finding, Translation

log = logging.getLogger("gateway.receive")
TRIES = 5


async def numbered(gateway: Gateway, translation: Translation, fingerprint: bytes) -> Translation:
    """The translation, with a finding when its id stood for something else before. Raises IdReused.

    Languages that say what a message concerns are asked; an operator is told of every id that is used again.
    """
    if not translation.concerns:
        return translation
    source = translation.source.id
    concerns = gateway.fingerprint(b"concerns", source.encode(), translation.concerns)
    message = Numbered(translation.message_id, translation.envelope, concerns, fingerprint)
    try:
        use = await _use(gateway, source, message)
    except IdReused:
        log.warning("source %s used the id of a message for other content: refused", source)
        raise
    if use != "again":
        return translation
    log.warning("source %s used the id of a message for something else: both are kept", source)
    note = Finding("Bundle.entry[0].resource.id", "this id stood for something else before; both are kept")
    return replace(translation, findings=(*translation.findings, note))


async def _use(gateway: Gateway, source: str, message: Numbered) -> Use:
    for _ in range(TRIES):
        use = use_of(message, await numbers.known(gateway.database, source, message))
        if use == "repeated" or await numbers.remember(gateway.database, source, message, gateway.clock()):
            return use
    raise Unavailable("Others send under the same id all the time", hint="Send again.")
