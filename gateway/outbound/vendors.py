"""The case systems that are asked, by the language of their source; and the rounds in which that is done."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import structlog

from gateway.domain.source import Fetching, Source
from gateway.errors import Refused, SettingsError
from gateway.flows import fetch
from gateway.flows.deliver import Unreachable
from gateway.flows.fetch import System, Systems
from gateway.flows.parts import Gateway
from gateway.outbound import metrics
from gateway.outbound.asking import Limits
from gateway.outbound.momentum import momentum
from gateway.outbound.nexus import nexus
from gateway.outbound.walking import Walker
from gateway.translate.languages import Languages
from gateway.translate.vendor import Vendor
from gateway.translate.vendor.walk import Walk

Opening = Callable[[Fetching, Walk, ssl.SSLContext, Limits], AbstractAsyncContextManager[Walker]]

OPENINGS: Mapping[str, Opening] = {"nexus": nexus, "momentum": momentum}

log = structlog.get_logger("gateway.fetch")


def systems(languages: Languages, tls: ssl.SSLContext | None = None, limits: Limits | None = None) -> Systems:
    """How systems are opened here: with the node's authorities and certificate, or the system's authorities alone."""
    trusted, bounds = tls or ssl.create_default_context(), limits or Limits()

    @asynccontextmanager
    async def open_system(source: Source) -> AsyncIterator[System]:
        spoken = languages.of(source.language)
        if source.fetch is None or not isinstance(spoken, Vendor):
            raise Unreachable("fetch is missing", where=f"mappings/sources/{source.id}.yaml")
        try:
            async with OPENINGS[source.language](source.fetch, spoken.walk_of(source), trusted, bounds) as walker:
                yield walker
        except (Refused, SettingsError) as wrong:  # before any citizen was asked for; a secret that is gone
            raise Unreachable(wrong.text, where=wrong.where, hint=wrong.hint) from None

    return open_system


async def fetch_due(gateway: Gateway, opening: Systems) -> None:
    """A round of every source whose time has come, and how it stands with all of them told to the metrics."""
    if all(source.fetch is None for source in gateway.sources.values()):
        return
    async for done in fetch.rounds(gateway, opening):
        log.info("fetched", source=done.source, letters=done.letters, letters_left=done.left, **done.looks)
        for outcome in fetch.OUTCOMES:
            metrics.LOOKS.labels(done.source, outcome).inc(done.looks[outcome])
    for state in await fetch.states(gateway):
        metrics.FAILING.labels(state.source).set(state.failing)
        metrics.AWAY.labels(state.source).set(bool(state.failure))
