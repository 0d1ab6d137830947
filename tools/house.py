"""Count what makes a house hard to live in: lines by room, arguments handed on, long signatures, options
declared more than once, circles, twins.

    python tools/house.py                        the checkout this file lies in
    python tools/house.py --checkout FOLDER      another one
    python tools/house.py --against REVISION     before and after side by side, as a Markdown table
    python tools/house.py --show                 and name what was counted

Everything is read from the syntax tree; nothing is imported.
"""

from __future__ import annotations

import argparse
import ast
import io
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "electrodej"
MANY_PARAMETERS = 9
TWIN_LINES = 6
# The functions of `electrodej.options` that make a field an option.
DECLARES = {"option", "flag", "argument"}

Graph = dict[str, set[str]]


@dataclass
class House:
    """What was counted in one checkout; ``named`` says what stands behind a count."""

    counts: dict[str, int | float] = field(default_factory=dict)
    rooms: dict[str, int] = field(default_factory=dict)
    named: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """One file of Python: its path below the package, its lines and its syntax tree."""

    path: Path
    lines: list[str]
    tree: ast.Module

    @property
    def room(self) -> str:
        return self.path.parts[0].removesuffix(".py")

    def at(self, node: ast.stmt | ast.expr) -> str:
        return f"{self.path.as_posix()}:{node.lineno}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Count what makes the code hard to live in.")
    parser.add_argument("--checkout", type=Path, default=ROOT, metavar="FOLDER", help="what to look at")
    parser.add_argument("--against", metavar="REVISION", help="compare with this commit, tag or branch")
    parser.add_argument("--show", action="store_true", help="name what was counted")
    options = parser.parse_args()
    now = survey(sources(options.checkout / "python" / PACKAGE))
    if options.against is None:
        print(table({"": now}))
    else:
        with tempfile.TemporaryDirectory() as folder:
            unpack(options.checkout, options.against, Path(folder))
            before = survey(sources(Path(folder) / "python" / PACKAGE))
        print(table({options.against: before, "now": now}))
    if options.show:
        for what, names in now.named.items():
            print(f"\n{what}:", *(f"  {name}" for name in names), sep="\n")


def unpack(checkout: Path, revision: str, folder: Path) -> None:
    """Write the package as a revision has it into a folder."""
    command = ["git", "-C", str(checkout), "archive", revision, f"python/{PACKAGE}"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stderr.decode(errors="replace").strip())
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")


def sources(package: Path) -> list[Source]:
    """Read all Python files of a package."""
    found = []
    for path in sorted(package.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.append(Source(path.relative_to(package), text.splitlines(), ast.parse(text)))
    if not found:
        sys.exit(f"there is no Python file in {package}")
    return found


def survey(files: list[Source]) -> House:
    """Count everything."""
    house = House()
    for source in files:
        house.rooms[source.room] = house.rooms.get(source.room, 0) + len(source.lines)
    house.counts["lines of Python"] = sum(house.rooms.values())
    house.counts["files"] = len(files)
    note(house, "files of more than 400 lines", [str(s.path) for s in files if len(s.lines) > 400])
    note(house, "arguments handed on under their own name (x=x)", list(handed_on(files)))
    note(house, f"functions with {MANY_PARAMETERS} or more parameters", list(long_signatures(files)))
    count_options(house, files)
    by_file, by_room = graphs(files)
    note(house, "circles of files", circles(by_file))
    note(house, "circles of rooms", circles(by_room))
    note(house, f"runs of {TWIN_LINES} or more lines that stand twice", list(twins(files)))
    return house


def note(house: House, what: str, names: list[str]) -> None:
    house.counts[what] = len(names)
    house.named[what] = names


def handed_on(files: list[Source]) -> Iterator[str]:
    """Name the keyword arguments whose value is a variable of the same name."""
    for source in files:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call):
                for keyword in node.keywords:
                    if isinstance(keyword.value, ast.Name) and keyword.value.id == keyword.arg:
                        yield f"{source.at(keyword.value)} {keyword.arg}"


def long_signatures(files: list[Source]) -> Iterator[str]:
    """Name the functions with many parameters; ``self`` and ``cls`` are none."""
    for source in files:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names = [each.arg for each in parameters(node)]
                count = len(names) - (names[:1] in (["self"], ["cls"]))
                if count >= MANY_PARAMETERS:
                    yield f"{source.at(node)} {node.name} ({count})"


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


# ---- options


@dataclass(frozen=True)
class Place:
    """One place in the code that says something of an option.

    Attributes
    ----------
    how
        "shell" for an argument of argparse, "field" for a settings field with a plain default, "option" for a
        field that declares all of it, "mapping" for a line that hands the parsed value on, "parameter" for a
        parameter of a function with a default.
    where
        File and line.
    module
        Its file.
    default
        As it is written, where it is a literal that says something.
    help
        What a declaration says that the option is for.
    """

    name: str
    how: str
    where: str
    module: str
    default: str | None = None
    help: str | None = None


