"""Which values need be made only once of the same text: those that rest on one field and nothing else.

Most messages repeat what the one before said of the same citizen, relative, colleague or ward. What was made of a
field is kept in `Env.memo` under its text and shared: nobody changes what rules have made.
"""

from __future__ import annotations

from typing import Any

from gateway.translate.rules.plan import AnyRule, Call, ObjectRule, Source, ValueRule, paths, rules
from gateway.translate.rules.reader import Path

_LONGEST = 300  # characters of texts that are remembered


def short(key: tuple[Any, ...]) -> bool:
    """Whether all but the first of these are texts, and together not too long to be remembered."""
    texts = key[1:]
    return all(isinstance(text, str) for text in texts) and sum(map(len, texts)) <= _LONGEST


def basis(rule: AnyRule, depth: int) -> tuple[Path, ...]:
    """The paths of the fields, one or a few, that all the rule makes rests on, besides source and time zone; none where
    it rests on more. `depth` is the level outside the rule."""
    if rule.each:
        alone = _tested(rule, depth + 1)
        if isinstance(rule, ObjectRule):
            alone = alone and all(_made(one, depth + 1) for one in rules(rule.body))
        else:
            alone = alone and _worked_out(rule, depth + 1)
        return (rule.each,) if rule.each.alike and alone else ()
    if isinstance(rule, ObjectRule) or rule.when or not _costly(rule):
        return ()
    read = tuple({(path.text, path.field): path for path in rule.paths}.values())
    told = all(path.alike and path.level == read[0].level for path in read)
    return read if read and told and _made(rule, read[0].level) else ()


def _costly(rule: ValueRule) -> bool:
    """Whether more happens than reading a text and looking it up."""
    calls = any(isinstance(one, Call) and one.function.takes == "node" for one in rule.sources)
    return calls or (rule.function is not None and rule.function.takes == "node")


def _made(rule: AnyRule, level: int) -> bool:
    if rule.each and rule.each.level < level:
        return False
    if not _tested(rule, level):
        return False
    return isinstance(rule, ObjectRule) or _worked_out(rule, level)


def _worked_out(rule: ValueRule, level: int) -> bool:
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
