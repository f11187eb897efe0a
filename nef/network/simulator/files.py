"""Scenarios in files of a user's own; errors name file and line, as a compiler does."""

from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import yaml

from nef.domain.errors import InvalidParam, InvalidRequest, InvalidValue
from nef.network.simulator.parsing import parse
from nef.network.simulator.run import Source
from nef.network.simulator.scenario import shipped_scenarios
from nef.network.simulator.traces import BadTraces, ReadFile, inlined

_SUFFIXES = (".yaml", ".yml", ".json")
_ROOT = "/document"


def scenario_source(given: Source | Path) -> Source:
    """The name of a scenario that ships or a document as they are; a file as its document.

    A text is a file's path where it ends in .yaml, .yml or .json. Raises InvalidValue.
    """
    if isinstance(given, dict):
        return given
    path = Path(given)
    if path.suffix in _SUFFIXES:
        return read_scenario(path)
    if path.is_file() and str(given) not in shipped_scenarios():
        raise InvalidValue(f"{path} ends otherwise than a scenario: in .yaml, .yml or .json")
    return str(given)


def read_scenario(path: Path) -> dict[str, Any]:
    """The valid document of a file, with the trace files that it names written into it.

    Raises InvalidValue with a line `file:line: place: what is wrong` for each error.
    """
    try:
        text = _read(path)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValue(f"{path}: {_reason(error)}") from None
    try:
        document = _valid(_loaded(text), lambda name: _read(path.parent / name))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InvalidValue(f"{path}:{line}: {error.problem}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise InvalidValue(f"{path}:1: not YAML: {error}") from None
    except InvalidRequest as error:
        lines = _lines(text)
        raise InvalidValue("\n".join(_told(path, lines, one) for one in error.params)) from None
    own: dict[str, Any] = document
    return own


def _valid(document: Any, read_file: ReadFile) -> Any:
    """The document with its trace files in it; raises InvalidRequest with all that is wrong."""
    try:
        own = inlined(document, read_file)
    except BadTraces as error:
        try:
            parse(error.document)
        except InvalidRequest as others:
            raise InvalidRequest(*error.params, *others.params) from None
        raise
    parse(own)
    return own


def _read(path: Path) -> str:
    return path.read_text("utf-8-sig")  # spreadsheets begin a text with a byte order mark


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else "is not text in UTF-8"


def _told(path: Path, lines: dict[str, int], param: InvalidParam) -> str:
    place = param.pointer
    while place not in lines:
        place = place.rpartition("/")[0]
    shown = param.pointer.removeprefix(_ROOT) or "/"
    return f"{path}:{lines[place]}: {shown}: {param.reason}"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as JSON knows it: keys are text, none stands twice, and a date is a text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        """As usual; raises ConstructorError where a key is not good."""
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = key_node.value
            if key_node.tag != "tag:yaml.org,2002:str":
                raise _bad_key(f"the key {key!r} must be a text", key_node)
            if key in seen:
                raise _bad_key(f"the key {key!r} stands twice in the same place", key_node)
            seen.add(key)
        return super().construct_mapping(node, deep)


_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)


def _bad_key(problem: str, node: yaml.Node) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def _loaded(text: str) -> Any:
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader


def _lines(text: str) -> dict[str, int]:
    """The line of each place of a document, from 1; that of its key where it has one."""
    root = yaml.compose(text, Loader=_Loader)
    return {_ROOT: 1} if root is None else dict(_places(_ROOT, root, root.start_mark.line))


def _places(
    pointer: str, node: yaml.Node, line: int, above: tuple[yaml.Node, ...] = ()
) -> Iterator[tuple[str, int]]:
    yield pointer, line + 1
    if node in above:
        return  # an alias of what it stands in
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = key.value.replace("~", "~0").replace("/", "~1")
            place = f"{pointer}/{name}"
            yield from _places(place, value, key.start_mark.line, (*above, node))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _places(f"{pointer}/{index}", value, value.start_mark.line, (*above, node))
