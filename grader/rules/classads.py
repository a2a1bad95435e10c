"""ClassAd expressions: whether condor_submit can parse them, and their values for a job with known attributes.

More can be parsed than evaluated: lists, records, bit operators and most functions have no value here. The semantics
are those of HTCondor's own library, see
https://htcondor.readthedocs.io/en/latest/classads/classad-mechanism.html
"""

from __future__ import annotations

import functools
import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from ..problems import Problem

_TOKEN = re.compile(
    r"""
    (?P<space>\s+ | /\*.*?\*/ | //[^\n]*)
  | (?P<number>(?:\d+\.\d+|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d+)?(?!\w) | (?:0|[1-9]\d*)(?![\w.]))
  | (?P<text>"(?:\\"(?!\s*\Z)|[^"])*")
  | (?P<name>'(?:\\.|[^'\\])*' | [A-Za-z_]\w*)
  | (?P<operator>=\?=|=!=|\?:|>>>|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%<>&|^!~?:.,;=(){}\[\]])
""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_LEVELS = ("||", "&&", "|", "^", "&", "== != =?= =!= is isnt", "< <= > >=", "<< >> >>>", "+ -", "* / %")
"""The binary operators, from lowest to highest precedence."""
_BINDS = {sign: level for level, signs in enumerate(_LEVELS) for sign in signs.split()}
MOST_TOKENS = 200
"""The most tokens of an expression to evaluate, so that none is nested too deeply for Python."""
NOW = "time()"
"""The name of the present time among attributes: an expression that uses it must be evaluated repeatedly."""
MOST_BRACKETS = 165
"""How deeply HTCondor 25.14.1 lets brackets be nested."""
_OPENING, _CLOSING = ([("operator", bracket) for bracket in brackets] for brackets in ("([{", ")]}"))
_VALUES = ("number", "text")
_WORDS = ("true", "false", "undefined", "error")


def check(text: str) -> str:
    """The expression, unchanged. Raises Problem if condor_submit refuses it with a parse error."""
    read(text)
    return text


def constant(text: str) -> str:
    """An expression that may have a value without a job. Raises Problem if it can't be parsed, and for a bare word or a
    string, which is neither a number nor True or False."""
    plain = check(text).strip()
    if plain.lower() not in _WORDS[:2] and re.fullmatch(r"""[A-Za-z_]\w*|'.*'|"[^"]*"|0[xX].*""", plain):
        raise Problem(f"{plain[:60]!r} is neither a number nor True or False", "Write a number, or True or False.")
    return text


class Nothing(Enum):
    """The result of an expression without a value."""

    UNDEFINED = "undefined"
    """It uses an attribute that the job does not have."""
    ERROR = "error"


UNDEFINED, ERROR = Nothing
Value = bool | int | float | str | Nothing
_Meaning = Callable[[Mapping[str, Value]], Value]


@dataclass(frozen=True)
class Expression:
    """A parsed expression."""

    names: frozenset[str]
    """The attributes that it uses, in lower case."""
    foreign: frozenset[str]
    """Its parts that can't be evaluated here: functions, operators, numbers beyond 64 bits."""
    value: _Meaning
    """Its value for a job with these attributes, in lower case; missing attributes are undefined. Only for an
    expression that depends_only_on() some attributes."""

    def depends_only_on(self, names: frozenset[str]) -> bool:
        """Whether it can be evaluated if these attributes, in lower case, are known."""
        return not self.foreign and self.names <= names


def is_true(value: Value) -> bool:
    """Whether a policy expression with this value is true: for True, and for any number except 0."""
    return _truth(value) is True


def is_false(value: Value) -> bool:
    """Whether it is false: for False and 0. Undefined, an error or a string is neither true nor false."""
    return _truth(value) is False


def read(text: str) -> Expression:
    """Parse an expression. Raises Problem if condor_submit refuses it with a parse error."""
    expression = _parsed(text)
    if isinstance(expression, Expression):
        return expression
    raise Problem(
        f"{text[:60]!r} is not a ClassAd expression: {expression}",
        'Put strings into double quotes, and join conditions by && or ||: OpSys == "LINUX" && Memory > 1.',
    )


