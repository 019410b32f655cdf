"""Glob patterns of triggers, which are those of Java.

wcmatch has other rules: its `**` matches several folders only where it is the whole name of one, so that `release**`
does not match `release/1`, and its braces nest and have ranges.
Sources: AWS CodePipeline user guide, "Working with glob patterns in syntax"; Java API specification, class FileSystem,
getPathMatcher.
"""

from __future__ import annotations

import re

from rehearsal.engine.model.definition import InvalidDefinition

_TOKEN = re.compile(
    r"\\(?P<escaped>.)|(?P<stars>\*\*)|(?P<star>\*)|(?P<mark>\?)|\[(?P<set>!?\]?[^\]]*)\]|(?P<char>.)", re.DOTALL
)


def matches(pattern: str, name: str) -> bool:
    """Return whether `pattern` matches the whole of `name`.

    `*` and `?` do not match a slash, `**` does. Supports `[abc]`, `[a-z]`, `[!a]`, `{one,two}` and backslash escapes.
    Raises InvalidDefinition for brackets without a character, and for a range whose end is before its start.
    """
    try:
        return re.fullmatch(_regex(pattern), name, re.DOTALL) is not None
    except re.error as error:
        raise InvalidDefinition(f"the glob pattern {pattern} is not valid: correct it in the triggers") from error


def _regex(pattern: str) -> str:
    """Translate a pattern into a regular expression, token by token; a group without an end ends with the pattern."""
    regex, depth = "", 0
    for token in _TOKEN.finditer(pattern):
        char = token["char"]
        if token["escaped"]:
            regex += re.escape(token["escaped"])
        elif token["stars"]:
            regex += ".*"
        elif token["star"]:
            regex += "[^/]*"
        elif token["mark"]:
            regex += "[^/]"
        elif token["set"] is not None:
            regex += _set(token["set"])
        elif char == "{":
            regex, depth = regex + "(?:", depth + 1
        elif char == "}" and depth:
            regex, depth = regex + ")", depth - 1
        else:
            regex += "|" if char == "," and depth else re.escape(char)
    return regex + ")" * depth


def _set(inside: str) -> str:
    """Within brackets `*`, `?` and backslashes are literal."""
    negated = inside.startswith("!")
    body = inside.removeprefix("!").replace("\\", "\\\\").replace("^", "\\^").replace("[", "\\[")
    return f"(?!/)[{'^' if negated else ''}{body}]"
