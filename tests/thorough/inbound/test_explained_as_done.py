"""`$explain-access` says what the door does: whatever any reader read at any time, the auditor is told the same of it,
at once and when much has happened since."""

from __future__ import annotations

from collections import Counter

from hypothesis import settings

from tests.attack.world import doors
from tests.conftest import fresh_database
from tests.inbound.http_world import run
from tests.thorough.inbound.playing import AUDITOR, READERS, play


def test_it_says_what_the_door_does(postgres: str) -> None:
    """Four worlds; two hundred longer ones with `--hypothesis-profile=long`."""
    worlds, steps = (200, 25) if settings.get_current_profile_name() == "long" else (4, 12)
    told = Counter[str]()

    async def one(url: str, seed: int) -> None:
        async with doors(url, *READERS, AUDITOR) as here:
            told.update(await play(here, seed, steps))

    for seed in range(worlds):
        with fresh_database(postgres) as url:
            run(lambda url=url, seed=seed: one(url, seed))
    assert told.keys() >= {
        "treatment", "own", "consent", "override", "consent-denies", "consent-limits", "consent-needed", "never",
        "redacted", "case-limits", "not-in-scope", "merge 200", "changed 200",
    }, told  # fmt: skip