def count_options(house: House, files: list[Source]) -> None:
    """Count the places that declare an option, and those where a default is written once more."""
    places = [place for source in files for place in option_places(source)]
    declaring = [place for place in places if place.how in ("shell", "option")]
    names = {place.name for place in declaring}
    kinds = ("shell", "field", "mapping", "option")
    for_an_option = [p for p in places if p.how in kinds and p.name in names]
    house.counts["places that declare an option or hand it on (x=options.x)"] = len(for_an_option)

    # Each declaration of the shell or of a settings class, with the fields and mapping lines that repeat it.
    behind = {how: {place.name for place in places if place.how == how} for how in kinds}
    counted: dict[str, int] = {}
    for place in declaring:
        others = ("field", "option", "mapping") if place.how == "shell" else ("mapping",)
        counted[f"{place.where} {place.name}"] = 1 + sum(place.name in behind[how] for how in others)
    house.counts["options (of all verbs)"] = len(counted)
    house.counts["places that declare one option, at most"] = max(counted.values(), default=0)
    house.counts["places that declare one option, mean"] = round(
        sum(counted.values()) / max(len(counted), 1), 2
    )
    note(
        house, "options declared in more than one place", [f"{k} ({n})" for k, n in counted.items() if n > 1]
    )

    told: dict[tuple[str, str], list[str]] = defaultdict(list)
    for place in declaring:
        if place.help:
            told[place.name, place.help].append(place.where)
    repeated = [f"{name}: {', '.join(where)}" for (name, _), where in told.items() if len(where) > 1]
    note(house, "options whose help is written twice", repeated)

    written = defaultdict(list)
    for place in places:
        if place.default is not None and place.how != "mapping" and place.name in names:
            written[place.name, place.default].append(place.where)
    again = {key: where for key, where in written.items() if len(where) > 1}
    house.counts["defaults of options written once more"] = sum(len(where) - 1 for where in again.values())
    house.named["defaults of options written once more"] = [
        f"{name}={default}: {len(where)} places: {', '.join(where)}"
        for (name, default), where in again.items()
    ]


def option_places(source: Source) -> Iterator[Place]:
    module = source.path.as_posix()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            yield from shell_places(source, node, module)
            for keyword in node.keywords:
                if keyword.arg and is_parsed(keyword.value, keyword.arg):
                    yield Place(keyword.arg, "mapping", source.at(keyword.value), module)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if (
                    isinstance(key, ast.Constant)
                    and isinstance(key.value, str)
                    and is_parsed(value, key.value)
                ):
                    yield Place(key.value, "mapping", source.at(value), module)
        elif isinstance(node, ast.ClassDef):
            yield from field_places(source, node, module)
        elif isinstance(node, ast.FunctionDef):
            yield from parameter_places(source, node, module)


def shell_places(source: Source, node: ast.Call, module: str) -> Iterator[Place]:
    """Yield what ``add_argument("--name", default=...)`` declares."""
    if not (isinstance(node.func, ast.Attribute) and node.func.attr == "add_argument" and node.args):
        return
    words = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    long = [word for word in words if word.startswith("--")] or words
    if long:
        said = {keyword.arg: keyword.value for keyword in node.keywords}
        default, text = literal(said.get("default")), literal(said.get("help"))
        name = long[0].lstrip("-").replace("-", "_")
        yield Place(name, "shell", source.at(node), module, default, text)


def is_parsed(value: ast.expr, name: str) -> bool:
    """Say whether a value is ``options.name``, perhaps inside a call: ``tuple(options.name)``."""
    return any(
        isinstance(part, ast.Attribute)
        and part.attr == name
        and isinstance(part.value, ast.Name)
        and part.value.id in ("options", "args", "arguments")
        for part in ast.walk(value)
    )


def field_places(source: Source, node: ast.ClassDef, module: str) -> Iterator[Place]:
    """Yield the fields with defaults of a class of settings."""
    bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
    declared = "Settings" in bases or any(base.endswith(("Settings", "Options")) for base in bases)
    if not (declared or node.name.endswith(("Settings", "Options"))):
        return
    for statement in node.body:
        if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)):
            continue
        value = statement.value
        if value is None:
            continue
        name, where = statement.target.id, source.at(statement)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in DECLARES:
            # The default comes first in an option, and the help last in all of them.
            first = value.args[0] if value.func.id == "option" and value.args else None
            last = value.args[-1] if value.args else None
            yield Place(name, "option", where, module, literal(first), literal(last))
        elif not (isinstance(value, ast.Call) and getattr(value.func, "id", "") == "nested"):
            yield Place(name, "field", where, module, literal(value))


