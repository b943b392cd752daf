"""What is counted. No label ever holds anything of a citizen, a user or a message: only routes, codes and kinds."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

HTTP_REQUESTS = Counter("gateway_http_requests_total", "HTTP requests answered", ["method", "route", "status"])
HTTP_SECONDS = Histogram(
    "gateway_http_request_seconds",
    "Time from the request's first byte to the answer's last, in seconds",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)
TOKENS = Counter("gateway_token_requests_total", "Token requests", ["result"])
MLLP_CONNECTIONS = Gauge("gateway_mllp_connections", "Senders connected over MLLP now")
MLLP_MESSAGES = Counter("gateway_mllp_messages_total", "MLLP frames answered, accepted and refused")
MLLP_INCIDENTS = Counter("gateway_mllp_incidents_total", "MLLP incidents by kind", ["kind"])
