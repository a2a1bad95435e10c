"""The macros of a submit description: $(name), $(name:default), $ENV(), and functions like $INT(), $F…(), $CHOICE().

Names ignore case. As in HTCondor, a value is stored as written and expanded when it is used, so the last
definition counts even for a line above it. $$(…), which only the execution point can expand, is left alone.
"""

from __future__ import annotations

import math
import os
import re
from contextlib import suppress

from ..problems import Place, Problem
from ..rules import classads
from ..text import shorten

# In a default, after the colon, HTCondor accepts few characters: not even a minus or a quote. The
# lengths are limited so that a hostile text can't make the search slow.
_BODY = r"[\w./]{1,200}+(?::(?:[\w./$ ,\\:]|\([^)]{0,1000}\)){0,1000}+)?"
_MACRO = re.compile(
    r"\$\$\w*"
    rf"|\$(?P<simple>ENV)?\((?P<body>{_BODY})\)"
    r"|\$(?P<function>INT|REAL|F[PNXDQABFWUpnxdqabfwu]*"
    r"|CHOICE|SUBSTR|STRING|EVAL|BASENAME|DIRNAME|RANDOM_CHOICE|RANDOM_INTEGER)"
    r"\((?P<argument>[^)]{0,1000})\)",
    re.ASCII,
)
_REFERENCE = re.compile(r"\$\w*\(\s*([\w./]+)(?:\s*,\s*([\w./]+))?|\bdefined\s+([\w./]+)", re.ASCII | re.IGNORECASE)
"""A name, the list that $CHOICE(index, list) names, or what `defined` asks for."""
_MOST_EXPANSIONS, _MOST_CHARACTERS = 2_000, 50_000

_DEFAULTS = {
    **dict.fromkeys(("cluster", "clusterid", "islinux"), "1"),
    **dict.fromkeys(("process", "procid", "step", "row", "itemindex", "iswindows"), "0"),
    **dict.fromkeys(("item", "node", "submit_file"), ""),
    "opsys": "LINUX",
    "arch": "X86_64",
}
_OF_THE_CLOCK = {"submit_time", "year", "month", "day"}


