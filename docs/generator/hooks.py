"""The plugin API: the hooks with their exact arguments, what they are asked, and what they hand out."""

from __future__ import annotations

import dataclasses
import enum
import inspect
from typing import TYPE_CHECKING, Any

from generator import markdown
from sindri_core import context, events, hookspecs, interfaces, requests, settings, types

if TYPE_CHECKING:
    from types import ModuleType

INTRODUCTION = """
A plugin is a class that inherits `HookSpecs` and marks what it implements with `hookimpl`. [Writing a
plugin](../plugins.md) shows one from the first line to its test. `None` always means "not mine". Every request and
value is frozen; fields may be added with defaults within a major version of the API, none goes.
"""


def pages() -> dict[str, str]:
    """Make the page."""
    version = ".".join(map(str, hookspecs.PLUGIN_API))
    values = [_value(each) for module in (types, settings) for each in _classes(module)]
    text = markdown.page(
        f"Plugin API {version}",
        INTRODUCTION,
        "## Hooks",
        *[_method(hook, f"### {name}") for name, hook in _methods(hookspecs.HookSpecs)],
        "## The run context",
        *[_value(each) for each in _classes(context)],
        "## Requests",
        *[_value(each) for each in _classes(requests)],
        "## Interfaces",
        *[_interface(each) for each in _classes(interfaces)],
        "## Values",
        *values,
        "## Events",
        *[_value(each) for each in _classes(events)],
    )
    return {"reference/plugin-api.md": text}


def _classes(module: ModuleType) -> list[type[Any]]:
    """List the public classes that the module defines, in its own order."""
    return [
        value
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__ == module.__name__ and not name.startswith("_")
    ]


def _methods(cls: type[Any]) -> list[tuple[str, Any]]:
    return [
        (name, value) for name, value in vars(cls).items() if inspect.isfunction(value) and not name.startswith("_")
    ]


def _signature(method: Any) -> str:
    """Write the arguments as the source has them: the annotations are text there."""
    text = str(inspect.signature(method))
    return text.replace("'", "")


def _method(method: Any, title: str) -> str:
    call = markdown.block(f"def {method.__name__}{_signature(method)}", "python")
    return f"{title}\n\n{call}\n\n{markdown.prose(method.__doc__)}"


def _interface(cls: type[Any]) -> str:
    rows = [
        (markdown.code(f"{name}{_signature(method)}"), markdown.prose(method.__doc__).replace("\n\n", " "))
        for name, method in _methods(cls)
    ]
    return f"### {cls.__name__}\n\n{markdown.prose(cls.__doc__)}\n\n{markdown.table(('Method', 'What it does'), rows)}"


def _value(cls: type[Any]) -> str:
    """Describe an enumeration by its words, a dataclass by its fields, anything else by its methods."""
    about = f"### {cls.__name__}\n\n{markdown.prose(cls.__doc__)}"
    if issubclass(cls, enum.Enum):
        return f"{about}\n\n" + ", ".join(markdown.code(member.value) for member in cls)
    if not dataclasses.is_dataclass(cls):
        return _interface(cls)
    rows = [(markdown.code(f.name), markdown.code(f.type), _default(f)) for f in dataclasses.fields(cls)]
    return f"{about}\n\n{markdown.table(('Field', 'Type', 'Default'), rows)}" if rows else about


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default_factory is not dataclasses.MISSING:
        name = field.default_factory.__name__
        return "" if name == "<lambda>" else markdown.code(f"{name}()")
    if field.default is dataclasses.MISSING:
        return "required"
    if isinstance(field.default, enum.Enum):
        return markdown.code(f"{type(field.default).__name__}.{field.default.name}")
    name = getattr(field.default, "__name__", "")
    return "" if name else markdown.code(repr(field.default))
