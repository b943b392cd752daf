"""A message to the letter tree of gateway.translate.oioxml, by the letter's table; every element knows its segment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from gateway.errors import GatewayError, MissingField, RuleBroken, UnknownCode, WrongType
from gateway.translate.edifact.groups import HEAD, Group, grouped
from gateway.translate.edifact.interchange import Interchange, Message
from gateway.translate.edifact.paths import Path, Spot, Test, says
from gateway.translate.edifact.segments import Segment
from gateway.translate.edifact.table import LetterTable, Rule
from gateway.translate.edifact.words import FORMATTED, FUNCTIONS, Unfit, fill
from gateway.translate.oioxml import tree, writing
from gateway.translate.translation import Finding

ENVELOPE = "Envelope"
_INSIDE = 3  # Emessage/ClinicalEmail/Patient: anything wider is the letter itself
MOST = 99
"""How often anything may be repeated (OriginalLetter in MedCom's schemas; everything else less often)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an element came from: the place in the message, the path of the table, its file and line."""

    node: etree._Element
    segment: Segment
    field: str
    rule: str


@dataclass(slots=True)
class Converted:
    """The letter tree and where all of it came from. `used` are (segment number, element, component) that were read."""

    root: etree._Element
    message: Message
    table: LetterTable
    origins: list[Origin] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    used: set[tuple[int, int, int]] = field(default_factory=set)

    def segment_of(self, place: str) -> str:
        """What to say of a place in the letter tree: `segment 14 (RFF)`, "" when it is no part of a letter.

        Of an element that holds others it is the first one's segment; of one that is missing, its neighbours'.
        """
        known = {tree.place(origin.node): origin.segment for origin in reversed(self.origins)}
        steps = place.split("/")
        while len(steps) >= _INSIDE:
            inside = "/".join(steps)
            found = next(
                (segment for at, segment in reversed(known.items()) if f"{at}/".startswith(f"{inside}/")), None
            )
            if found is not None:
                return self.place(found)
            steps.pop()
        return ""

    def place(self, segment: Segment) -> str:
        """The segment, counted in its message; UNB by its name."""
        return "UNB" if segment.tag == "UNB" else self.message.place(segment)


def converted(whole: Interchange, message: Message, table: LetterTable) -> Converted:
    """Raises SegmentOrder, MissingField, RuleBroken, UnknownCode, WrongType with the segment's number."""
    root = writing.element(table.namespace, "Emessage")
    made = Converted(root, message, table)
    groups = grouped(message, table.shapes)
    writer = _Maker(made, Group("UNB", (whole.header,)), groups)
    rules = {rule.name: rule for rule in table.rules}
    if ENVELOPE in rules:
        writer.element(root, rules[ENVELOPE], ())
    letter = etree.SubElement(root, f"{{{table.namespace}}}{table.becomes}")
    for rule in table.rules:
        if rule.name != ENVELOPE:
            writer.element(letter, rule, ())
    made.findings += _left(made, groups)
    return made


def _left(made: Converted, groups: tuple[Group, ...]) -> Iterator[Finding]:
    """The groups, and the segments in them, of which nothing at all was read and no `skip` says why."""
    read = {number for number, _, _ in made.used}
    for group in groups:
        unread = [one for one in group.segments if one.number not in read and not _skipped(made.table, group, one)]
        if group.name != HEAD and not any(segment.number in read for segment in group.segments):
            yield Finding(made.place(group.segments[0]), f"nothing of {group.name} is read", str(made.table.mark))
        else:
            for one in unread:
                yield Finding(made.place(one), f"nothing of {one.tag} is read", str(made.table.mark))


def _skipped(table: LetterTable, group: Group, segment: Segment) -> bool:
    return (segment.tag if group.name == HEAD else f"{group.name}/{segment.tag}") in table.skip


class _Maker:
    """Fills elements from groups; what is absent but needed is an error with the place where it should stand."""

    def __init__(self, made: Converted, header: Group, groups: tuple[Group, ...]) -> None:
        self.made = made
        self.header = (header,)
        self.all = groups
        self.namespace = made.table.namespace
        self._chosen: dict[tuple[str, Test | None], tuple[Group, ...]] = {}

    def element(self, parent: etree._Element, rule: Rule, scope: tuple[Group, ...]) -> bool:
        """Add what the rule makes; whether it made anything. `scope` is what `for` around it chose."""
        if rule.each is not None:
            scopes = self._scopes(rule.each)
            if len(scopes) > MOST:
                raise RuleBroken(f"{rule.name} stands here more than {MOST} times.", where=rule.each.text)
            found = [self._object(parent, rule, one) for one in scopes]
            if rule.must and not any(found):
                raise self._missing(rule, scope)
            return any(found)
        if rule.rules:
            return self._object(parent, rule, scope)
        return self._value(parent, rule, scope)

    def _scopes(self, each: Path) -> list[tuple[Group, ...]]:
        groups = self._groups(each)
        if not each.tag:
            return [(group,) for group in groups]
        return [(Group(segment.tag, (segment,)),) for segment in each.segments(groups)]

    def _object(self, parent: etree._Element, rule: Rule, scope: tuple[Group, ...]) -> bool:
        if not rule.must and not any(self._there(one, scope) for one in rule.rules):
            return False
        node = etree.SubElement(parent, f"{{{self.namespace}}}{rule.name}")
        made = [self.element(node, one, scope) for one in rule.rules]
        if not any(made):
            parent.remove(node)
        return any(made)

    def _there(self, rule: Rule, scope: tuple[Group, ...]) -> bool:
        """Whether there is anything to read for this rule or one in it."""
        if rule.rules:
            scopes = self._scopes(rule.each) if rule.each else [scope]
            return any(self._there(one, inside) for inside in scopes for one in rule.rules)
        return any(True for path in rule.sources for _ in path.spots(self._around(path, scope)))

    def _around(self, path: Path, scope: tuple[Group, ...]) -> tuple[Group, ...]:
        """The groups that a path is looked for in."""
        if path.group:
            return self._only(path)
        if path.relative:
            return scope
        return self.header if path.tag == "UNB" else self.all[:1]

    def _only(self, path: Path) -> tuple[Group, ...]:
        """As `_groups`, where a test chooses one: who says which of two counts? Raises RuleBroken."""
        groups = self._groups(path)
        if path.test is not None and len(groups) > 1:
            where = self.made.place(groups[1].segments[0])
            raise RuleBroken(f"A second {path.group} says the same as the first.", where=where)
        return groups

    def _groups(self, path: Path) -> tuple[Group, ...]:
        """The groups that a path chooses, found once; what they were chosen by has been read."""
        key = path.group, path.test
        if key not in self._chosen:
            self._chosen[key] = path.groups(self.all)
            if path.test is not None:
                for segment in (one for group in self._chosen[key] for one in group.segments):
                    if segment.tag == path.test.tag and says(segment, path.test):
                        self.made.used.add((segment.number, path.test.element, path.test.component))
        return self._chosen[key]

    def _value(self, parent: etree._Element, rule: Rule, scope: tuple[Group, ...]) -> bool:
        made = False
        for path in rule.sources:
            made = self._from(parent, rule, path, self._around(path, scope)) or made
            if made and not rule.every:
                return True
        if not made and rule.otherwise:
            etree.SubElement(parent, f"{{{self.namespace}}}{rule.name}").text = rule.otherwise
            return True
        if not made and rule.must:
            raise self._missing(rule, scope)
        return made

    def _from(self, parent: etree._Element, rule: Rule, path: Path, around: tuple[Group, ...]) -> bool:
        """Add the element from this place; whether there was anything to add."""
        spots = list(path.spots(around))
        if not spots:
            return False
        for spot in spots if rule.function == FORMATTED else spots[:1]:
            self._use(spot, path)
        text = "" if rule.function == FORMATTED else self._text(rule, spots[0])
        if not text and rule.function != FORMATTED:
            return False
        node = etree.SubElement(parent, f"{{{self.namespace}}}{rule.name}")
        if rule.function == FORMATTED:
            fill(node, [spot.segment for spot in spots], self.namespace)
        else:
            node.text = text
        self.made.origins.append(Origin(node, spots[0].segment, path.text, str(rule.mark)))
        return True

    def _text(self, rule: Rule, spot: Spot) -> str:
        try:
            text = FUNCTIONS[rule.function](spot) if rule.function else spot.text
        except Unfit as unfit:
            raise WrongType(f"The element {unfit}.", where=self._where(spot)) from None
        if rule.table is None:
            return text
        row = rule.table.find_code(text)
        if row is not None:
            return row.target_code
        if not rule.drop:
            raise UnknownCode(where=self._where(spot), hint=f"See mappings/codes/{rule.table.name}.csv.")
        said = Finding(self._where(spot), f"is not in {rule.table.name} and was left out", str(rule.mark))
        self.made.findings.append(said)
        return ""

    def _missing(self, rule: Rule, scope: tuple[Group, ...]) -> GatewayError:
        """Named by the path of the table, and by the segment that should hold it where there is one."""
        path = rule.sources[0] if rule.sources else rule.each
        while path is None and rule.rules:
            rule = rule.rules[0]
            path = rule.sources[0] if rule.sources else rule.each
        if path is None:
            return MissingField(where=rule.name)
        near = next(path.segments(self._around(path, scope)), None)
        if near is None and scope and path.relative:
            near = scope[0].segments[0]
        place = f"{self.made.place(near)}, {path.text}" if near else path.text
        return MissingField(where=place, hint=f"It gives {rule.name}.")

    def _where(self, spot: Spot) -> str:
        element = f"-{spot.element}" if spot.element else ""
        component = f".{spot.component}" if spot.component else ""
        return f"{self.made.place(spot.segment)}, {spot.segment.tag}{element}{component}"

    def _use(self, spot: Spot, path: Path) -> None:
        """Remember that it was read; of a whole element all its components, of a whole segment all its elements."""
        segment, used = spot.segment, self.made.used
        if path.which is not None:
            used.add((segment.number, path.which.element, path.which.component))
        if spot.component:
            used.add((segment.number, spot.element, spot.component))
            return
        for element in (spot.element,) if spot.element else range(1, len(segment.elements)):
            used.update((segment.number, element, part) for part in range(1, len(segment.elements[element]) + 1))
