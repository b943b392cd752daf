"""One rule file as written: its rules by target, with lines. Syntax is checked here, meaning in plan.py."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.translate.rules.expression import Expression, PathText, Test, conditions, expression
from gateway.translate.rules.loader import Items, Node, Table, Text
from gateway.translate.rules.problems import Mark, Problems

POLICIES = ("keep", "refuse", "drop")
_VALUE_KEYS = ("from", "with", "map", "system", "policy", "when", "guide", "why")
_RULE_KEYS = (*_VALUE_KEYS, "for", "rules", "carry")
_STATEMENT_KEYS = ("key", "aliases", "act", "verb", "happened", "recorded")
_SHEET_KEYS = (
    "name",
    "make",
    "for",
    "when",
    *_STATEMENT_KEYS,
    "carry",
    "rules",
    "skip",
    "extends",
    "without",
    "guide",
    "why",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Either `sources` (a value) or `rules`/`carry` (an object) is filled; `each` is the `for` path."""

    target: str
    mark: Mark
    sources: tuple[Expression, ...] = ()
    function: str = ""
    table: str = ""
    system: Expression | None = None
    policy: str = ""
    each: PathText | None = None
    when: tuple[Test, ...] = ()
    rules: tuple[tuple[Rule, ...], ...] | None = None
    carry: tuple[tuple[str, Mark], ...] = ()
    guide: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One rule file. `statement` holds key, aliases, act, verb, happened, recorded as rules."""

    name: str
    mark: Mark
    make: str
    body: Rule
    statement: dict[str, Rule] = field(default_factory=dict)
    skip: dict[str, tuple[str, Mark]] = field(default_factory=dict)


def sheet(name: str, table: Table, problems: Problems) -> Sheet:
    """The rule file in a mapping that was read (and merged with what it extends)."""
    _known(table, _SHEET_KEYS, "key", problems)
    make = _text(table, "make", problems)
    body = Rule(
        "",
        table.marks.get("make", table.mark),
        each=_each(table, problems),
        when=_when(table, problems),
        rules=_rules(table, problems),
        carry=_carry(table, problems),
        guide=_text(table, "guide", problems),
    )
    statement: dict[str, Rule] = {}
    for key in _STATEMENT_KEYS:
        if key in table.entries and (rule := _statement_rule(key, table, problems)):
            statement[key] = rule
    if make and "key" not in table.entries:
        problems.add(body.mark, f"key is missing: what tells one {make} from another")
    if not make:
        for wrong in [k for k in table.entries if k not in ("name", "skip", "why", "guide", "extends", "without")]:
            problems.add(table.marks[wrong], f"{wrong} needs a make: the R4 type that is built")
    return Sheet(name, table.mark, make, body, statement, _skip(table, problems))


def _statement_rule(key: str, table: Table, problems: Problems) -> Rule | None:
    node, mark = table.entries[key], table.marks[key]
    if key in ("act", "verb") and isinstance(node, Text):
        node = Text("= " + node.value, node.mark)
    if isinstance(node, Table):
        _known(node, _VALUE_KEYS, "key", problems)
    return _rule(key, mark, node, problems)


def _rules(table: Table, problems: Problems) -> tuple[tuple[Rule, ...], ...] | None:
    """Per target the rules that make it, one or a list."""
    node = table.entries.get("rules")
    if node is None:
        return None
    if not isinstance(node, Table) or not node.entries:
        problems.add(table.marks["rules"], "rules must be a mapping from targets to rules")
        return None
    made: list[tuple[Rule, ...]] = []
    for target, value in node.entries.items():
        mark = node.marks[target]
        if not all(target.split(".")):
            problems.add(mark, f"{target or 'an empty text'} is no target")
        elif isinstance(value, Items):
            found = [_rule(target, item.mark, item, problems) for item in value.items]
            if not value.items:
                problems.add(mark, f"{target}: the list of rules is empty")
            made.append(tuple(rule for rule in found if rule))
        elif rule := _rule(target, mark, value, problems):
            made.append((rule,))
    return tuple(filter(None, made))


def _rule(target: str, mark: Mark, node: Node, problems: Problems) -> Rule | None:
    if isinstance(node, Text):
        source = expression(node.value, mark, problems)
        return Rule(target, mark, (source,)) if source else None
    if isinstance(node, Items):
        found = _sources(node, problems)
        return Rule(target, mark, found) if found else None
    _known(node, _RULE_KEYS, "key", problems)
    rule = Rule(
        target,
        mark,
        _sources(node.entries["from"], problems) if "from" in node.entries else (),
        _text(node, "with", problems),
        _text(node, "map", problems),
        _system(node, problems),
        _policy(node, problems),
        _each(node, problems),
        _when(node, problems),
        _rules(node, problems),
        _carry(node, problems),
        _text(node, "guide", problems),
    )
    return rule if _consistent(rule, node, problems) else None


def _consistent(rule: Rule, node: Table, problems: Problems) -> bool:
    """Whether the keys of a long rule go together."""
    has = node.entries.keys()
    before = len(problems.found)
    if "from" in has and has & {"rules", "carry"}:
        problems.add(rule.mark, f"{rule.target}: from makes a value, rules and carry an object; take one")
    elif not has & {"from", "rules", "carry"}:
        problems.add(rule.mark, f"{rule.target}: from or rules is missing")
    for key, needed in (("with", "from"), ("map", "from"), ("system", "map")):
        if key in has and needed not in has:
            problems.add(node.marks[key], f"{rule.target}: {key} needs {needed}")
    if "map" in has and "policy" not in has:
        problems.add(node.marks["map"], f"{rule.target}: map needs a policy, one of {', '.join(POLICIES)}")
    return len(problems.found) == before and ("from" not in has or bool(rule.sources))


def _sources(node: Node, problems: Problems) -> tuple[Expression, ...]:
    if isinstance(node, Table):
        problems.add(node.mark, "from takes a path, a call, a literal or a list of them")
        return ()
    items = node.items if isinstance(node, Items) else (node,)
    found: list[Expression] = []
    for item in items:
        if not isinstance(item, Text):
            problems.add(item.mark, "a list of sources holds paths, calls and literals only")
        elif source := expression(item.value, item.mark, problems):
            found.append(source)
    if not items:
        problems.add(node.mark, "the list of sources is empty")
    return tuple(found)


def _system(table: Table, problems: Problems) -> Expression | None:
    text = _text(table, "system", problems)
    return expression(text, table.marks["system"], problems) if text else None


def _policy(table: Table, problems: Problems) -> str:
    policy = _text(table, "policy", problems)
    if policy and policy not in POLICIES:
        problems.unknown(table.marks["policy"], "policy", policy, POLICIES)
        return ""
    return policy


def _each(table: Table, problems: Problems) -> PathText | None:
    text = _text(table, "for", problems)
    return PathText(text, table.marks["for"]) if text else None


def _when(table: Table, problems: Problems) -> tuple[Test, ...]:
    text = _text(table, "when", problems)
    return conditions(text, table.marks["when"], problems) if text else ()


def _carry(table: Table, problems: Problems) -> tuple[tuple[str, Mark], ...]:
    node = table.entries.get("carry")
    if node is None:
        return ()
    items = node.items if isinstance(node, Items) else (node,)
    found = [(item.value, item.mark) for item in items if isinstance(item, Text) and item.value]
    if len(found) < max(len(items), 1):
        problems.add(table.marks["carry"], "carry takes a list of element names")
    return tuple(found)


def _skip(table: Table, problems: Problems) -> dict[str, tuple[str, Mark]]:
    node = table.entries.get("skip")
    if node is None:
        return {}
    if not isinstance(node, Table):
        problems.add(table.marks["skip"], "skip must be a mapping from paths to reasons")
        return {}
    found: dict[str, tuple[str, Mark]] = {}
    for path, reason in node.entries.items():
        if isinstance(reason, Text) and reason.value.strip():
            found[path] = (reason.value.strip(), node.marks[path])
        else:
            problems.add(node.marks[path], f"skip {path}: the reason is missing")
    return found


def _known(table: Table, keys: tuple[str, ...], what: str, problems: Problems) -> None:
    for key in table.entries:
        if key not in keys:
            problems.unknown(table.marks[key], what, key, keys)


def _text(table: Table, key: str, problems: Problems) -> str:
    node = table.entries.get(key)
    if node is None:
        return ""
    if isinstance(node, Text) and node.value.strip():
        return node.value.strip()
    problems.add(table.marks[key], f"{key} must be a text")
    return ""