class Macros:
    """The commands and macros that have been defined so far, with the place of each."""

    def __init__(self, basename_suffix: bool = False) -> None:
        """`basename_suffix`: see Profile.basename_suffix."""
        self._basename_suffix = basename_suffix
        self._values: dict[str, str] = {}
        self._live = dict(_DEFAULTS)
        self.places: dict[str, Place] = {}
        """Lower-case name → where it was last defined, in order of first definition."""
        self.mentioned: set[str] = set()
        """Lower-case names that some line refers to."""
        self.undefined: set[str] = set()
        """Names that were expanded to nothing because nothing defines them."""
        self.random: set[str] = set()
        """Functions that HTCondor evaluates randomly, for which we took the first choice."""

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._values

    def define(self, name: str, value: str, place: Place) -> None:
        """`name = value`. A reference to the name itself means its previous value."""
        key = name.lower()
        self._values[key] = self._expanded(value, only=key)
        self.places[key] = place

    def assign(self, **values: object) -> None:
        """Set the macros that HTCondor provides for each job: cluster, process, step, row …"""
        self._live.update({name: str(value) for name, value in values.items()})

    def loop(self, variable: str, value: str) -> None:
        """Set a queue statement's variable for one job."""
        self._values[variable.lower()] = value

    def refer(self, line: str) -> None:
        """Note the names that a line refers to."""
        self.mentioned.update(name.lower() for names in _REFERENCE.findall(line) for name in names if name)

    def get(self, name: str) -> str | None:
        """The value as written, or None. Raises Problem for times."""
        key = name.lower()
        if key in _OF_THE_CLOCK and key not in self._values:
            raise Problem(
                f"$({name}) differs at every submission", "Write the value itself, so that two runs can be compared."
            )
        return self._values.get(key, self._live.get(key))

    def value(self, name: str) -> str:
        """The value, expanded; "" if nothing defines it. Raises Problem like get() and expand()."""
        return self.expand(self.get(name) or "")

    def expand(self, text: str) -> str:
        """The text with every macro replaced, including those in the values.

        Raises Problem for circular macros and for functions that are not simulated.
        """
        return re.sub(r"\$\(DOLLAR\)", "$", self._expanded(text), flags=re.IGNORECASE)

    def _expanded(self, text: str, only: str | None = None) -> str:
        """Replace the first macro, and search again from the beginning, as a value may complete
        another macro's name. `only` limits this to references to that name."""
        for _ in range(_MOST_EXPANSIONS):
            first = next((macro for macro in _MACRO.finditer(text) if _is_replaced(macro, only)), None)
            if first is None:
                return text
            text = text[: first.start()] + self._value(first) + text[first.end() :]
            if len(text) > _MOST_CHARACTERS:
                break
        raise _circle(text)

    def _value(self, match: re.Match[str]) -> str:
        if match["body"] is not None:
            name, has_default, default = match["body"].partition(":")
            if match["simple"]:
                return os.environ.get(name) or (default if has_default else os.environ.get(name, "UNDEFINED"))
            value = self.get(name)
            if value is None and not has_default:
                self.undefined.add(name)
            return value or default
        function, argument = match["function"], match["argument"]
        if function in ("INT", "REAL"):
            return self._number(function, argument)
        if function == "EVAL":
            return self._evaluated(argument)
        if function[0] == "F":
            return _filename(function[1:].lower(), self._argument(argument))
        if function == "DIRNAME":
            return _filename("p", self._argument(argument))
        if function == "BASENAME":
            cut = argument.rpartition(",") if self._basename_suffix and "," in argument else (argument, "", "")
            name, suffix = _filename("nx", self._argument(cut[0])), cut[2].strip()
            return name[: -len(suffix)] if suffix and name.lower().endswith(suffix.lower()) else name
        parts = [part.strip() for part in argument.split(",")]
        if function == "CHOICE":
            return self._chosen(parts[1:], integer(self._argument(parts[0])))
        if function == "SUBSTR":
            return self._part(*parts)
        if function == "STRING":
            return self._text(*argument.split(",", 1))
        if function == "RANDOM_CHOICE":
            if parts == [""]:
                raise Problem("$RANDOM_CHOICE() has nothing to choose from", "Write $RANDOM_CHOICE(a, b), for example.")
            self.random.add(function)
            listed = self.get(parts[0]) if len(parts) == 1 else None
            return parts[0] if listed is None else re.split(r"[,\s]+", self._expanded(listed).strip(" ,"))[0]
        if function == "RANDOM_INTEGER":
            return self._random_integer(parts)
        raise AssertionError(function)

    def _argument(self, text: str) -> str:
        """A function's argument: the value of the macro of that name, or the text itself."""
        value = self.get(text)
        try:
            return self._expanded(text if value is None else value)
        except RecursionError:
            raise _circle(text) from None

    def _evaluated(self, name: str) -> str:
        """$EVAL(name): the value of a ClassAd expression; "" if it is not an expression."""
        text = self._argument(name)
        try:
            expression = classads.read(text)
        except Problem:
            return ""
        if expression.foreign:
            raise Problem(f"$EVAL({name}): {text!r} is not simulated", "Write the value that it would give.")
        return classads.text_of(expression.value({}))  # no attribute is known here, not even the job's own

    def _chosen(self, choices: list[str], index: int) -> str:
        """An item of a list: of these texts, or, if there is only one, of the macro that it names."""
        if len(choices) == 1:
            listed = self.get(choices[0])
            if listed is None:
                raise Problem(f"there is no list named {choices[0]!r}", f"Add a line `{choices[0] or 'NAME'} = a, b`.")
            choices = [choice.strip() for choice in self._expanded(listed).split(",")]
        if not 0 <= index < len(choices):
            raise Problem(f"the list has no item {index}", "Count from 0.")
        return choices[index]

    def _part(self, name: str, start: str = "", length: str = "", *_: str) -> str:
        """$SUBSTR(name, start, length): negative numbers count from the end."""
        if not start:
            raise Problem(f"$SUBSTR({name}) lacks a position", f"Write $SUBSTR({name}, START, LENGTH).")
        text = self._expanded(self.get(name) or "")
        first = integer(self._argument(start))
        first = max(first + len(text), 0) if first < 0 else first
        size = integer(self._argument(length)) if length else len(text)
        return text[first : first + size if size >= 0 else size]

    def _text(self, name: str, pattern: str = "%s") -> str:
        if not re.fullmatch(r"[^%]*%-?\d{0,3}(\.\d{0,3})?s[^%]*", pattern):
            raise Problem(f"{pattern!r} is not a format for $STRING()", "Use %s, or %.3s for three characters.")
        text = self._argument(name)
        return pattern % (text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text)

    def _random_integer(self, parts: list[str]) -> str:
        """$RANDOM_INTEGER(least, greatest, step): the least."""
        if not 2 <= len(parts) <= 3 or not all(re.fullmatch(r"[-+]?\d{1,18}", part, re.ASCII) for part in parts):
            raise Problem("$RANDOM_INTEGER() takes numbers", "Write $RANDOM_INTEGER(1, 9), for example.")
        least, greatest = int(parts[0]), int(parts[1])
        if least > greatest:
            raise Problem(f"{least} is greater than {greatest}", f"Write $RANDOM_INTEGER({greatest}, {least}).")
        if least < greatest:
            self.random.add("RANDOM_INTEGER")
        return str(least)

    def _number(self, function: str, argument: str) -> str:
        name, has_format, pattern = argument.partition(",")
        value = number(self._argument(name), any_expression=True)
        conversions = "diouxX" if function == "INT" else "eEfFgG"
        if not has_format:
            return str(int(value)) if function == "INT" else f"{value:.16G}"
        plain = rf"[^%]*%[-+ 0#]*\d{{0,3}}(\.\d{{0,2}})?l?[{conversions}]([^%]|%%)*"
        if not re.fullmatch(plain, pattern):
            raise Problem(
                f"{pattern!r} is not a format for ${function}()",
                "Use %03d, for example." if function == "INT" else "Use %.2f, for example.",
            )
        text = pattern % (int(value) if function == "INT" else float(value))
        return text if function == "INT" or "." in text else text + ".0"


