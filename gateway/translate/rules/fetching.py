"""How a system that does not send by itself is asked: `fetch` in mappings/sources/<id>.yaml.

    fetch:
      url: https://nexus.example/api/core/mobile/koebenhavn/v2/    # the root; nothing outside this host is ever asked
      token: https://login.example/realms/koebenhavn/protocol/openid-connect/token    # OAuth2, client credentials
      client: faellesplan
      secret: NEXUS_SECRET       # the environment variable with the client's secret, or a file: /run/secrets/nexus
      scope: api                 # optional, where the token endpoint wants one
      key: MOMENTUM_KEY          # KMD Momentum: the variable or file with the API key
      minutes: 60                # between two rounds (default)
      letters: [regionh-oioxml]  # the sources whose messages may be taken out of its inbox; none: it is left alone
      place: Sundhedsfagligt forløb     # where letters are placed before they are archived; left out: nowhere

Which systems: those whose language has a walk (mappings/nexus, mappings/momentum). The secrets themselves never stand
in a mapping. That they are there is checked when the gateway starts (outbound/vendors.py).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from gateway.domain.source import Fetching
from gateway.translate.rules.loader import Items, Table, Text
from gateway.translate.rules.problems import Problems

VENDORS = ("nexus", "momentum")
_KEYS = ("url", "token", "client", "secret", "scope", "key", "minutes", "letters", "place")
_NEEDED = ("url", "token", "client", "secret")
_HERE = ("localhost", "127.0.0.1", "::1")
_SECRET = re.compile(r"[A-Za-z_]\w*|/\S+", re.ASCII)
_MOST_MINUTES = 7 * 24 * 60


def read(table: Table, problems: Problems) -> Fetching | None:
    """How the source is asked; None where it is not, or where that is wrong, which is noted in `problems`."""
    node = table.entries.get("fetch")
    if node is None:
        return None
    before, mark = len(problems.found), table.marks["fetch"]
    if not isinstance(node, Table):
        problems.add(mark, f"fetch needs {', '.join(_NEEDED)}")
        return None
    for key in node.entries:
        if key not in _KEYS:
            problems.unknown(node.marks[key], "key", key, _KEYS)
    language = table.entries.get("language")
    if isinstance(language, Text) and language.value not in VENDORS:
        problems.add(mark, f"fetch is for {' and '.join(VENDORS)}; who speaks {language.value} sends by itself")
    texts = {key: _text(node, key, problems) for key in _KEYS if key != "letters"}
    for key in _NEEDED:
        if key not in node.entries:
            problems.add(mark, f"fetch: {key} is missing")
    _check(node, texts, problems)
    letters = _letters(node, problems)
    if isinstance(language, Text) and language.value == "momentum" and not texts["key"]:
        problems.add(mark, "fetch: key is missing: KMD Momentum wants an API key")
    if len(problems.found) > before:
        return None
    return Fetching(
        texts["url"].rstrip("/") + "/", texts["token"], texts["client"], texts["secret"], int(texts["minutes"] or 60),
        texts["scope"], texts["key"], letters, texts["place"],
    )  # fmt: skip


def _check(node: Table, texts: dict[str, str], problems: Problems) -> None:
    for key in ("url", "token"):
        if texts[key] and (fault := _fault(texts[key])):
            problems.add(node.marks[key], fault)
    for key in ("secret", "key"):
        if texts[key] and not _SECRET.fullmatch(texts[key]):
            problems.add(node.marks[key], f"{key} is the name of an environment variable or the path of a file")
        if texts[key].startswith("GATEWAY_"):
            problems.add(node.marks[key], f"{key}: names that begin with GATEWAY_ are settings")
    minutes = texts["minutes"]
    if minutes and not (minutes.isascii() and minutes.isdigit() and 1 <= int(minutes) <= _MOST_MINUTES):
        problems.add(node.marks["minutes"], f"minutes must be a whole number from 1 to {_MOST_MINUTES}")


def _fault(url: str) -> str:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        return f"{url} is no URL"
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return f"{url} is no https://…"
    if parts.scheme == "http" and parts.hostname not in _HERE:
        return f"{url} would ask for citizens' data in the open; use https"
    if parts.username or parts.password:
        return "a URL here must not hold a password"
    return "a root or token URL has no ? and no #" if parts.query or parts.fragment else ""


def _letters(node: Table, problems: Problems) -> tuple[str, ...]:
    found = node.entries.get("letters")
    items = found.items if isinstance(found, Items) else (found,) if found else ()
    texts = tuple(item.value.strip() for item in items if isinstance(item, Text) and item.value.strip())
    if len(texts) != len(items):
        problems.add(node.marks["letters"], "letters must be a list of sources")
    return texts


def _text(table: Table, key: str, problems: Problems) -> str:
    node = table.entries.get(key)
    if node is None or (isinstance(node, Text) and node.value.strip()):
        return node.value.strip() if isinstance(node, Text) else ""
    problems.add(table.marks[key], f"{key} must be a text")
    return ""
