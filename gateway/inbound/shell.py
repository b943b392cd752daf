"""What surrounds every HTTP request, in one pure ASGI middleware: one spelling of paths, a trace id, security
headers, the access log and the counters. It knows no route and no citizen.
"""

from __future__ import annotations

import re
import secrets
import time
from functools import lru_cache

import structlog
from prometheus_client import Counter, Histogram
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.domain.record import masked
from gateway.errors import BadRequest
from gateway.inbound import metrics, outcome
from gateway.inbound.proxies import BEHIND, Proxies

ROUTE = "gateway.route"  # scope keys, set by the door that answers
CLIENT = "gateway.client"
TRACE = "gateway.trace"

# Letters, digits and a few marks, never escaped (but $, which some clients escape), no empty or dotted segment; a star
# is every type of a compartment.
_CANONICAL = re.compile(rb"(?:/(?!\.{1,2}(?:/|$))(?:[A-Za-z0-9._~$@:*-]|%24)+)+|/")
_CLOSED = re.compile(rb"/fhir/(?:.*[^/]/)?")  # FHIR clients close the base with a slash, and some every path
_TRACE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET = frozenset({"/health/live", "/health/ready", "/metrics"})
_API_CSP = b"default-src 'none'; frame-ancestors 'none'"

log = structlog.get_logger("gateway.http")


class Shell:
    """The outermost middleware. `secure` says that callers reach us by https, `proxies` through whom."""

    def __init__(self, app: ASGIApp, *, secure: bool, proxies: Proxies) -> None:
        self.app = app
        self._proxies = proxies
        self._headers = [
            (b"cache-control", b"no-store"),
            (b"content-security-policy", _API_CSP),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"cross-origin-resource-policy", b"same-origin"),
        ]
        if secure:
            self._headers.append((b"strict-transport-security", b"max-age=31536000"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()
        trace = _trace(scope)
        scope[TRACE] = trace
        if self._proxies.header:
            scope[BEHIND] = self._proxies.behind(scope)
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = message["headers"] = list(message.get("headers", ()))
                names = {name.lower() for name, _ in given}
                given.extend(pair for pair in self._headers if pair[0] not in names)
                given.append((b"x-request-id", trace.encode()))
            await send(message)

        try:
            await self._answer(scope, receive, send_on)
        except Exception as error:  # noqa: BLE001 - the last place where a failure can be answered without its text
            told = outcome.failure(error)
            if not status:
                await outcome.fhir(Request(scope), told)(scope, receive, send_on)
        finally:
            _count(scope, status, time.perf_counter() - begun, trace)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
        if _CLOSED.fullmatch(raw):
            raw, scope["path"] = raw[:-1], scope["path"][:-1]
        if _CANONICAL.fullmatch(raw):
            await self.app(scope, receive, send)
        else:
            error = BadRequest("Write the path plainly: no escapes, no empty or dotted parts")
            await outcome.fhir(Request(scope), error)(scope, receive, send)


def _trace(scope: Scope) -> str:
    """The caller's X-Request-Id, if it is one; otherwise a new one. It goes into the access record and the log."""
    given = [value for name, value in scope["headers"] if name == b"x-request-id"]
    if len(given) == 1:
        text = given[0].decode("latin-1")
        if _TRACE.fullmatch(text) and masked(text) == text:
            return str(text)
    return secrets.token_hex(16)


def _count(scope: Scope, status: int, seconds: float, trace: str) -> None:
    route, method = scope.get(ROUTE, "none"), scope["method"]
    known = method if method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS") else "other"
    _requests(known, route, status).inc()
    _seconds(route).observe(seconds)
    if route not in _QUIET:
        log.info(
            "request", method=known, route=route, status=status, ms=round(seconds * 1000, 1),
            client=scope.get(CLIENT, ""), trace=trace,
        )  # fmt: skip


# Routes, methods and statuses are few; a counter looks its labels up under a lock each time.
@lru_cache(maxsize=4096)
def _requests(method: str, route: str, status: int) -> Counter:
    return metrics.HTTP_REQUESTS.labels(method, route, str(status))


@lru_cache(maxsize=1024)
def _seconds(route: str) -> Histogram:
    return metrics.HTTP_SECONDS.labels(route)
