"""Rule files: how they are written, and how their YAML is read (text only, every value with its line).

    mappings/<language>/<name>.yaml                one kind of thing that a message makes: encounter.yaml, patient.yaml
    mappings/<language>/<overlay>/<name>.yaml      what one source does differently (`rules: <overlay>` in its source)
    mappings/codes/<table>.csv                     code tables (codes.py)
    mappings/sources/<id>.yaml                     who sends (sources.py)

A rule file:

    make: Encounter                 # the R4 type that is built
    for: PV1                        # one object per occurrence; left out: one per message
    when: PV1-2 IN [I, E, O]        # asked inside `for`; otherwise nothing is made
    key: visit(PV1-19)              # the object's key; an empty one makes nothing (finding), or `policy: refuse`
    aliases: episode(PV1-50)        # optional: other keys of the same object (every text counts)
    act: state                      # optional: a domain.statement.Act, as a word or as a rule with `map`
    verb: assert                    # optional: a domain.statement.Verb, likewise: {from: DG1-21, map: verb, policy: refuse}
    happened: [PV1-44, EVN-6, MSH-7]       # optional: when it became true; first valued, read by the function `moment`
    recorded: EVN-2                 # optional: when it was registered
    carry: [status, intent]         # FHIR languages only: elements taken over exactly as they stand in the `for` node
    rules:
      <target>: <rule>
    skip:
      PID-10: race is not recorded in Denmark     # read by no rule, and why; a rule that reads it is an error

**Target**: an R4 element, dotted, in JSON spelling: `period.start`, `code.coding.system`, `deceasedDateTime`.
A dotted step through a list makes one item (`code.coding.code` and `code.coding.system` share it).
`_birthDate.extension` reaches a primitive's extensions.

**Rule**, short: `target: PV1-44` (a path), `target: = text` (a literal), `target: join(.2, = " ", .3)` (a call).
Long, a mapping with these keys:

| key | meaning |
|---|---|
| `from` | path, call or literal; or a list of them: a single target takes the first that is valued, a list target takes all |
| `with` | a named function (functions.py, and the language's own) applied to each value |
| `map` | a table of mappings/codes; after `with`. Needs `policy`. Into a code: the target code; into a Coding: system, code, display; into a CodeableConcept: a coding. Applied to a Coding or CodeableConcept: the mapped coding goes first, the original ones stay |
| `system` | with `map`: path of the code's system, where a table holds codes of several systems |
| `policy` | what the table does not have: `keep` the original (not where R4 requires one of its own codes), `refuse` the message (UnknownCode with the place), `drop` with a finding. With `with` alone: `refuse` or `drop` (default) what the function cannot read |
| `for` | one object per node; paths inside may be relative to it (`.4.2`; XML `./Titel`) |
| `when` | condition; asked for each item when there is a `for` |
| `rules` | the elements of the object or of each item, targets relative to it |
| `carry` | FHIR languages: elements taken over as they stand |
| `guide` | row of the official guide; read by the conformance table |
| `why` | for the next reader |

A **list** of rules (`identifier: [{for: PID-3, rules: {…}}, {for: PID-18, rules: {…}}]`, `given: [.2, .3]`): a list
target takes what all of them give, in order; a single target takes the first that gives something.

An object that would hold nothing but literals is not made, unless all its rules are literals. Empty objects and
lists are never made. Of a choice (`deceasedBoolean`, `deceasedDateTime`) the first rule that gives something wins.

**Call**: `name(arg, …)`; an argument is a path, `= text` or another call. Quotes keep blanks and commas: `= ", "`.

**When**: `<path> VALUED`, `<path> EMPTY`, `<path> EQUALS text`, `<path> IN [a, b]`, each with `NOT` before the word or
before the path, joined by `AND`. There is no OR: write a list of rules. EQUALS and IN compare the first text.

**Overlay**: `extends: encounter` (a file one folder up, or `./other` beside it) and only what changes: top keys replace,
`rules` and `skip` replace by target, `without: [target, …]` takes rules away.

**YAML**: every value is text (`.1`, `NO`, `2.5`, `2025-01-01` stay as written). A key twice, an anchor, an alias, a tag
are errors. Inside `{…}` and `[…]` YAML splits at commas: quote calls and conditions there
(`{from: "join(.2, .3)"}`, `{when: ".7 IN [L, D]"}`), or write the mapping on several lines.

**Literal**: `= 1` into an integer becomes a number, `= true` into a boolean a truth value; the text is checked against
the type and the required codes of the element.
"""
