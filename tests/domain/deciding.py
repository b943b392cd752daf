"""Callers, facts and a small policy for tests of decisions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gateway.domain.caller import Caller, Override
from gateway.domain.consent import compile_consent
from gateway.domain.decide import Denial, Permit, decide
from gateway.domain.identifier import SOR, Identifier
from gateway.domain.policy import Ground, Policy, Row
from gateway.domain.resource import Facts
from gateway.domain.security_label import CONFIDENTIALITY

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
NORMAL = f"{CONFIDENTIALITY}|N"
CLINIC = Identifier(SOR, "953741000016009")
REASONED = Override("emergency", "Fundet bevidstløs", NOW)

SECTOR = {"hospital": "region", "provider": "other", "ngo": "other", "citizen": "other", "auditor": "other"}


def caller(role: str, *purposes: str, **more: Any) -> Caller:
    """One system with a user, in its own sector."""
    said: dict[str, Any] = {
        "client": role, "client_name": role, "organisation": CLINIC, "organisation_name": role,
        "sector": SECTOR.get(role, "municipality"), "role": role, "user": "urn:x|7", "user_name": "Asta Prøve",
        "user_role": "", "purposes": purposes or ("TREAT",), "scopes": (),
    }  # fmt: skip
    if "BTG" in said["purposes"]:
        said |= {"override": REASONED, "sends": ("tasks",)}
    return Caller(**said | more)


def facts(data_class: str = "health", sector: str = "region", **more: Any) -> Facts:
    """One resource of citizen p1."""
    said: dict[str, Any] = {
        "kind": "Condition", "id": "c1", "citizen": "p1", "sector": sector, "source": "rh", "data_class": data_class,
        "labels": frozenset({NORMAL}), "updated": NOW,
    }  # fmt: skip
    return Facts(**said | more)


def row(
    data_class: str, role: str, default: str, *, sector: str = "*", override: bool = False, line: int = 2, **more: Any
) -> Row:
    """One row of a table."""
    return Row(
        data_class, (sector,), tuple(role.split()), more.pop("purposes", ("*",)), default, override,
        "sundhedsloven § 42 a", f"mappings/policy/access.csv:{line}", **more,
    )  # fmt: skip


POLICY = Policy(
    [
        row("health", "hospital nursing", "treatment", override=True, line=2),
        row("health", "social", "consent", override=True, line=3),
        row("health", "jobcenter", "consent", line=4),
        row("health", "ngo", "never", line=5),
        row("social", "social", "own", line=6),
        row("social", "hospital", "consent", override=True, line=7),
        row("social", "jobcenter", "consent", line=8),
        row("identity", "hospital nursing", "treatment", override=True, line=9),
        row("identity", "social jobcenter", "consent", line=10),
        row("health", "citizen", "own", line=11),
        row("protected-address", "hospital", "treatment", override=True, line=12),
        row("protected-address", "social", "own", line=13),
        row("protected-address", "jobcenter", "consent", line=14),
        row("identity", "ngo", "consent", line=15),
        row("protected-address", "ngo", "never", line=16),
        row("health", "auditor", "never", line=17),
    ],
    {"kk-case": {(CLINIC.key, "social")}},
    [
        Ground(
            "emergency",
            "Akut",
            ("hospital", "nursing", "social", "jobcenter", "ngo"),
            60,
            14,
            "§ 41",
            "overrides.csv:2",
        )
    ],
)


def decided(
    who: Caller, about: Facts, *consents: dict[str, Any], policy: Policy = POLICY, **more: Any
) -> Permit | Denial:
    """The decision under these consents."""
    return decide(who, about, [compile_consent(c) for c in consents], policy, NOW, **more)
