"""What is counted of what goes out. No label ever holds anything of a citizen or a message."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

OUTBOX = Gauge(
    "gateway_outbox_messages",
    "Messages that wait, failed or have no receipt in time, and receipts of nothing we sent",
    ["state"],
)
OLDEST = Gauge("gateway_outbox_oldest_seconds", "Age of the oldest of them, in seconds", ["state"])
STATES = ("waiting", "failed", "overdue", "unmatched")

LOOKS = Counter(
    "gateway_fetch_looks", "Citizens asked for in systems that do not send by themselves", ["source", "outcome"]
)
FAILING = Gauge("gateway_fetch_failing_citizens", "Citizens whose last look there failed", ["source"])
AWAY = Gauge("gateway_fetch_away", "Whether the last round ended early (1)", ["source"])
