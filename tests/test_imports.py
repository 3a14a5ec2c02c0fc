"""Dependencies point one way: read from the imports themselves, also those inside functions and for types only."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = {
    "sindri_core": REPOSITORY / "sindri_core",
    "sindri_kubernetes": REPOSITORY / "plugins/kubernetes/sindri_kubernetes",
    "sindri_kind": REPOSITORY / "plugins/kind/sindri_kind",
    "sindri_k3d": REPOSITORY / "plugins/k3d/sindri_k3d",
    "sindri_image_verify": REPOSITORY / "plugins/image_verify/sindri_image_verify",
}
PLUGIN_API = {
    *("hookspecs", "types", "settings", "requests", "interfaces", "context", "errors", "events", "testing"),
    *("bounded", "child", "files", "oci"),
}
LAYERS = (
    PLUGIN_API - {"testing"},
    {"cache", "spelling"},
    {"discovery", "guard", "patching", "trust"},
    {"loading"},
    {"config", "hooks"},
    {"planfile", "resolving", "waiting"},
    {"sealing"},
    {"pipeline"},
    {"images"},
    {"core"},
    {"cli", "testing", "__main__"},
)
"""A part of the core imports its own layer and those before it; the front door ``sindri_core`` points anywhere."""


def modules(package: str) -> Iterator[tuple[str, Path]]:
    """Yield each module of a package by its dotted name."""
    root = PACKAGES[package]
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imported(name: str, path: Path) -> set[str]:
    """Name every module that a module imports; a name taken from a package counts as its submodule if it is one."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: relative import"
            source = str(node.module)
            found |= {f"{source}.{a.name}" if is_module(f"{source}.{a.name}") else source for a in node.names}
    return found


def is_module(name: str) -> bool:
    """Whether the name is a module or package of this repository."""
    package, _, rest = name.partition(".")
    if package not in PACKAGES:
        return False
    place = PACKAGES[package].joinpath(*rest.split("."))
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def layer(name: str) -> int:
    """Return the layer of a module of the core."""
    part = name.split(".")[1]
    return next(number for number, parts in enumerate(LAYERS) if part in parts)


CORE = [(name, path) for name, path in modules("sindri_core") if name != "sindri_core"]
PLUGINS = [each for package in PACKAGES if package != "sindri_core" for each in modules(package)]


@pytest.mark.parametrize(("name", "path"), CORE, ids=[name for name, _ in CORE])
def test_the_core_imports_only_what_lies_below(name: str, path: Path) -> None:
    """cli, then core, pipeline, hooks and config, down to types: never upwards."""
    below = [other for other in imported(name, path) if other.startswith("sindri_core.")]
    assert [other for other in below if layer(other) > layer(name)] == []


@pytest.mark.parametrize(("name", "path"), CORE, ids=[name for name, _ in CORE])
def test_the_core_knows_no_plugin_and_no_kubernetes(name: str, path: Path) -> None:
    """Nothing of the core imports a plugin or the Kubernetes client."""
    forbidden = {"kubernetes", *PACKAGES} - {"sindri_core"}
    assert {other.split(".")[0] for other in imported(name, path)} & forbidden == set()


@pytest.mark.parametrize(("name", "path"), PLUGINS, ids=[name for name, _ in PLUGINS])
def test_a_plugin_imports_the_plugin_api_and_itself(name: str, path: Path) -> None:
    """Plugins import the front door, the plugin API and their own modules: never each other, never the rest."""
    for other in imported(name, path):
        package, _, rest = other.partition(".")
        if package == "sindri_core":
            assert not rest or rest.split(".")[0] in PLUGIN_API, f"{name} imports {other}"
        elif package in PACKAGES:
            assert package == name.split(".", maxsplit=1)[0], f"{name} imports {other}"


def test_one_module_knows_the_kubernetes_client() -> None:
    """Only pool.py imports the client library: everything else sees plain JSON."""
    users = {name for name, path in PLUGINS if any(i.split(".")[0] == "kubernetes" for i in imported(name, path))}
    assert users == {"sindri_kubernetes.pool"}


def test_only_the_hooks_facade_calls_pluggy() -> None:
    """Loading registers, hooks.py calls, hookspecs.py declares: nobody else touches pluggy."""
    users = {name for name, path in CORE + PLUGINS if "pluggy" in {i.split(".")[0] for i in imported(name, path)}}
    assert users <= {"sindri_core.hookspecs", "sindri_core.loading", "sindri_core.hooks"}


def exporting() -> list[str]:
    """Name every module that declares what it exports."""
    return [name for name, path in [*modules("sindri_core"), *PLUGINS] if "\n__all__" in path.read_text("utf-8")]


@pytest.mark.parametrize("name", exporting())
def test_what_a_module_exports_exists(name: str) -> None:
    """``__all__`` is sorted as ruff sorts it, holds nothing twice, and every name in it can be imported."""
    module = importlib.import_module(name)
    assert len(module.__all__) == len(set(module.__all__))
    assert [missing for missing in module.__all__ if not hasattr(module, missing)] == []


def test_the_front_door_exports_all_that_it_offers() -> None:
    """``sindri_core.__all__`` is exactly the lazy names and the version; there is no second, hidden list."""
    import sindri_core

    assert set(sindri_core.__all__) == {*sindri_core._MODULE_OF, "__version__"}


@pytest.mark.parametrize("part", sorted(PLUGIN_API - {"testing"}))
def test_the_plugin_api_documents_every_public_name(part: str) -> None:
    """Each public class and function of the plugin API says what it is."""
    module = importlib.import_module(f"sindri_core.{part}")
    own = [
        v for n, v in vars(module).items() if not n.startswith("_") and getattr(v, "__module__", "") == module.__name__
    ]
    assert [v for v in own if (inspect.isclass(v) or inspect.isfunction(v)) and not v.__doc__] == []
