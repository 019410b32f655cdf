"""A buildspec's YAML, with every scalar as the string in the file, and notes on what CodeBuild may read differently.

CodeBuild's documentation has versions such as `golang: 1.20` without quotes, which YAML reads as the number 1.2. How
CodeBuild reads `0123` or `yes` is not documented: the string is used, and a note says so.
Source: AWS CodeBuild user guide, "Runtime versions".
"""

from __future__ import annotations

from collections.abc import Hashable

import yaml

EXTENSION = "x-"
_KEPT = ("tag:yaml.org,2002:merge", "tag:yaml.org,2002:null")
_READ_ALIKE = ("true", "false")
_YES_OR_NO = ("discard-paths", "enable-symlinks", "git-credential-helper", "logs", "upload-artifacts", "fast-fail")


class _Loader(yaml.SafeLoader):
    """Loads strings, lists, mappings, merge keys and empty values. notes: values that YAML's rules read differently."""

    notes: list[str]

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:  # noqa: FBT001, FBT002 - PyYAML's signature
        names = [key.value for key, _ in node.value if key.tag != _KEPT[0]]
        for name in sorted({name for name in names if isinstance(name, str) and names.count(name) > 1}):
            line = node.start_mark.line + 1
            self.notes.append(
                f"the key {name} is more than once in the mapping of line {line}; the last one counts here"
            )
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag in _KEPT]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(text: str) -> tuple[object, tuple[str, ...]]:
    """Return the document and the notes. Raises yaml.YAMLError."""
    loader = _Loader(text)
    loader.notes = []
    try:
        document = loader.get_single_data()
    finally:
        loader.dispose()
    return document, (*loader.notes, *_unquoted(document, _read_by_the_rules(text)), *_extensions(document))


def _read_by_the_rules(text: str) -> object:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):  # such as the date 2024-99-99
        return None


def _unquoted(written: object, read: object, place: str = "") -> list[str]:
    """Notes on values that YAML's rules change, such as 1.20 to 1.2."""
    if place.rpartition(".")[2] in _YES_OR_NO:
        return []
    if isinstance(written, dict) and isinstance(read, dict):
        pairs = zip(written.items(), read.values(), strict=False)
        return [note for (name, value), other in pairs for note in _unquoted(value, other, f"{place}.{name}")]
    if not isinstance(written, str) or isinstance(read, str) or written in _READ_ALIKE or str(read) == written:
        return []
    return [
        f"{place.lstrip('.')}: {written} without quotes; whether CodeBuild takes the text is not documented: quote it"
    ]


def _extensions(document: object) -> list[str]:
    names = [name for name in document if str(name).startswith(EXTENSION)] if isinstance(document, dict) else []
    return [f"{name}: is left out here; whether CodeBuild accepts such a key is not documented" for name in names]
