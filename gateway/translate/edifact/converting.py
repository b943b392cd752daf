"""A message to the letter tree of gateway.translate.oioxml, by the letter's table; every element knows its segment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from gateway.errors import GatewayError, MissingField, RuleBroken, UnknownCode, WrongType
from gateway.translate.edifact.groups import HEAD, Group, grouped
from gateway.translate.edifact.interchange import Interchange, Message
from gateway.translate.edifact.paths import Path, Spot, says
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
    writer = _Writer(made, Group("UNB", (whole.header,)))
    rules = {rule.name: rule for rule in table.rules}
    if ENVELOPE in rules:
        writer.element(root, rules[ENVELOPE], groups)
    letter = etree.SubElement(root, f"{{{table.namespace}}}{table.becomes}")
    for rule in table.rules:
        if rule.name != ENVELOPE:
            writer.element(letter, rule, groups)
    made.findings += _left(made, groups)
    return made


def _left(made: Converted, groups: tuple[Group, ...]) -> Iterator[Finding]:
    """The groups of which nothing at all was read."""
    read = {number for number, _, _ in made.used}
    for group in groups:
        if group.name != HEAD and not any(segment.number in read for segment in group.segments):
            yield Finding(made.place(group.segments[0]), f"nothing of {group.name} is read", str(made.table.mark))


class _Writer:
    """Fills elements from groups; what is absent but needed is an error with the place where it should stand."""

    def __init__(self, made: Converted, header: Group) -> None:
        self.made = made
        self.header = header
        self.namespace = made.table.namespace

    def element(self, parent: etree._Element, rule: Rule, groups: tuple[Group, ...]) -> bool:
        """Add what the rule makes; whether it made anything."""
        if rule.each is not None:
            scopes = list(self._scopes(rule.each, groups))
            if len(scopes) > MOST:
                raise RuleBroken(f"{rule.name} stands here more than {MOST} times.", where=rule.each.text)
            found = [self._object(parent, rule, scope) for scope in scopes]
            if rule.must and not any(found):
                raise self._missing(rule, groups)
            return any(found)
        if rule.rules:
            return self._object(parent, rule, groups)
        return self._value(parent, rule, groups)

    def _scopes(self, each: Path, groups: tuple[Group, ...]) -> Iterator[tuple[Group, ...]]:
        if not each.tag and not each.element:
            for group in each.groups(groups):
                self._use_tests(each, (group,))
                yield (group,)
            return
        for segment in each.segments(groups):
            self._use_tests(each, groups)
            yield (Group(segment.tag, (segment,)),)

    def _object(self, parent: etree._Element, rule: Rule, groups: tuple[Group, ...]) -> bool:
        node = etree.SubElement(parent, f"{{{self.namespace}}}{rule.name}")
        if not rule.must and not any(self._there(one, groups) for one in rule.rules):
            parent.remove(node)
            return False
        made = [self.element(node, one, groups) for one in rule.rules]
        if not any(made):
            parent.remove(node)
        return any(made)

    def _there(self, rule: Rule, groups: tuple[Group, ...]) -> bool:
        """Whether there is anything to read for this rule or one in it."""
        if rule.rules:
            return any(
                self._there(one, scope)
                for scope in (self._scopes(rule.each, groups) if rule.each else (groups,))
                for one in rule.rules
            )
        return any(True for path in rule.sources for _ in path.spots(self._around(path, groups)))

    def _around(self, path: Path, groups: tuple[Group, ...]) -> tuple[Group, ...]:
        if path.tag == "UNB":
            return (self.header,)
        if path.tag == "UNH" and not path.group:
            return (Group("UNH", (self.made.message.header,)),)
        return groups

    def _value(self, parent: etree._Element, rule: Rule, groups: tuple[Group, ...]) -> bool:
        made = False
        for path in rule.sources:
            made = self._from(parent, rule, path, self._around(path, groups)) or made
            if made and not rule.every:
                return True
        if not made and rule.otherwise:
            etree.SubElement(parent, f"{{{self.namespace}}}{rule.name}").text = rule.otherwise
            return True
        if not made and rule.must:
            raise self._missing(rule, groups)
        return made

    def _from(self, parent: etree._Element, rule: Rule, path: Path, around: tuple[Group, ...]) -> bool:
        """Add the element from this place; whether there was anything to add."""
        spots = list(path.spots(around))
        if not spots:
            return False
        self._use_tests(path, around)
        if rule.function == FORMATTED:
            self._formatted(parent, rule, path, spots)
            return True
        text = self._text(rule, spots[0])
        self._use(spots[0])
        if text:
            node = etree.SubElement(parent, f"{{{self.namespace}}}{rule.name}")
            node.text = text
            self._came(node, spots[0], path, rule)
        return bool(text)

    def _formatted(self, parent: etree._Element, rule: Rule, path: Path, spots: list[Spot]) -> None:
        node = etree.SubElement(parent, f"{{{self.namespace}}}{rule.name}")
        fill(node, [spot.segment for spot in spots], self.namespace)
        for spot in spots:
            for element in (2, 4):
                self._use(Spot(spot.segment, element))
        self._came(node, spots[0], path, rule)

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

    def _missing(self, rule: Rule, groups: tuple[Group, ...]) -> GatewayError:
        """Named by the path of the table, and by the segment that should hold it where there is one."""
        path = rule.sources[0] if rule.sources else rule.each
        while path is None and rule.rules:
            rule = rule.rules[0]
            path = rule.sources[0] if rule.sources else rule.each
        if path is None:
            return MissingField(where=rule.name)
        near = next(path.segments(self._around(path, groups)), None)
        if near is None and groups and path.relative:
            near = groups[0].segments[0]
        place = f"{self.made.place(near)}, {path.text}" if near else path.text
        return MissingField(where=place, hint=f"It gives {rule.name}.")

    def _where(self, spot: Spot) -> str:
        element = f"-{spot.element}" if spot.element else ""
        component = f".{spot.component}" if spot.component else ""
        return f"{self.made.place(spot.segment)}, {spot.segment.tag}{element}{component}"

    def _came(self, node: etree._Element, spot: Spot, path: Path, rule: Rule) -> None:
        self.made.origins.append(Origin(node, spot.segment, path.field, str(rule.mark)))

    def _use(self, spot: Spot) -> None:
        """Remember that it was read; of a whole element all its components, of a whole segment all its elements."""
        segment = spot.segment
        for element in range(1, len(segment.elements)) if not spot.element else (spot.element,):
            if element < len(segment.elements):
                every = range(1, len(segment.elements[element]) + 1)
                self.made.used.update((segment.number, element, part) for part in every if spot.component in (0, part))

    def _use_tests(self, path: Path, groups: tuple[Group, ...]) -> None:
        for test in path.tests():
            for group in groups:
                for segment in group.segments:
                    if segment.tag == (test.tag or path.tag) and says(segment, test):
                        self.made.used.add((segment.number, test.element, test.component))
