"""Where messages to a source go: `deliver` in mappings/sources/<id>.yaml.

    deliver:
      url: mllps://epj.example:2576    # mllp:// plain, mllps:// with TLS, https:// (http:// to this machine only)
      answers: no                      # the other end takes messages and says nothing (default: yes)
      certificate: /etc/gateway/fasit.pem      # what is shown there and nowhere else, with its key (PEM)
      key: /etc/gateway/fasit.key
      authorities: /etc/gateway/fasit-ca.pem   # who signs the other end's certificate (PEM)
      most: 1000000                    # bytes of the largest message that goes there
      action: urn:…                    # SOAPAction of a SOAP service

Where these are left out, the certificate that the gateway shows and the authorities that it trusts are settings
(GATEWAY_TLS_…). Municipal systems (`sf2900`, `fasit`) take messages over https with both certificates alone.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from gateway.domain.source import Connection
from gateway.translate.rules.loader import Table, Text
from gateway.translate.rules.problems import Problems

_FILES = ("certificate", "key", "authorities")
_KEYS = ("url", "answers", *_FILES, "most", "action")
_MUTUAL = ("sf2900", "fasit")
_MOST = 1_000_000  # a municipal system's, unless its connection says more: an assumption (docs/municipal-delivery.md)
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
    language = table.entries.get("language")
    mutual = isinstance(language, Text) and language.value in _MUTUAL
    if mutual and not url.value.startswith("https://"):
        problems.add(node.marks["url"], "a municipal system is reached over https, with both certificates")
    most = _number(node, problems, _MOST if mutual else 0)
    certificate, key, authorities = _files(node, problems)
    action = node.entries.get("action", Text("", node.mark))
    if not isinstance(action, Text) or not action.value.isascii() or not action.value.isprintable():
        problems.add(node.marks["action"], "action must be a URI")
        return None
    return Connection(
        url.value, _YES_OR_NO[answers.value], certificate, key, authorities, most, action.value.replace('"', "")
    )


def _files(node: Table, problems: Problems) -> tuple[str, str, str]:
    found = {name: node.entries.get(name, Text("", node.mark)) for name in _FILES}
    for name, text in found.items():
        if not isinstance(text, Text) or (name in node.entries and not text.value.strip()):
            problems.add(node.marks[name], f"{name} must be the path of a PEM file")
    if "key" in node.entries and "certificate" not in node.entries:
        problems.add(node.marks["key"], "certificate is missing beside its key")
    certificate, key, authorities = (text.value if isinstance(text, Text) else "" for text in found.values())
    return certificate, key, authorities


def _number(node: Table, problems: Problems, default: int) -> int:
    text = node.entries.get("most")
    if text is None:
        return default
    if isinstance(text, Text) and text.value.isdecimal() and 0 < int(text.value) <= 1_000_000_000:
        return int(text.value)
    problems.add(node.marks["most"], "most must be a number of bytes")
    return default


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
