"""Read somebody's YAML file safely, and keep the line and column of everything in it.

YAML 1.2's core schema: `on`, `yes` and `off` are text, `3.10` is the number 3.1. Scanning is ruamel.yaml's; resolving
and composing are ours, so that no tag constructs anything and every size is bounded. https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError, YAMLStreamError

from graders.problems import Problem

MOST_BYTES = 1 << 20
MOST_LINE = 20_000  # the scanner takes time that grows with the square of some tokens' length
MOST_NODES = 10_000
MOST_DEPTH = 64
MOST_ALIASES = 1_000
MOST_EXPANDED = 100_000


class YamlProblem(Problem):
    """YAML that can't be read. `what` is a sentence on what stands at `line`, `column` (1-based), `next` the cure."""

    def __init__(self, line: int, column: int, what: str, next: str, name: str = "") -> None:
        super().__init__(f"{name}:{line}: {what}" if name else f"Line {line}: {what}", next)
        self.line, self.column, self.what = line, column, what


class Kind(StrEnum):
    """What a scalar is in the core schema."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """One value. `text` is what is written, without quotes and escapes; `source` is the piece of the file itself."""

    text: str
    kind: Kind
    line: int
    column: int
    source: str = ""
    plain: bool = True

    @property
    def value(self) -> str | int | float | bool | None:
        """The value in the core schema. An integer too large to be exact becomes a float, as in JavaScript."""
        if self.kind is Kind.TEXT:
            return self.text
        if self.kind is Kind.NULL:
            return None
        return self.text[:1] in "tT" if self.kind is Kind.BOOLEAN else _number(self.text)

    def place_of(self, position: int) -> tuple[int, int]:
        """Line and column (1-based) in the file of `text[position]`.

        Found by counting the occurrences of the three characters there, so that it holds for block and folded text too.
        """
        if self.plain and "\n" not in self.source:
            return self.line, self.column + position
        piece = self.text[position : position + 3]
        before = self.text[:position].count(piece)
        index = -1
        for _ in range(before + 1):
            index = self.source.find(piece, index + 1)
            if index < 0:
                return self.line, self.column
        above = self.source.count("\n", 0, index)
        if not above:
            return self.line, self.column + index
        return self.line + above, index - self.source.rfind("\n", 0, index)


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One `key: value` of a mapping."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """A mapping, in the order of the file. Keys are the text as written: `on` is "on", `1` is "1"."""

    entries: tuple[Entry, ...]
    line: int
    column: int

    def get(self, key: str) -> Node | None:
        """The value under `key`, or None where there is no such key."""
        return next((entry.value for entry in self.entries if entry.key.text == key), None)

    def __contains__(self, key: str) -> bool:
        return any(entry.key.text == key for entry in self.entries)


Node: TypeAlias = Scalar | Sequence | Mapping


def load(data: bytes, name: str = "", *, most_bytes: int = MOST_BYTES) -> Node:
    """The one document in `data`; `name` is the file's name, for messages. Raises YamlProblem."""
    text = _decode(data, name, most_bytes)
    composer = _Composer(text, name)
    try:
        return composer.document()
    except MarkedYAMLError as trouble:
        raise _explained(trouble, text, name) from None
    except (YAMLError, YAMLStreamError) as trouble:
        raise _unprintable(text, name, trouble) from None


def plain(node: Node) -> Any:
    """The same as Python values: dict, list, str, int, float, bool and None."""
    if isinstance(node, Mapping):
        return {entry.key.text: plain(entry.value) for entry in node.entries}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return node.value


def scalars(node: Node) -> Iterator[Scalar]:
    """Every scalar value under `node`, in the order of the file; keys are not among them."""
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from scalars(item)
    else:
        for entry in node.entries:
            yield from scalars(entry.value)


