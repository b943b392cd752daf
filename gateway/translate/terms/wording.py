"""Words for codes whose sender gave none, for people to read. What is kept and served has its codings as they came."""

from __future__ import annotations

from typing import Any

from gateway.translate.terms.terms import Terms


def worded(terms: Terms, resource: dict[str, Any]) -> dict[str, Any]:
    """The same resource, every coding without a display given the one that its system has for it, in place."""
    waiting: list[Any] = [resource]
    for node in waiting:  # which grows meanwhile
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            waiting += node.values()
            system, code = node.get("system"), node.get("code")
            if isinstance(system, str) and isinstance(code, str) and not node.get("display"):
                known = terms.system(system)
                found = known.find(code) if known else None
                if found:
                    node["display"] = found.concept.words
    return resource