@functools.lru_cache(maxsize=1000)
def _parsed(text: str) -> Expression | str:
    """The expression, or why it can't be parsed."""
    try:
        return _read(text)
    except _Unreadable as unreadable:
        return str(unreadable)
    except RecursionError:  # too deep for Python, but not for HTCondor
        return Expression(frozenset(), frozenset({"its depth"}), lambda ad: ERROR)


def _read(text: str) -> Expression:
    tokens, open_brackets = _tokens(text), 0
    for token in tokens:
        open_brackets += (token in _OPENING) - (token in _CLOSING)
        if open_brackets > MOST_BRACKETS:
            raise _Unreadable(f"HTCondor accepts at most {MOST_BRACKETS} nested brackets")
    if open_brackets > 0:
        raise _Unreadable("a bracket is not closed")
    reader = _Reader(tokens)
    meaning = reader.expression()
    if reader.ahead:
        raise _Unreadable(f"{reader.ahead} can't be there")
    long = {"its length"} if len(tokens) > MOST_TOKENS else set()
    return Expression(frozenset(reader.names), frozenset(reader.foreign | long), meaning)


class _Unreadable(Exception):
    """What is wrong with an expression."""


def _tokens(text: str) -> list[tuple[str, str]]:
    """(kind, token) for each token that is not white space or a comment. Keywords are operators."""
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _Unreadable("a quote is not closed" if text[at] in "\"'" else f"{text[at]} can't be there")
        kind, token, at = str(match.lastgroup), match[0], match.end()
        if token.lower() in ("is", "isnt"):
            kind, token = "operator", token.lower()
        if kind != "space":
            tokens.append((kind, token))
    return tokens


class _Reader:
    """A recursive-descent parser: each method reads a part of the tokens, and returns a function that evaluates it, or
    raises _Unreadable."""

    def __init__(self, tokens: list[tuple[str, str]]):
        self._tokens, self._at = [*tokens, ("end", "")], 0
        self.names: set[str] = set()
        self.foreign: set[str] = set()

    @property
    def ahead(self) -> str:
        """The next token; "" at the end."""
        return self._tokens[self._at][1]

    def _kind(self) -> str:
        return self._tokens[self._at][0]

    def _take(self, sign: str) -> bool:
        """Read this operator, if it is next. Returns whether it was."""
        taken = self._tokens[self._at] == ("operator", sign)
        self._at += taken
        return taken

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise _Unreadable(f"{sign} is missing")

    def expression(self) -> _Meaning:
        """Operands with binary operators, perhaps followed by ?:."""
        left = self._joined(0)
        if self._take("?:"):  # its precedence differs from other languages
            self.expression()
            return self._foreign("?:")
        if self._take("?"):
            then = self.expression()
            self._need(":")
            return _if(left, then, self.expression())
        return left

    def _joined(self, level: int) -> _Meaning:
        """Operands with binary operators of this or a higher level."""
        left = self._operand()
        while self._kind() == "operator" and _BINDS.get(self.ahead, -1) >= level:
            sign = self._next()
            left = self._binary(sign, left, self._joined(_BINDS[sign] + 1))
        return left

    def _binary(self, sign: str, left: _Meaning, right: _Meaning) -> _Meaning:
        if sign in ("&&", "||"):
            return _logic(left, right, ends=sign == "||")
        if sign not in _OPERATIONS:
            return self._foreign(sign)
        return lambda ad: _OPERATIONS[sign](left(ad), right(ad))

    def _foreign(self, what: str) -> _Meaning:
        self.foreign.add(what)
        return lambda ad: ERROR

    def _operand(self) -> _Meaning:
        if self._kind() != "operator" or self.ahead not in ("-", "+", "!", "~"):
            return self._primary()
        sign, operand = self._next(), self._operand()
        return self._foreign(sign) if sign == "~" else lambda ad: _SIGNS[sign](operand(ad))

    def _primary(self) -> _Meaning:
        scope, at = self.ahead.lower(), self._at
        value = self._atom()
        while True:
            if self._take("."):
                name = self._name()
                value = self._attribute(name) if scope == "my" and self._at == at + 3 else self._foreign(".")
            elif self._take("["):
                self.expression()
                self._need("]")
                value = self._foreign("[")
            else:
                return value

    def _atom(self) -> _Meaning:
        if self._kind() in _VALUES or self.ahead.lower() in _WORDS:
            kind, token = self._kind(), self._next()
            if token.isdigit() and (len(token) > 19 or int(token) >= 2**63):
                return self._foreign(token)
            value = _literal(kind, token)
            return lambda ad: value
        if self._take("("):
            inner = self.expression()
            self._need(")")
            return inner
        if self._take("{"):
            self._list("}")
            return self._foreign("{")
        if self._take("["):
            self._record()
            return self._foreign("[")
        if self._take("."):
            self._name()
            return self._foreign(".")
        name = self._name()
        if self._take("("):
            arguments = self._list(")")
            return self._attribute(NOW) if name == "time" and not arguments else self._call(name, arguments)
        if self.ahead == "." and name == "my":
            return lambda ad: ERROR  # replaced by the attribute that follows
        return self._attribute(NOW if name == "currenttime" else name)

    def _attribute(self, name: str) -> _Meaning:
        self.names.add(name)
        return lambda ad: ad.get(name, UNDEFINED)

    def _call(self, name: str, arguments: list[_Meaning]) -> _Meaning:
        if name not in _FUNCTIONS or len(arguments) not in _FUNCTIONS[name][0]:
            return self._foreign(name)
        return lambda ad: _FUNCTIONS[name][1](*(argument(ad) for argument in arguments))

    def _name(self) -> str:
        """A name, in lower case, as names ignore case."""
        if self._kind() != "name" or self.ahead.lower() in _WORDS:
            raise _Unreadable(f"{self.ahead} can't be there" if self.ahead else "it ends too early")
        return self._next().strip("'").lower()

    def _list(self, end: str) -> list[_Meaning]:
        """Expressions separated by commas, and the closing bracket."""
        if self._take(end):
            return []
        expressions = [self.expression()]
        while self._take(","):
            expressions.append(self.expression())
        self._need(end)
        return expressions

    def _record(self) -> None:
        """[name = expression; ...]"""
        while not self._take("]"):
            if not self._take(";"):
                self._name()
                self._need("=")
                self.expression()
                if self.ahead != "]":
                    self._need(";")


