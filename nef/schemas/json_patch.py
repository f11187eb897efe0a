"""JSON patch (RFC 6902) of lists of strings, which is all that 3GPP patches in this way here."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from nef.domain.errors import InvalidParam, InvalidRequest, NotModifiable


def patched(target: dict[str, Any], patch: list[Any], lists: Collection[str]) -> dict[str, Any]:
    """The target with the patch applied, which may touch these of its lists; it is not changed.

    Raises InvalidRequest that points at the operation, also where a `test` fails; then nothing of
    the patch holds. Lists that become empty are left out.
    """
    found = {name: list(target[name]) for name in lists if name in target}
    for number, operation in enumerate(patch):
        _Operation(number, operation, found, lists).apply()
    rest = {key: value for key, value in target.items() if key not in lists}
    return rest | {name: items for name, items in found.items() if items}


class _Operation:
    """One operation on the lists that are there, by their names, of those that there may be."""

    def __init__(
        self,
        number: int,
        operation: Mapping[str, Any],
        found: dict[str, list[str]],
        names: Collection[str],
    ) -> None:
        self._number, self._operation = number, operation
        self._found, self._names = found, names

    def apply(self) -> None:
        kinds: Mapping[str, Callable[[], None]] = {
            "add": lambda: self._add(self._value()),
            "remove": lambda: self._remove("path"),
            "replace": lambda: self._replace(self._value()),
            "move": self._move,
            "copy": lambda: self._add(self._get("from")),
            "test": lambda: self._test(self._value()),
        }
        kind = str(self._operation.get("op"))
        if kind not in kinds:
            raise self._wrong("op", f"{kind[:40]!r} is no operation; there are: {', '.join(kinds)}")
        kinds[kind]()

    def _add(self, value: Any) -> None:
        name, item = self._where("path")
        if item is None:
            self._found[name] = self._texts(value)
            return
        items = self._items(name, "path")
        at = len(items) if item == "-" else self._index(item, len(items) + 1, "path")
        items.insert(at, self._text(value))

    def _get(self, member: str) -> Any:
        name, item = self._where(member)
        items = self._items(name, member)
        return list(items) if item is None else items[self._index(item, len(items), member)]

    def _remove(self, member: str) -> None:
        name, item = self._where(member)
        items = self._items(name, member)
        if item is None:
            del self._found[name]
        else:
            del items[self._index(item, len(items), member)]

    def _replace(self, value: Any) -> None:
        self._get("path")  # it must be there
        name, item = self._where("path")
        if item is None:
            self._found[name] = self._texts(value)
        else:
            self._found[name][int(item)] = self._text(value)

    def _move(self) -> None:
        value = self._get("from")
        self._remove("from")
        self._add(value)

    def _test(self, value: Any) -> None:
        if self._get("path") != value:
            raise self._wrong("path", "has another value")

    def _where(self, member: str) -> tuple[str, str | None]:
        """The name of a list, and the item of it that is meant, if not the list itself."""
        parts = str(self._member(member)).split("/")
        if len(parts) not in (2, 3) or parts[0] or parts[1] not in self._names:
            reason = f"names none of {', '.join(self._names)}, or an item of it"
            raise NotModifiable(InvalidParam(f"/{self._number}/{member}", reason))
        return parts[1], parts[2] if len(parts) == 3 else None

    def _items(self, name: str, member: str) -> list[str]:
        if name not in self._found:
            raise self._wrong(member, f"there is no {name}")
        return self._found[name]

    def _index(self, item: str, length: int, member: str) -> int:
        # RFC 6901 4: digits without a leading zero; nine of them are enough for any list.
        plain = item.isascii() and item.isdigit() and len(item) < 10 and str(int(item)) == item
        if not plain or int(item) >= length:
            raise self._wrong(member, "names no item that is there")
        return int(item)

    def _value(self) -> Any:
        return self._member("value")

    def _member(self, member: str) -> Any:
        if member not in self._operation:
            pointer = f"/{self._number}/{member}"
            raise InvalidRequest(InvalidParam(pointer, "is missing", missing=True))
        return self._operation[member]

    def _texts(self, value: Any) -> list[str]:
        if not isinstance(value, list):
            raise self._wrong("value", "must be a list of strings")
        return [self._text(one) for one in value]

    def _text(self, value: Any) -> str:
        if not isinstance(value, str):
            raise self._wrong("value", "must be a string, or a list of strings")
        return value

    def _wrong(self, member: str, reason: str) -> InvalidRequest:
        return InvalidRequest(InvalidParam(f"/{self._number}/{member}", reason))
