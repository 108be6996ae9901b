# SPDX-License-Identifier: BSD-3-Clause
"""D-Bus values as Python has them, to and from the forms of busctl: words of its command line and its JSON.

Where a signature wants a variant, a Python value picks its type by itself; Variant says which when that matters.
"""

from typing import Any, NamedTuple


class Variant(NamedTuple):
    signature: str
    value: Any


def split(signature):
    """The complete types of a signature: "sa{sv}u" has three."""
    types = []
    while signature:
        end = first_type_end(signature)
        types.append(signature[:end])
        signature = signature[end:]
    return types


def first_type_end(signature):
    if signature[0] == "a":
        return 1 + first_type_end(signature[1:])
    if signature[0] not in "({":
        return 1
    depth = 0
    for end, character in enumerate(signature, 1):
        depth += (character in "({") - (character in ")}")
        if depth == 0:
            return end
    raise ValueError(f"unbalanced signature {signature}")


def to_words(signature, values):
    """The arguments of `busctl call` for the values of a signature."""
    types = split(signature)
    if len(types) != len(values):
        raise ValueError(f"{len(values)} values for signature {signature}")
    return [word for kind, value in zip(types, values) for word in type_to_words(kind, value)]


def type_to_words(kind, value):
    match kind[0]:
        case "v":
            variant = value if isinstance(value, Variant) else guess(value)
            return [variant.signature, *to_words(variant.signature, [variant.value])]
        case "a":
            items = value.items() if isinstance(value, dict) else [(item,) for item in value]
            inner = kind[2:-1] if kind[1] == "{" else kind[1:]
            return [str(len(value)), *(word for item in items for word in to_words(inner, item))]
        case "(":
            return to_words(kind[1:-1], value)
        case "b":
            return ["true" if value else "false"]
        case _:
            return [str(value)]


def guess(value):
    match value:
        case bool():
            return Variant("b", value)
        case int():
            return Variant("x" if value < 1 << 63 else "t", value)
        case float():
            return Variant("d", value)
        case str():
            return Variant("s", value)
        case list():
            return Variant("as", value)
        case dict() if value and all(isinstance(item, str) for item in value.values()):
            return Variant("a{ss}", value)
        case dict() if value and all(isinstance(item, dict) for item in value.values()):
            return Variant("a{sa{sv}}", value)
        case dict():
            return Variant("a{sv}", value)
    raise TypeError(f"no D-Bus type fits {value!r}")


def from_json(kind, data):
    """A value of one complete type from busctl's JSON, with variants unpacked."""
    match kind[0]:
        case "v":
            return from_json(data["type"], data["data"])
        case "a" if kind[1] == "{":
            _, value = split(kind[2:-1])
            return {key: from_json(value, item) for key, item in data.items()}
        case "a":
            return [from_json(kind[1:], item) for item in data]
        case "(":
            return tuple(from_json(inner, item) for inner, item in zip(split(kind[1:-1]), data))
        case _:
            return data


def all_from_json(message):
    """The values of a message: {"type": signature, "data": [...]}."""
    return [from_json(kind, data) for kind, data in zip(split(message.get("type", "")), message.get("data", []))]