# -- evaluation --------------------------------------------------------------------


def _literal(kind: str, token: str) -> Value:
    if kind == "text":
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    if kind == "number":
        return int(token) if token.isdigit() else float(token)
    words: dict[str, Value] = {"true": True, "false": False, "undefined": UNDEFINED, "error": ERROR}
    return words[token.lower()]


def _truth(value: Value) -> bool | Nothing:
    """A value as True or False, if possible."""
    return value if isinstance(value, Nothing) else ERROR if isinstance(value, str) else bool(value)


def _logic(left: _Meaning, right: _Meaning, ends: bool) -> _Meaning:
    """&& and ||: if the first operand is `ends`, so is the result; otherwise the second operand counts."""

    def meaning(ad: Mapping[str, Value]) -> Value:
        first = _truth(left(ad))
        if first in (ends, ERROR):
            return first
        second = _truth(right(ad))
        return second if first is not UNDEFINED or second in (ends, ERROR) else UNDEFINED

    return meaning


def _if(condition: _Meaning, then: _Meaning, otherwise: _Meaning) -> _Meaning:
    def meaning(ad: Mapping[str, Value]) -> Value:
        holds = _truth(condition(ad))
        return holds if isinstance(holds, Nothing) else then(ad) if holds else otherwise(ad)

    return meaning


def _of_values(operation: Callable[..., Value]) -> Callable[..., Value]:
    """An operation whose result is undefined or an error if an operand is."""

    def strict(*operands: Value) -> Value:
        for nothing in (ERROR, UNDEFINED):
            if nothing in operands:
                return nothing
        return operation(*operands)

    return strict


def _compared(compare: Callable[..., bool]) -> Callable[..., Value]:
    """A comparison. Strings ignore case; a string can't be compared with a number."""

    def operation(left: Value, right: Value) -> Value:
        if isinstance(left, str) != isinstance(right, str):
            return ERROR
        if isinstance(left, str) and isinstance(right, str):
            return compare(left.lower(), right.lower())
        return compare(left, right)

    return _of_values(operation)


