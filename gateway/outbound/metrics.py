"""What is counted of what goes out. No label ever holds anything of a citizen or a message."""

from __future__ import annotations

from prometheus_client import Gauge

OUTBOX = Gauge(
    "gateway_outbox_messages",
    "Messages that wait, failed or have no receipt in time, and receipts of nothing we sent",
    ["state"],
)
OLDEST = Gauge("gateway_outbox_oldest_seconds", "Age of the oldest of them, in seconds", ["state"])
STATES = ("waiting", "failed", "overdue", "unmatched")
