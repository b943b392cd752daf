"""Which values need be made only once of the same text: those that rest on one field and nothing else.

Most messages repeat what the one before said of the same citizen, relative, colleague or ward. What was made of a
field is kept in `Env.memo` under its text and shared: nobody changes what rules have made.
"""

from __future__ import annotations

from gateway.translate.rules.plan import AnyRule, Call, ObjectRule, Source, ValueRule, paths, rules
from gateway.translate.rules.reader import Path

LONGEST = 300
"""Characters of a text that is remembered."""


def basis(rule: AnyRule, depth: int) -> Path | None:
    """The path of the one field that all the rule makes rests on, besides source and time zone. `depth` is the level
    outside the rule."""
    if rule.each:
        inner = rules(rule.body) if isinstance(rule, ObjectRule) else (rule,)
        within = all(_tested(rule, depth + 1) and _made(one, depth + 1) for one in inner)
        return rule.each if rule.each.alike and within else None
    if isinstance(rule, ObjectRule) or rule.when or not _costly(rule):
        return None
    read = rule.paths
    return read[0] if len(read) == 1 and read[0].alike and _made(rule, read[0].level) else None


def _costly(rule: ValueRule) -> bool:
    """Whether more happens than reading a text and looking it up."""
    calls = any(isinstance(one, Call) and one.function.takes == "node" for one in rule.sources)
    return calls or (rule.function is not None and rule.function.takes == "node")


def _made(rule: AnyRule, level: int) -> bool:
    if rule.each and rule.each.level < level:
        return False
    if not _tested(rule, level):
        return False
    if isinstance(rule, ObjectRule):
        return True
    alone = rule.function is None or rule.function.alone
    dated = rule.table is not None and rule.table.dated
    asked = [*rule.sources, *([rule.system] if rule.system else [])]
    return alone and not dated and all(_read(one, level) for one in asked)


def _tested(rule: AnyRule, level: int) -> bool:
    return all(_read(one.subject, level) for one in rule.when)


def _read(source: Source, level: int) -> bool:
    if isinstance(source, Call) and not (source.function.alone and all(_read(arg, level) for arg in source.args)):
        return False
    return all(path.level >= level for path in paths(source))
