"""Whether a text is a ClassAd expression, as condor_submit reads one.

What it is not: an evaluator. No operator needs a precedence for this, as precedence decides only
what an expression means.
"""

from __future__ import annotations

import functools
import re

from .problems import Problem

_TOKEN = re.compile(r"""
    (?P<space>\s+ | /\*.*?\*/ | //[^\n]*)
  | (?P<number>(?:\d+\.\d+|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d+)?(?!\w) | (?:0|[1-9]\d*)(?![\w.]))
  | (?P<text>"(?:\\"(?!\s*\Z)|[^"])*")
  | (?P<name>'(?:\\.|[^'\\])*' | [A-Za-z_]\w*)
  | (?P<operator>=\?=|=!=|\?:|>>>|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%<>&|^!~?:.,;=(){}\[\]])
""", re.VERBOSE | re.DOTALL | re.ASCII)
_BINARY = frozenset("=?= =!= >>> << >> <= >= == != && || - + * / % < > & | ^ is isnt".split())
_VALUES = ("number", "text")
_WORDS = ("true", "false", "undefined", "error")


def check(text: str) -> str:
    """The expression as it is. Raises Problem for what condor_submit refuses as a parse error."""
    problem = _problem(text)
    if problem:
        raise Problem(f"{text[:60]!r} is not a ClassAd expression: {problem}",
                      'Put a text into double quotes, and join conditions by && or ||: OpSys == "LINUX" && Memory > 1.')
    return text


def constant(text: str) -> str:
    """An expression that can have a value before the job is there. Raises Problem for one that can't be read, and for
    a bare word or a text, which are neither a number nor True or False."""
    plain = check(text).strip()
    if plain.lower() not in _WORDS[:2] and re.fullmatch(r"""[A-Za-z_]\w*|'.*'|"[^"]*"|0[xX].*""", plain):
        raise Problem(f"{plain[:60]!r} is neither a number nor True or False", "Write a number, or True or False.")
    return text


@functools.lru_cache(maxsize=1000)
def _problem(text: str) -> str:
    """What is wrong with the expression; "" if nothing is."""
    try:
        reader = _Reader(_tokens(text))
        reader.expression()
        return "" if reader.ahead == "" else f"{reader.ahead} can't stand there"
    except _Unreadable as unreadable:
        return str(unreadable)
    except RecursionError:
        return "it is nested too deep"


class _Unreadable(Exception):
    """What is wrong with an expression."""


def _tokens(text: str) -> list[tuple[str, str]]:
    """(kind, token) for each token that is not white space or a comment. Keywords are operators."""
    tokens, at = [], 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _Unreadable("a quote is not closed" if text[at] in "\"'" else f"{text[at]} can't stand there")
        kind, token, at = str(found.lastgroup), found[0], found.end()
        if token.lower() in ("is", "isnt"):
            kind, token = "operator", token.lower()
        if kind != "space":
            tokens.append((kind, token))
    return tokens


class _Reader:
    """A recursive descent over the tokens: every method reads one thing, or raises _Unreadable."""

    def __init__(self, tokens: list[tuple[str, str]]):
        self._tokens, self._at = [*tokens, ("end", "")], 0

    @property
    def ahead(self) -> str:
        """The next token; "" at the end."""
        return self._tokens[self._at][1]

    def _kind(self) -> str:
        return self._tokens[self._at][0]

    def _take(self, wanted: str) -> bool:
        """Whether the next token is this operator, which is then read."""
        taken = self._tokens[self._at] == ("operator", wanted)
        self._at += taken
        return taken

    def _need(self, wanted: str) -> None:
        if not self._take(wanted):
            raise _Unreadable(f"{wanted} is missing")

    def expression(self) -> None:
        """Operands and the operators between them, with ?: behind."""
        self._operand()
        while self._kind() == "operator" and self.ahead in _BINARY:
            self._at += 1
            self._operand()
        if self._take("?:"):
            self.expression()
        elif self._take("?"):
            self.expression()
            self._need(":")
            self.expression()

    def _operand(self) -> None:
        while any(self._take(sign) for sign in "-+!~"):
            pass
        self._primary()
        while True:
            if self._take("."):
                self._name()
            elif self._take("["):
                self.expression()
                self._need("]")
            else:
                return

    def _primary(self) -> None:
        if self._kind() in _VALUES or self.ahead.lower() in _WORDS:
            self._at += 1
        elif self._take("("):
            self.expression()
            self._need(")")
        elif self._take("{"):
            self._list("}")
        elif self._take("["):
            self._record()
        elif self._take("."):
            self._name()
        else:
            self._name()
            if self._take("("):
                self._list(")")

    def _name(self) -> None:
        if self._kind() != "name" or self.ahead.lower() in _WORDS:
            raise _Unreadable(f"{self.ahead} can't stand there" if self.ahead else "it ends too early")
        self._at += 1

    def _list(self, end: str) -> None:
        """Expressions with commas between them, and the bracket that closes."""
        if self._take(end):
            return
        self.expression()
        while self._take(","):
            self.expression()
        self._need(end)

    def _record(self) -> None:
        """[name = expression; ...]"""
        while not self._take("]"):
            if not self._take(";"):
                self._name()
                self._need("=")
                self.expression()
                if self.ahead != "]":
                    self._need(";")
