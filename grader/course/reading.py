"""Reads students' Python files (as syntax trees) and literals without running anything."""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable, Collection, Iterator

from ..text import as_sentence, shorten
from ..tree import File
from ..verify.evidence import Evidence
from .report import Failure

MOST_CHARACTERS = 100_000
"""How many characters of a file are read."""
LONGEST_LITERAL = 2_000
"""The most characters of a value; the longest answer has a few dozen."""
OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}
LARGEST = 1e15
FUNCTIONS: dict[str, Callable[..., float]] = {"sqrt": math.sqrt, "math.sqrt": math.sqrt, "round": round, "int": int}
"""Functions that may compute a value, like OPERATORS, from numbers up to LARGEST."""
UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


def unwritten_functions(file: File) -> set[str]:
    """The functions in a Python file that are still stubs: apart from a docstring, they only raise
    NotImplementedError."""
    try:
        module = parsed(file.content)
    except UNREADABLE:
        return set()
    return {node.name for node in module.body if isinstance(node, ast.FunctionDef) and _is_stub(node)}


def end_without_a_value(file: File, function: str) -> int | None:
    """The number of a function's last line in a Python file, if the function never returns a value; None if it may
    return one, or if there is no such function."""
    try:
        [node] = [node for node in parsed(file.content).body if getattr(node, "name", "") == function]
        if not isinstance(node, ast.FunctionDef) or any(map(_gives_a_value, node.body)):
            return None
        return node.body[-1].lineno
    except UNREADABLE:  # a ValueError if there is no such function, or more than one
        return None


def _gives_a_value(node: ast.AST) -> bool:
    if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)):
        return not isinstance(node, ast.Return) or node.value is not None
    own = not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda))
    return own and any(map(_gives_a_value, ast.iter_child_nodes(node)))


def parsed(text: bytes | str, path: str = "") -> ast.Module:
    """The syntax tree of the first MOST_CHARACTERS of a Python file. Raises one of UNREADABLE."""
    with warnings.catch_warnings():  # anything on stderr would cost all points in nbgrader
        warnings.simplefilter("ignore")
        return ast.parse(text[:MOST_CHARACTERS], path)


def syntax_error(path: str, file: File) -> Failure | None:
    """The syntax error in a file; None if Python can read it."""
    try:
        parsed(file.content, path)
    except SyntaxError as error:
        message = as_sentence(error.msg)
        line = f" In: {shorten(error.text.strip(), 200)}" if error.text else ""
        fact = Evidence("traceback", f"SyntaxError: {message}{line}", path, error.lineno)
        return Failure(f"{path}, line {error.lineno}: {message}", evidence=(fact,))
    except UNREADABLE as error:
        return Failure(f"{path} can't be read as Python: {error}.")
    return None


def same_text(left: File, right: File) -> bool:
    """Whether two files are equal apart from white space at line ends and empty lines."""
    return _lines(left) == _lines(right)


def literal(text: str) -> object:
    """The value of a Python literal: a number (also arithmetic on numbers), a string, a list, a set ... Raises
    ValueError for anything else."""
    if len(text) > LONGEST_LITERAL:
        raise ValueError("it is too long")
    try:
        statement = parsed(text.strip()).body[0]
        value = getattr(statement, "value", statement)
        return ast.literal_eval(_Arithmetic().visit(value))  # raises for other statements
    except (*UNREADABLE, ArithmeticError, AttributeError, IndexError, TypeError):
        raise ValueError("it is not a plain value: a number, a text in quotes, a list or a set of those") from None


class _Arithmetic(ast.NodeTransformer):
    """Replaces arithmetic on numbers by its result."""

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """A sign."""
        self.generic_visit(node)
        number = _number(node.operand)
        return node if number is None or not isinstance(node.op, ast.USub) else ast.Constant(-number)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """One of OPERATORS, a square, or a square root."""
        self.generic_visit(node)
        left, right = _number(node.left), _number(node.right)
        if left is None or right is None:
            return node
        if isinstance(node.op, ast.Pow) and right in (0.5, 2):
            return ast.Constant(math.sqrt(left) if right == 0.5 else left * left)
        return ast.Constant(OPERATORS[type(node.op)](left, right)) if type(node.op) in OPERATORS else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """One of FUNCTIONS."""
        self.generic_visit(node)
        numbers = [number for argument in node.args if (number := _number(argument)) is not None]
        function = FUNCTIONS.get(ast.unparse(node.func))
        if function is None or node.keywords or len(numbers) < len(node.args):
            return node
        return ast.Constant(function(*numbers))


def _number(node: ast.expr) -> float | None:
    """The number that a node stands for; None if it stands for none, or for one that is too large to compute with
    (squares of squares would take for ever)."""
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > LARGEST:
        return None
    return value


def literal_text(value: object) -> str:
    """The text of a plain value, the same for equal values. Raises ValueError if literal() can't read it."""
    if isinstance(value, set | frozenset) and value:
        text = "{" + ", ".join(sorted(map(repr, value))) + "}"
    else:
        text = repr(value)
    literal(text)
    return text


def assigned_literals(source: str) -> dict[str, str]:
    """Name → text of the value, for each `NAME = value` at the top level of a cell. Values are arbitrary expressions;
    literal() decides whether they are literals. {} if the cell can't be read as Python."""
    plain = "\n".join("" if line.lstrip()[:1] in ("%", "!", "?") else line for line in source.splitlines())
    try:
        return {name: ast.unparse(value) for name, value in _assignments(parsed(plain))}
    except UNREADABLE:
        return {}


def cleared_literals(source: str, names: Collection[str]) -> str | None:
    """The source of a cell with the values of these names replaced by `...`; None if it assigns none of them."""
    try:
        values = [value for name, value in _assignments(parsed(source)) if name in names]
    except UNREADABLE:
        return None
    lines = source.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    text = source.encode()
    for value in reversed(values):  # from the end, so that earlier positions stay valid
        assert value.end_lineno is not None and value.end_col_offset is not None, "what was parsed has an end"
        begin, end = starts[value.lineno - 1] + value.col_offset, starts[value.end_lineno - 1] + value.end_col_offset
        text = text[:begin] + b"..." + text[end:]
    return text.decode() if values else None


def _assignments(module: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """(name, value) of each `NAME = value` at the top level."""
    for node in module.body:
        if isinstance(node, ast.Assign):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value


def _lines(file: File) -> list[bytes]:
    return [line.rstrip() for line in file.content.splitlines() if line.strip()]


def _is_stub(function: ast.FunctionDef) -> bool:
    body = [s for s in function.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if len(body) != 1 or not isinstance(body[0], ast.Raise):
        return False
    raised = body[0].exc.func if isinstance(body[0].exc, ast.Call) else body[0].exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