_TAGS: MappingType[str, Kind] = {
    "tag:yaml.org,2002:str": Kind.TEXT,
    "tag:yaml.org,2002:int": Kind.NUMBER,
    "tag:yaml.org,2002:float": Kind.NUMBER,
    "tag:yaml.org,2002:bool": Kind.BOOLEAN,
    "tag:yaml.org,2002:null": Kind.NULL,
}
_COLLECTION_TAGS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
_NULL = re.compile(r"|~|null|Null|NULL")
_BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
_NUMBER = re.compile(
    r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_EXACT = 2**53


def _without_surrogates(text: str) -> str:
    """Two escapes that make one character, as JSON writes them, become it; a half on its own can't be kept."""
    if not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _kind_of(text: str) -> Kind:
    if _NULL.fullmatch(text):
        return Kind.NULL
    if _BOOLEAN.fullmatch(text):
        return Kind.BOOLEAN
    return Kind.NUMBER if _NUMBER.fullmatch(text) else Kind.TEXT


def _number(text: str) -> int | float:
    lower = text.lower()
    if lower.endswith(("inf", "nan")):
        return float(lower.replace(".", ""))
    if lower.startswith(("0x", "0o")):
        whole = int(lower, 0) if len(lower) < 400 else float("inf")
        return whole if abs(whole) < _EXACT else float(whole)
    value = float(text)
    whole_number = not any(character in lower for character in ".e")
    return int(value) if whole_number and abs(value) < _EXACT else value


@dataclass(slots=True)
class _Open:
    """A collection that is being read."""

    is_mapping: bool
    line: int
    column: int
    anchor: str | None
    items: list[Node]
    keys: list[Scalar]
    seen: dict[str, int]
    pending: Scalar | None = None
    size: int = 1


class _Composer:
    """Builds nodes from the parser's events, one after another, so that a limit ends the work at once."""

    def __init__(self, text: str, name: str) -> None:
        self._text, self._name = text, name
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._unfinished: set[str] = set()
        self._aliases = self._nodes = self._expanded = 0
        self._open: list[_Open] = []

    def document(self) -> Node:
        parser = YAML(typ="safe", pure=True)
        root: Node | None = None
        documents = 0
        for event in parser.parse(io.StringIO(self._text)):
            kind = type(event).__name__
            line, column = event.start_mark.line + 1, event.start_mark.column + 1
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    self._refuse(
                        line, column, "A second document begins here.", "Keep one document: take the `---` out."
                    )
            elif kind in ("MappingStartEvent", "SequenceStartEvent"):
                self._begin(event, kind == "MappingStartEvent", line, column)
            elif kind in ("MappingEndEvent", "SequenceEndEvent"):
                root = self._end() or root
            elif kind == "ScalarEvent":
                root = self._finished(self._scalar(event, line, column), event.anchor, 1) or root
            elif kind == "AliasEvent":
                root = self._alias(event.anchor, line, column) or root
        if root is None:
            self._refuse(
                1, 1, "The file is empty.", "Write the workflow, the compose file or whatever belongs here into it."
            )
        return root

    def _begin(self, event: Any, is_mapping: bool, line: int, column: int) -> None:
        if event.tag is not None and str(event.tag) not in _COLLECTION_TAGS:
            self._refuse_tag(event.tag, line, column)
        if len(self._open) >= MOST_DEPTH:
            self._refuse(line, column, f"Values are nested more than {MOST_DEPTH} deep.", "Flatten the file.")
        if self._open and self._open[-1].is_mapping and self._open[-1].pending is None:
            self._refuse(
                line, column, "A list or a mapping stands where a key should be.",
                "Keys are plain text. Quote the value if it holds `{`, `[` or `${{`.",
            )  # fmt: skip
        if event.anchor:
            self._unfinished.add(event.anchor)
        self._open.append(_Open(is_mapping, line, column, event.anchor, [], [], {}))

    def _end(self) -> Node | None:
        done = self._open.pop()
        node: Node
        if done.is_mapping:
            entries = (Entry(key, value) for key, value in zip(done.keys, done.items, strict=True))
            node = Mapping(tuple(entries), done.line, done.column)
        else:
            node = Sequence(tuple(done.items), done.line, done.column)
        return self._finished(node, done.anchor, done.size)

    def _scalar(self, event: Any, line: int, column: int) -> Scalar:
        text = _without_surrogates(event.value)
        source = self._text[event.start_mark.index : event.end_mark.index]
        if not source and self._open and (key := self._open[-1].pending):
            line, column = key.line, key.column  # nothing stands there; the parser is at the next key already
        is_plain = bool(event.implicit[0])
        kind = _kind_of(text) if is_plain else Kind.TEXT
        if event.tag is not None and str(event.tag) != "!":
            if str(event.tag) not in _TAGS:
                self._refuse_tag(event.tag, line, column)
            wanted = _TAGS[str(event.tag)]
            if wanted is not Kind.TEXT and wanted is not _kind_of(text):
                self._refuse(line, column, f"{text!r} is no {wanted}, as its tag says.", "Take the tag (`!!…`) out.")
            kind = wanted
        return Scalar(text, kind, line, column, source, is_plain and source[:1] not in ("'", '"', "|", ">"))

    def _alias(self, anchor: str, line: int, column: int) -> Node | None:
        self._aliases += 1
        if self._aliases > MOST_ALIASES:
            self._refuse(line, column, f"There are more than {MOST_ALIASES} aliases (`*name`).", "Write fewer.")
        if anchor in self._unfinished:
            self._refuse(line, column, f"The anchor `&{anchor}` holds an alias to itself.", "Take that alias out.")
        if anchor not in self._anchors:
            self._refuse(
                line, column, f"A value that begins with `*` is an alias; nothing above is called `&{anchor[:80]}`.",
                "Quote it, as in '*.py' or '**'; where an alias is meant, give the anchor its name above this line.",
            )  # fmt: skip
        node, size = self._anchors[anchor]
        self._expanded += size
        if self._expanded > MOST_EXPANDED:
            self._refuse(
                line, column, f"Written out, the aliases of this file make more than {MOST_EXPANDED:,} values.",
                "This is a “YAML bomb”. Use anchors for a handful of values only.",
            )  # fmt: skip
        return self._finished(node, None, size, (line, column))

    def _finished(self, node: Node, anchor: str | None, size: int, at: tuple[int, int] | None = None) -> Node | None:
        """Put a node into its parent, or return it where it has none; `at` is where it is used, if elsewhere."""
        line, column = at or (node.line, node.column)
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self._refuse(line, column, f"The file holds more than {MOST_NODES:,} values.", "Split it up.")
        if anchor:
            self._unfinished.discard(anchor)
            self._anchors[anchor] = (node, size)
        if not self._open:
            return node
        parent = self._open[-1]
        parent.size += size
        if not parent.is_mapping:
            parent.items.append(node)
        elif parent.pending is not None:
            parent.keys.append(parent.pending)
            parent.items.append(node)
            parent.pending = None
        elif isinstance(node, Scalar):
            self._no_duplicate(parent, node, line, column)
            parent.pending = node
        else:
            self._refuse(line, column, "An alias to a list or mapping stands where a key should be.", "Write the key.")
        return None

    def _no_duplicate(self, parent: _Open, key: Scalar, line: int, column: int) -> None:
        if key.text in parent.seen:
            first = parent.seen[key.text]
            self._refuse(
                line, column, f"The key `{key.text[:80]}` stands here again; it is on line {first} already.",
                "Merge the two into one: of a key that stands twice, most tools drop one without a word.",
            )  # fmt: skip
        parent.seen[key.text] = line

    def _refuse_tag(self, tag: object, line: int, column: int) -> NoReturn:
        short = str(tag).replace("tag:yaml.org,2002:", "!!")[:60]
        self._refuse(
            line, column, f"`{short}` is a tag, and asks for something that is not plain data.",
            "Take it out; where `!` is meant as text or as “not”, put the whole value in quotes.",
        )  # fmt: skip

    def _refuse(self, line: int, column: int, what: str, next: str) -> NoReturn:
        raise YamlProblem(line, column, what, next, self._name)


def _decode(data: bytes, name: str, most_bytes: int) -> str:
    if len(data) > most_bytes:
        size, most = f"{len(data):,}", f"{most_bytes:,}"
        raise YamlProblem(
            1, 1, f"The file has {size} bytes; {most} is the most that is read.", "Make it smaller.", name
        )
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:4].count(0) >= 2:
        raise YamlProblem(1, 1, "The file is encoded as UTF-16 or UTF-32.", "Save it as UTF-8.", name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        line = data.count(b"\n", 0, trouble.start) + 1
        byte = f"0x{data[trouble.start]:02x}"
        raise YamlProblem(
            line, 1, f"The byte {byte} on this line is not UTF-8.", "Save the file as UTF-8.", name
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for number, line_text in enumerate(text.split("\n"), start=1):
        if len(line_text) > MOST_LINE:
            raise YamlProblem(number, 1, f"This line has more than {MOST_LINE:,} characters.", "Break it up.", name)
    return text


def _unprintable(text: str, name: str, trouble: Exception) -> YamlProblem:
    for number, line in enumerate(text.split("\n"), start=1):
        for column, character in enumerate(line, start=1):
            if not (character.isprintable() or character == "\t"):
                what = f"The invisible character U+{ord(character):04X} stands here; YAML does not allow it."
                return YamlProblem(number, column, what, "Delete it: retype the line rather than pasting it.", name)
    return YamlProblem(
        1,
        1,
        f"The file can't be read as YAML: {str(trouble).splitlines()[0][:120]}.",
        "Look for stray characters.",
        name,
    )


def _explained(trouble: MarkedYAMLError, text: str, name: str) -> YamlProblem:
    mark = trouble.problem_mark or trouble.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    opened = trouble.context_mark.line + 1 if trouble.context_mark else line
    said, context = str(trouble.problem or ""), str(trouble.context or "")
    lines = text.split("\n")
    here = lines[line - 1] if line <= len(lines) else ""
    what, next = _in_our_words(said, context, here, line, opened, column)
    if "end of stream" in said and "quoted" in context:
        line, column = opened, (trouble.context_mark.column + 1 if trouble.context_mark else 1)
    return YamlProblem(line, column, what, next, name)


def _in_our_words(said: str, context: str, here: str, line: int, opened: int, column: int) -> tuple[str, str]:
    """What is wrong and what to do, for what ruamel.yaml says most often; else its own words."""
    indent = here[: len(here) - len(here.lstrip())]
    if "\t" in indent or "'\\t'" in said:
        return (
            "This line is indented with a tab.",
            "YAML allows only spaces there: set your editor to two spaces for .yml.",
        )
    if "cannot start any token" in said:
        character = here[column - 1 : column]
        return f"A plain value can't begin with `{character}`.", "Put the whole value in quotes."
    if "mapping values are not allowed" in said:
        return (
            "There is a `: ` too many on this line, or it is indented further than the line above allows.",
            "Quote a value that holds `: `; or line the key up with its neighbours.",
        )
    if "sequence entries are not allowed" in said:
        return "A list item (`- `) can't begin here.", "Put it on a line of its own, below the key and indented."
    if "unexpected end of stream" in said and "quoted" in context:
        return "The quote that opens here is never closed.", "Add the same quote at the end of the value."
    if "flow" in context:
        bracket = "}" if "mapping" in context else "]"
        return (
            f"The bracket that opens on line {opened} is not closed by a `{bracket}` where it should be.",
            "Add it; quote items that hold `[`, `{`, `: ` or `${{`.",
        )
    if "expected <block end>" in said:
        return (
            f"This line is indented differently from the ones it belongs with (they begin on line {opened}).",
            "Give lines of the same level the same number of spaces; quote a value that goes on after a quote.",
        )
    if "could not find expected ':'" in said:
        return (
            "A key without its `:` stands here, or a text that goes on at the wrong indentation.",
            "Add the `:`, or indent the text.",
        )
    if "unknown escape character" in said:
        return (
            "In double quotes, a backslash begins an escape, and this is none.",
            "Use single quotes, or write `\\\\`.",
        )
    if "block scalar" in context:
        return "After `|` or `>` the line must end.", "Begin the text on the next line, indented."
    return (
        f"This can't be read as YAML: {said or context}.",
        "Compare the line and the one above it with a file that works.",
    )