def _circle(text: str) -> Problem:
    return Problem(
        f"the macros in {shorten(text, 60)!r} refer to each other in a circle, or there are too many",
        "Make sure that none of them leads back to itself.",
    )


def _is_replaced(macro: re.Match[str], only: str | None) -> bool:
    """Whether to replace a macro: not $$(…), not $(DOLLAR), and no other name than `only`, if given."""
    if macro[0].startswith("$$"):
        return False
    if macro["simple"]:
        return only is None
    name = (macro["body"] or macro["argument"] or "").partition(":")[0].lower()
    if only is not None:
        return name == only and (macro["function"] or "F")[0] == "F"
    return name != "dollar" or macro["function"] is not None


def _filename(flags: str, path: str) -> str:
    """$F…(path): the parts of a path that the letters select. p: all directories, d: the last
    directory (dd: two), n: name without extension, x: extension; b: without the / at the end or the
    dot at the beginning; q: in double quotes, qa: in single quotes; u, w: with / or \\ as separator."""
    if "f" in flags:
        raise Problem("$Ff() gives a full path, which differs between machines", "Use a relative path.")
    if len(path) > 1 and path[0] == path[-1] and path[0] in "'\"":
        path = path[1:-1]
    else:
        path = path.removeprefix('"')
    if "u" in flags or "w" in flags:
        path = path.replace("\\", "/") if "u" in flags else path.replace("/", "\\")
    quote = ("'" if "a" in flags else '"') if "q" in flags else ""
    return quote + _parts_of(path, flags) + quote


def _parts_of(path: str, flags: str) -> str:
    directory, slash, name = path.rpartition("/")
    directory += slash
    dot = name.rfind(".")
    stem, extension = (name[:dot], name[dot:]) if dot > 0 else (name, "")
    tail = name if "x" in flags else stem if "n" in flags else ""
    if not directory and ("n" in flags or "x" in flags):
        flags = re.sub("[pd]", "", flags)
    if "p" not in flags and "d" not in flags:
        if "x" in flags and "n" not in flags:
            return extension.removeprefix(".") if "b" in flags else extension
        return tail if "n" in flags else path
    if "d" in flags:
        steps = directory.split("/")[:-1]
        directory = "".join(step + "/" for step in steps[-flags.count("d") :])
    return directory.removesuffix("/") if "b" in flags and not tail else directory + tail


def number(text: str, any_expression: bool = False) -> int | float:
    """The value of a number or of simple arithmetic: + - * / % and parentheses; or of any ClassAd expression. true and
    false count as 1 and 0. Raises Problem for anything else."""
    plain = text.strip()
    if re.fullmatch(r"[-+]?\d{1,18}", plain, re.ASCII):
        return int(plain)  # 010 is ten, not eight
    simple = re.fullmatch(r"true|false|(?!.*//)[\d\s.eE+*/%()-]{1,200}", plain, re.ASCII | re.IGNORECASE)
    with suppress(Problem):
        if (simple or any_expression) and not (expression := classads.read(plain)).foreign:
            value = expression.value({})
            if isinstance(value, (int, float)) and math.isfinite(value):
                return value
    raise Problem(f"{shorten(plain, 60)!r} is not a number", "Write a number, or simple arithmetic on numbers.")


def integer(text: str) -> int:
    """A whole number; a fraction is cut off, as in HTCondor. Raises Problem."""
    return int(number(text))


def boolean(text: str) -> bool:
    """True or False in any case, or a number. Raises Problem for anything else, including `yes`."""
    try:
        return bool(number(text))
    except Problem:
        raise Problem(f"{shorten(text, 60)!r} is neither True nor False", "Write True or False.") from None