def _calculated(calculate: Callable[[int | float, int | float], int | float | Nothing]) -> Callable[..., Value]:
    def operation(left: Value, right: Value) -> Value:
        if isinstance(left, (str, Nothing)) or isinstance(right, (str, Nothing)):
            return ERROR
        try:
            value = calculate(left, right)
        except (ZeroDivisionError, OverflowError):
            return ERROR
        return (value + 2**63) % 2**64 - 2**63 if isinstance(value, int) else value

    return _of_values(operation)


def _divided(left: int | float, right: int | float) -> int | float:
    """Division; for integers, the integer part."""
    return left / right if isinstance(left, float) or isinstance(right, float) else _whole(left, right)


def _whole(left: int, right: int) -> int:
    return (abs(left) // abs(right)) * (1 if (left < 0) == (right < 0) else -1)


def _rest(left: int | float, right: int | float) -> int | Nothing:
    return ERROR if isinstance(left, float) or isinstance(right, float) else left - right * _whole(left, right)


def _same(left: Value, right: Value) -> bool:
    return type(left) is type(right) and left == right


_OPERATIONS: dict[str, Callable[[Value, Value], Value]] = {
    "==": _compared(operator.eq),
    "!=": _compared(operator.ne),
    "<": _compared(operator.lt),
    "<=": _compared(operator.le),
    ">": _compared(operator.gt),
    ">=": _compared(operator.ge),
    "=?=": _same,
    "is": _same,
    "=!=": lambda left, right: not _same(left, right),
    "isnt": lambda left, right: not _same(left, right),
    "+": _calculated(operator.add),
    "-": _calculated(operator.sub),
    "*": _calculated(operator.mul),
    "/": _calculated(_divided),
    "%": _calculated(_rest),
}


def _number_only(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _not(value: Value) -> Value:
    truth = _truth(value)
    return truth if isinstance(truth, Nothing) else not truth


_SIGNS: dict[str, Callable[[Value], Value]] = {
    "!": _not,
    "-": _of_values(lambda value: -value if _number_only(value) else ERROR),
    "+": _of_values(lambda value: value if _number_only(value) else ERROR),
}


def text_of(value: Value) -> str:
    """A value as HTCondor writes it into a text: a string without its quotes, a real number with 15 decimals."""
    if isinstance(value, Nothing):
        return value.value
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.15E}" if isinstance(value, float) and value else str(value)


def _strcat(*values: Value) -> Value:
    """strcat(): the joined strings, or the first value that is undefined or an error."""
    return next((value for value in values if isinstance(value, Nothing)), "".join(map(text_of, values)))


def _number(value: Value) -> int | float | Nothing:
    """A value as a number: also True, False, and a string that holds a number."""
    if isinstance(value, str):
        return float(value) if re.fullmatch(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", value, re.ASCII) else ERROR
    return value


def _rounded(rounding: Callable[[float], int], undefined: Value = ERROR) -> Callable[[Value], Value]:
    def operation(value: Value) -> Value:
        if value is UNDEFINED:
            return undefined
        number = _number(value)
        if isinstance(number, (int, Nothing)):
            return number if isinstance(number, Nothing) else int(number)
        return rounding(number) if abs(number) < 2**63 else -(2**63)

    return operation


def _real(value: Value) -> Value:
    number = _number(value)
    return number if isinstance(number, Nothing) else float(number)


_ONE = range(1, 2)
_FUNCTIONS: dict[str, tuple[range, Callable[..., Value]]] = {
    "isundefined": (_ONE, lambda value: value is UNDEFINED),
    "iserror": (_ONE, lambda value: value is ERROR),
    "strcat": (range(1, 100), _strcat),
    "string": (_ONE, _of_values(text_of)),
    "toupper": (_ONE, _of_values(lambda value: text_of(value).upper())),
    "tolower": (_ONE, _of_values(lambda value: text_of(value).lower())),
    "int": (_ONE, _rounded(int, UNDEFINED)),
    "real": (_ONE, _real),
    "floor": (_ONE, _rounded(math.floor)),
    "ceiling": (_ONE, _rounded(math.ceil)),
    "round": (_ONE, _rounded(round)),
}
"""Name → the possible numbers of arguments, and the function."""