def parameter_places(source: Source, node: ast.FunctionDef, module: str) -> Iterator[Place]:
    positional = [*node.args.posonlyargs, *node.args.args]
    with_default = positional[len(positional) - len(node.args.defaults) :]
    pairs = [*zip(with_default, node.args.defaults, strict=True)]
    pairs += [
        (a, d) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is not None
    ]
    for argument, default in pairs:
        yield Place(argument.arg, "parameter", source.at(argument), module, literal(default))


def literal(node: ast.expr | None) -> str | None:
    """Return a number, a word or a few of them as text; what says only "nothing" or "no" is None."""
    try:
        value = ast.literal_eval(node) if node is not None else None
    except ValueError:
        return None
    return None if value in (None, False, True, "", (), [], {}) and not is_number(value) else repr(value)


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# ---- circles


def graphs(files: list[Source]) -> tuple[Graph, Graph]:
    """Return which file imports which, and which room imports which.

    Imports inside functions count. Those for types alone count for rooms, and not for files: the work of a
    verb knows its options by their type, and neither needs the other to be loaded.
    """
    known = {dotted(source.path): source for source in files}
    by_file: Graph = {name: set() for name in known}
    by_room: Graph = defaultdict(set)
    for name, source in known.items():
        by_file[name] |= set(imported(without_types(source.tree), known)) - {name}
        for other in imported(source.tree, known):
            if known[other].room != source.room and "__init__" not in (known[other].room, source.room):
                by_room[source.room].add(known[other].room)
    return by_file, by_room


def without_types(tree: ast.Module) -> ast.Module:
    """Return what is left of a module without ``if TYPE_CHECKING``."""
    body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
    ]
    return ast.Module(body, tree.type_ignores)


def dotted(path: Path) -> str:
    return ".".join([PACKAGE, *path.with_suffix("").parts]).removesuffix(".__init__")


def imported(tree: ast.Module, known: Mapping[str, Source]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                for name in (f"{node.module}.{alias.name}", node.module):
                    if name in known:
                        yield name
                        break


def circles(graph: Graph) -> list[str]:
    """Return the groups of nodes that can all be reached from each other (Tarjan's algorithm)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[str] = []

    def visit(node: str) -> None:
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in order:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], order[other])
        if low[node] == order[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(" - ".join(sorted(group)))

    for node in sorted(graph):
        if node not in order:
            visit(node)
    return found


# ---- twins


def twins(files: list[Source]) -> Iterator[str]:
    """Name the runs of equal lines, each as long as it goes, without blank lines, comments and imports."""
    texts = {source.path.as_posix(): telling_lines(source) for source in files}
    windows: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for name, lines in texts.items():
        for start in range(len(lines) - TWIN_LINES + 1):
            windows[tuple(text for _, text in lines[start : start + TWIN_LINES])].append((name, start))
    seen: set[tuple[str, int]] = set()
    for places in windows.values():
        (first, start), *others = places
        for other, at in others:
            if (other, at) in seen:
                continue
            length = common_run(texts[first][start:], texts[other][at:])
            if other == first:
                length = min(length, at - start)
            if length < TWIN_LINES:
                continue
            seen.update((other, at + step) for step in range(length))
            yield f"{first}:{texts[first][start][0]} and {other}:{texts[other][at][0]} ({length} lines)"


def common_run(one: list[tuple[int, str]], other: list[tuple[int, str]]) -> int:
    length = 0
    for (_, a), (_, b) in zip(one, other, strict=False):
        if a != b:
            break
        length += 1
    return length


def telling_lines(source: Source) -> list[tuple[int, str]]:
    """Return number and text of the lines that are no blank, no comment and no part of an import."""
    left_out = {
        number
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    return [
        (number, text.strip())
        for number, text in enumerate(source.lines, start=1)
        if number not in left_out and text.strip() and not text.strip().startswith("#")
    ]


# ---- the table


def table(houses: Mapping[str, House]) -> str:
    """Return the counts as a Markdown table, one column for each house."""
    columns = list(houses)
    rows = [["", *columns], ["---", *("---:" for _ in columns)]]
    for what in next(reversed(houses.values())).counts:
        rows.append([what, *(shown(house.counts.get(what, 0)) for house in houses.values())])
    total: Counter[str] = Counter()
    for house in houses.values():
        total.update(house.rooms)
    for room in sorted(total):
        cells = (shown(house.rooms[room]) if room in house.rooms else "-" for house in houses.values())
        rows.append([f"lines of {room}", *cells])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def shown(number: float) -> str:
    return f"{number:,}"


if __name__ == "__main__":
    main()
