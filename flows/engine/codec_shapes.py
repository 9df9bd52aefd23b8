"""How a dataclass's type hints become a pair of functions: value to JSON, JSON to value."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

T = TypeVar("T")

_MAX_DEPTH = 64

Dump = Callable[[Any], Any]
Load = Callable[[object, str], Any]


class CorruptState(Exception):
    """A stored value cannot be read back: the event is set aside and alarmed (never raised by `advance`)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """Both directions for one type. `load` raises only `CorruptState`."""

    dump: Callable[[T], dict[str, object]]
    load: Callable[[object, str], T]


def codec_of(cls: type[T], *, skip: tuple[str, ...] = ()) -> Codec[T]:
    """The codec of one dataclass; fields in `skip` are neither written nor read."""
    dump, load = _dataclass_shape(cls, skip)
    return Codec(dump, load)


def tagged_codec_of(classes: Sequence[type[T]]) -> Codec[T]:
    """The codec of a family of dataclasses, told apart by `type`: the class's name in snake case."""
    shapes = {_tag(cls): _dataclass_shape(cls, ()) for cls in classes}
    tags = {cls: _tag(cls) for cls in classes}

    def dump(value: T) -> dict[str, object]:
        tag = tags[type(value)]
        return {"type": tag, **shapes[tag][0](value)}

    def load(data: object, path: str) -> T:
        if not isinstance(data, Mapping):
            raise CorruptState(f"{path}: not an object")
        tag = data.get("type")
        if not isinstance(tag, str) or tag not in shapes:
            raise CorruptState(f"{path}: unknown type")
        return cast(T, shapes[tag][1]({key: value for key, value in data.items() if key != "type"}, path))

    return Codec(dump, load)


def _tag(cls: type) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in cls.__name__).lstrip("_")


def _dataclass_shape(cls: type[Any], skip: tuple[str, ...]) -> tuple[Dump, Load]:
    hints = typing.get_type_hints(cls)
    fields = [field for field in dataclasses.fields(cls) if field.name not in skip]
    shapes = {field.name: _shape(hints[field.name]) for field in fields}
    dumps = [(name, shape[0]) for name, shape in shapes.items()]
    loads = {name: shape[1] for name, shape in shapes.items()}
    required = frozenset(
        field.name
        for field in fields
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    )

    def dump(value: object) -> dict[str, object]:
        return {name: shape(getattr(value, name)) for name, shape in dumps}

    def load(data: object, path: str) -> Any:
        if not isinstance(data, Mapping):
            raise CorruptState(f"{path}: not an object")
        values: dict[str, Any] = {}
        for name, value in data.items():
            shape = loads.get(name) if isinstance(name, str) else None
            if shape is None:
                raise CorruptState(f"{path}: unknown field")
            values[name] = shape(value, f"{path}.{name}")
        if not required <= values.keys():
            raise CorruptState(f"{path}: a field is missing")
        return cls(**values)

    return dump, load


def _shape(hint: Any) -> tuple[Dump, Load]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _optional(hint, arguments)
    if origin is tuple:
        return _list(arguments[0])
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(*arguments)
    if hint is object:
        return _dump_json, _load_json
    if dataclasses.is_dataclass(hint):
        return _dataclass_shape(cast(type, hint), ())
    if hint is datetime:
        return datetime.isoformat, _load_datetime
    if hint is UUID:
        return str, _load_uuid
    if issubclass(hint, StrEnum):
        return str, _enum(hint)
    return _scalar(hint)


def _optional(hint: Any, arguments: tuple[Any, ...]) -> tuple[Dump, Load]:
    inner = [argument for argument in arguments if argument is not types.NoneType]
    if len(inner) != 1:
        raise TypeError(f"no codec for {hint}")
    dump_inner, load_inner = _shape(inner[0])
    return (
        lambda value: None if value is None else dump_inner(value),
        lambda data, path: None if data is None else load_inner(data, path),
    )


def _list(hint: Any) -> tuple[Dump, Load]:
    dump_item, load_item = _shape(hint)

    def load(data: object, path: str) -> tuple[Any, ...]:
        if not isinstance(data, list | tuple):
            raise CorruptState(f"{path}: not a list")
        return tuple(load_item(item, path) for item in data)

    return lambda value: [dump_item(item) for item in value], load


def _mapping(key_hint: Any, value_hint: Any) -> tuple[Dump, Load]:
    dump_value, load_value = _shape(value_hint)
    load_key = _load_number_key if key_hint is int else _load_key

    def load(data: object, path: str) -> dict[Any, Any]:
        if not isinstance(data, Mapping):
            raise CorruptState(f"{path}: not an object")
        return {load_key(key, path): load_value(value, path) for key, value in data.items()}

    return lambda value: {str(key): dump_value(item) for key, item in value.items()}, load


def _load_key(key: object, path: str) -> str:
    if not isinstance(key, str):
        raise CorruptState(f"{path}: a key is no text")
    return key


def _load_number_key(key: object, path: str) -> int:
    if not isinstance(key, str) or not key.isascii() or not key.isdecimal() or len(key) > 18:
        raise CorruptState(f"{path}: a key is no number")
    return int(key)


def _scalar(hint: type) -> tuple[Dump, Load]:
    accepted: tuple[type, ...] = (int, float) if hint is float else (hint,)
    if hint not in (str, int, float, bool):
        raise TypeError(f"no codec for {hint}")

    def load(data: object, path: str) -> Any:
        if not isinstance(data, accepted) or (isinstance(data, bool) and hint is not bool):
            raise CorruptState(f"{path}: not a {hint.__name__}")
        if isinstance(data, float) and not math.isfinite(data):
            raise CorruptState(f"{path}: not a finite number")
        return data

    return lambda value: value, load


def _enum(hint: type[StrEnum]) -> Load:
    members = {str(member): member for member in hint}

    def load(data: object, path: str) -> StrEnum:
        member = members.get(data) if isinstance(data, str) else None
        if member is None:
            raise CorruptState(f"{path}: not one of its values")
        return member

    return load


def _load_datetime(data: object, path: str) -> datetime:
    if not isinstance(data, str):
        raise CorruptState(f"{path}: not a time")
    try:
        value = datetime.fromisoformat(data)
    except ValueError as error:
        raise CorruptState(f"{path}: not a time") from error
    if value.utcoffset() is None:
        raise CorruptState(f"{path}: a time without its zone")
    return value


def _load_uuid(data: object, path: str) -> UUID:
    if not isinstance(data, str):
        raise CorruptState(f"{path}: not an id")
    try:
        return UUID(data)
    except ValueError as error:
        raise CorruptState(f"{path}: not an id") from error


def _dump_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _dump_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_dump_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def _load_json(data: object, path: str, depth: int = 0) -> Any:
    if depth > _MAX_DEPTH:
        raise CorruptState(f"{path}: nested too deeply")
    if isinstance(data, Mapping):
        return {_load_key(key, path): _load_json(value, path, depth + 1) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_load_json(item, path, depth + 1) for item in data]
    if isinstance(data, float) and not math.isfinite(data):
        raise CorruptState(f"{path}: not a finite number")
    if data is None or isinstance(data, str | int | float | bool):
        return data
    raise CorruptState(f"{path}: not JSON")
