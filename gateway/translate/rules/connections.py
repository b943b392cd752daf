"""Where messages to a source go: `deliver` in mappings/sources/<id>.yaml.

    deliver:
      url: mllps://epj.example:2576    # mllp:// plain, mllps:// with TLS, https:// (http:// to this machine only)
      answers: no                      # the other end takes messages and says nothing (default: yes)

The certificate that the gateway shows there, and the authorities that it trusts, are settings (GATEWAY_TLS_…).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from gateway.domain.source import Connection
from gateway.translate.rules.loader import Table, Text
from gateway.translate.rules.problems import Problems

_KEYS = ("url", "answers")
_SCHEMES = ("mllp", "mllps", "https", "http")
_HERE = ("localhost", "127.0.0.1", "::1")
_YES_OR_NO = {"yes": True, "true": True, "no": False, "false": False}


def read(table: Table, problems: Problems) -> Connection | None:
    """The connection of a source; None where it has none, or where it is wrong, which is noted in `problems`."""
    node = table.entries.get("deliver")
    if node is None:
        return None
    if not isinstance(node, Table) or "url" not in node.entries:
        problems.add(table.marks["deliver"], "deliver needs a url: mllp://host:port, mllps://host:port or https://…")
        return None
    for key in node.entries:
        if key not in _KEYS:
            problems.unknown(node.marks[key], "key", key, _KEYS)
    url, answers = node.entries["url"], node.entries.get("answers", Text("yes", node.mark))
    if not isinstance(url, Text) or (fault := _fault(url.value)):
        problems.add(node.marks["url"], fault if isinstance(url, Text) else "url must be a text")
        return None
    if not isinstance(answers, Text) or answers.value not in _YES_OR_NO:
        problems.add(node.marks["answers"], "answers must be yes or no")
        return None
    return Connection(url.value, _YES_OR_NO[answers.value])


def _fault(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return f"{url} is no URL"
    if parts.scheme not in _SCHEMES or not parts.hostname:
        return f"{url} is none of mllp://host:port, mllps://host:port, https://…"
    if parts.scheme in ("mllp", "mllps") and (port is None or parts.path not in ("", "/")):
        return f"{url} must be {parts.scheme}://host:port"
    if parts.scheme == "http" and parts.hostname not in _HERE:
        return f"{url} would send citizens' data in the open; use https"
    if parts.username or parts.password:
        return "a URL here must not hold a password"
    return ""
