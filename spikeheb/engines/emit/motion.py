"""What the computation of quiet stretches (`glide.hpp`, `coast.hpp`) asks a model about its stepped variables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from spikeheb.engines.emit.text import array, mangled
from spikeheb.expressions import tree as t
from spikeheb.program import methods
from spikeheb.program.program import Block, Program
from spikeheb.program.stretches import GLIDING, GROWTH, in_order, is_affine, is_kinked, is_smooth
from spikeheb.rules.meaning import affine


@dataclass(frozen=True, slots=True)
class Moved:
    """A stepped variable of the cell or of ``[post]``.

    Attributes
    ----------
    place : int
        In a lane's state.
    reads : frozenset of int
        The places of what moves it.
    line : tuple of str, or None
        Slope, rest and the logarithm of a step's factor, where it is linear in itself and reads nothing else that varies.
    affine : bool
        Whether it is linear in itself, whatever else it reads.
    """

    place: int
    reads: frozenset[int]
    line: tuple[str, str, str] | None
    affine: bool


def moved(block: Block, fixed: frozenset[str], places: Mapping[str, int], text: Callable[[t.Tree], str]) -> Iterator[Moved]:
    """The variables of a block, whose names stand at `places`."""
    lines = lines_of(block, fixed)
    for name, tree in block.derivatives.items():
        reads = frozenset(places[read] for read in t.names(tree) if read in places)
        line = (text(lines[name][0]), text(lines[name][1]), GROWTH.get(block.method, "x")) if name in lines else None
        yield Moved(places[name], reads, line, is_affine(tree, name))


def groups(variables: Sequence[Moved]) -> list[list[int]]:
    """The places of those that do not decay by themselves: groups that read each other, each after those that it reads."""
    left = {each.place: set(each.reads) for each in variables if each.line is None}
    after = {place: reads & set(left) | {place} for place, reads in left.items()}
    while (more := {p: frozenset().union(*(after[q] for q in reads)) for p, reads in after.items()}) != after:
        after = {place: set(reads) for place, reads in more.items()}
    together = {tuple(sorted(q for q in reads if place in after[q])): len(reads) for place, reads in after.items()}
    return [list(group) for group in sorted(together, key=lambda group: (together[group], group))]


def facts_of_state(cell: Sequence[Moved], post: Sequence[Moved]) -> list[str]:
    """Constants of the model on its cell and ``[post]``, which reads the cell."""
    alone, together = [each.place for each in (*cell, *post) if each.line is not None], [*groups(cell), *groups(post)]
    straight = {each.place for each in (*cell, *post) if each.affine}
    firsts = [sum(map(len, together[:n])) for n in range(len(together) + 1)]
    return [
        f"static constexpr int decaying_count = {len(alone)}, group_count = {len(together)}, groups_in_cell = {len(groups(cell))};",
        array("int", "decaying", alone),
        array("int", "group_first", firsts),
        array("bool", "group_affine", [str(len(group) == 1 and group[0] in straight).lower() for group in together]),
        array("int", "group_places", [place for group in together for place in group]),
    ]


def parts_of_state(cell: Sequence[Moved], post: Sequence[Moved]) -> str:
    """What is linear in itself in a cell and ``[post]``; returned is the logarithm of its factor in a step."""
    lines = ["static double line_of_state(int place, const Shared &k, double &slope, double &rest) {"]
    for each in (*cell, *post):
        if each.line is not None:
            slope, rest, growth = each.line
            lines += [f"  if (place == {each.place}) {{", f"    slope = {slope};", f"    rest = {rest};"]
            lines += ["    const double x = slope*k.dt;", f"    return {growth};", "  }"]
    return "\n".join([*lines, "  return slope = rest = 0.0;", "}", ""])


def facts(program: Program, fixed: frozenset[str]) -> list[str]:
    """Constants of the model; `fixed` are the names that keep their value."""
    block, order = program.stepped, in_order(program)
    derivatives = block.derivatives if block else {}
    names = tuple(derivatives)
    lines = [
        f"static constexpr bool can_glide = {str(block is not None and block.method in GLIDING).lower()};",
        f"static constexpr bool can_coast = {str(bool(order)).lower()};",
        f"static constexpr bool kinked = {str(block is not None and is_kinked(block)).lower()};",
        f"static constexpr int stepped_count = {len(names)};",
        f"static constexpr int order = {GLIDING.get(block.method, 0) if block else 0};",
        array("int", "in_order", map(names.index, order)),
    ]
    linear = lines_of(block, fixed)
    facts_of_each = {
        "linear": [name in linear for name in names],
        "affine": [is_affine(tree, name) for name, tree in derivatives.items()],
        "smooth": [is_smooth(tree, name) for name, tree in derivatives.items()],
    }
    return lines + [array("bool", fact, [str(value).lower() for value in values]) for fact, values in facts_of_each.items()]


def lines_of(block: Block | None, fixed: frozenset[str]) -> dict[str, tuple[t.Tree, t.Tree]]:
    """Slope and rest of the stepped variables that are linear in themselves and read nothing else that varies."""
    linear = {}
    for name, tree in (block.derivatives if block else {}).items():
        parts = affine(tree, {name})
        if parts is not None and (t.names(tree) <= fixed | {name}):
            linear[name] = (parts[0].get(name, t.ZERO), parts[1])
    return linear


def parts(program: Program, fixed: frozenset[str], fields: Mapping[str, str], text: Callable[[t.Tree], str]) -> str:
    """The functions of the model; `fields` says where a variable stands, and `text` prints an expression of the rule."""
    block = program.stepped
    stepped = block.names if block else ()
    lines = ["template <class S> static auto &variable(S &s, int which) {", "  (void)which;"]
    lines += [f"  if (which == {n}) return {fields[name]};" for n, name in enumerate(stepped[1:], 1)]
    lines += [f"  return {fields[stepped[0] if stepped else program.variables[0]]};", "}"]
    lines.append("template <class F, class T> static void copy(const Variables<F> &from, Variables<T> &s) {")
    lines += [f"  {fields[name]} = from.{mangled(name)};" for name in program.variables]
    lines += ["}", "// slope and rest of what is linear in itself; the logarithm of its factor in a step, by slope times dt"]
    lines.append("static void line(int which, const Shared &k, double &slope, double &rest) {")
    for name, line in lines_of(block, fixed).items():
        slope, rest = map(text, line)
        lines.append(f"  if (which == {stepped.index(name)}) {{ slope = {slope}; rest = {rest}; return; }}")
    lines += ["  slope = rest = 0.0;", "}"]
    growth = GROWTH.get(block.method, "x") if block else "x"
    lines += ["static double growth(double x) {", f"  return {growth};", "}"]
    seen = "const Variables<T> &s, const State<T> &z, const Late<T> &late, const Shared &k"
    lines += ["// the derivatives without noise, and the size of the noise", f"template <class T> static T slope(int which, {seen}) {{"]
    drifts = methods.drifts(block) if block else []
    lines += [f"  if (which == {n}) return {text(drift)};" for n, drift in enumerate(drifts)]
    lines += ["  return T(0.0);", "}", f"template <class T> static T noise({seen}) {{"]
    sizes = [f"magnitude(T({text(tree)}))" for tree in (methods.amplitudes(block) if block else [])]
    lines += [f"  return {' + '.join(sizes) or '0.0'};", "}", ""]
    return "\n".join(lines)
