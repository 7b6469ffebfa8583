"""Small pieces of C++."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from spikeheb.expressions.printers import to_brian
from spikeheb.program.program import Block, Program


def mangled(name: str) -> str:
    """A user's name as C++ has it.

    It ends in an underscore. The names that generated code makes of it (`derived`) do not, and no other does: so a
    user's names ``x`` and ``x_own`` or ``own_x`` meet nothing.
    """
    return f"{name}_"


def derived(name: str, kind: str) -> str:
    """The name of something that is kept for a variable, such as its pointer or its value on the side that fired."""
    return f"{mangled(name)}{kind}"


def pointer(name: str) -> str:
    """The pointer to a variable's values."""
    return derived(name, "at")


def struct(name: str, kind: str, members: Sequence[str], note: str, *, template: bool = False) -> str:
    """A struct of numbers, never empty."""
    head = f"template <class T> struct {name}" if template else f"struct {name}"
    shown = ", ".join(map(mangled, members)) or "none"
    return f"{head} {{ {kind} {shown}; }};" + (f"  // {note}" if note else "")


def array(kind: str, name: str, values: Iterable[object]) -> str:
    """A constant array, never empty."""
    shown = [str(value) for value in values] or ["{}"]
    return f"static constexpr {kind} {name}[] = {{{', '.join(shown)}}};"


def events_of(program: Program) -> list[str]:
    """For each action what it hears, and which signal where it is one."""
    heard = list(dict.fromkeys(action.event for action in program.actions if action.event not in ("pre", "post")))
    kinds = [action.event.upper() if action.event not in heard else "SIGNAL" for action in program.actions]
    signals = [heard.index(action.event) if action.event in heard else 0 for action in program.actions]
    return [array("Event", "event", kinds), array("int", "signal", signals)]


def flawed(values: Iterable[str]) -> str:
    """Whether one of the values is not finite."""
    return " + ".join(f"({value} - {value})" for value in values) + " != 0" if values else "false"


def indent(text: str) -> str:
    """The text two columns to the right."""
    return "\n".join(f"  {line}" if line else line for line in text.split("\n"))


def equation_comments(block: Block) -> list[str]:
    """The equations of a block as comments."""
    lines = [f"// {block.method}"]
    for equation in block.equations:
        if equation.expression is not None:
            left = f"d{equation.name}/dt" if equation.kind == "differential" else equation.name
            lines.append(f"//   {left} = {to_brian(equation.expression)}")
    return lines
