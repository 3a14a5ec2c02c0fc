"""Suites that every plugin should pass. Inherit, name the plugin, and pytest runs them on the installed one.

    class TestAcme(PluginContract):
        plugin_id = "acme"

A provider inherits ``ProviderContract`` and gives two fixtures more: a configuration, and what is at the destination.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from sindri_core.context import Context
from sindri_core.discovery import PluginRef, find, plugins
from sindri_core.hooks import Hooks
from sindri_core.loading import ID, LoadedPlugin, Registry, load
from sindri_core.requests import DetectRequest, FindImagesRequest, ProvisionerRequest, SecretSourceRequest
from sindri_core.settings import Config, Cpus, Resources, Size
from sindri_core.types import Action, Destination, State

if TYPE_CHECKING:
    from sindri_core.core import Core

HEAVY = ("aiohttp", "asyncio", "kubernetes", "pydantic", "requests", "rich", "sigstore", "structlog", "urllib3", "yaml")
"""What a front door must not import: it is imported at every start of every command."""

PROBE = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
print(json.dumps([name for name in sys.argv[2:] if name in sys.modules]))
"""

DIGEST = "sha256:" + "5" * 64


class PluginContract:
    """What every plugin promises. ``plugin_id`` is its id, which is the name of its entry point."""

    plugin_id: ClassVar[str]

    @pytest.fixture
    def ref(self) -> PluginRef:
        """The plugin's entry point; exactly one distribution has it."""
        found = [ref for ref in plugins(find({})) if ref.id == self.plugin_id]
        assert len(found) == 1, f"entry points named {self.plugin_id} in the group sindri.plugins: {found}"
        return found[0]

    @pytest.fixture
    def registry(self, ref: PluginRef) -> Registry:
        """A registry with just this plugin."""
        registry = load([ref])
        assert not registry.rejected, registry.rejected[0].reason
        return registry

    @pytest.fixture
    def loaded(self, registry: Registry) -> LoadedPlugin:
        """The plugin as the core sees it."""
        return registry.require(self.plugin_id)

    def test_it_says_who_it_is(self, loaded: LoadedPlugin, ref: PluginRef) -> None:
        """The id is the entry point's name, the version the distribution's, and asking again gives the same."""
        assert ID.fullmatch(loaded.info.id)
        assert loaded.info.id == ref.id
        assert loaded.info.version == ref.version
        assert loaded.info.summary.strip()
        assert "\n" not in loaded.info.summary
        assert loaded.plugin.sindri_plugin_info() == loaded.info  # type: ignore[attr-defined] # it was loaded by it

    def test_its_front_door_is_light(self, ref: PluginRef) -> None:
        """Importing the module of the entry point imports nothing that makes every command slow."""
        module = ref.value.partition(":")[0]
        command = [sys.executable, "-c", PROBE, module, *HEAVY]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == [], f"imported by {module}"

    def test_its_sections_are_strict_and_have_defaults(self, loaded: LoadedPlugin) -> None:
        """Every section has a model that refuses unknown keys and can be left out of sindri.yaml."""
        for section in loaded.sections:
            module, _, name = section.model.partition(":")
            model = getattr(import_module(module), name)
            assert model.model_config.get("extra") == "forbid", f"{section.model} takes unknown keys"
            assert isinstance(model(), model)

    def test_it_leaves_alone_what_is_not_its_own(self, loaded: LoadedPlugin) -> None:
        """For clusters, destinations and secrets of others it answers None, and does not fail."""
        nowhere = Destination(provider="nobody-s-provider", context="nobody-s-context")
        asked: dict[str, object] = {
            "sindri_detect_cluster": DetectRequest(destination=nowhere),
            "sindri_cluster_provisioner": ProvisionerRequest(id="nobody-s-tool"),
            "sindri_secret_source": SecretSourceRequest(source="nobody-s-source"),
        }
        for hook in set(asked) & set(loaded.hooks):
            answer = getattr(loaded.plugin, hook)(_context(), asked[hook])
            assert not answer, f"{hook} answered {answer!r}"


class ProviderContract(PluginContract):
    """What every provider promises: plans write nothing, a second deploy writes nothing, data survives."""

    @pytest.fixture
    def configuration(self) -> dict[str, Any]:
        """Override: a whole sindri.yaml as a mapping, for an environment that does not exist yet."""
        pytest.fail(f"{type(self).__name__} needs the fixture configuration")

    @pytest.fixture
    def content(self) -> Callable[[], object]:
        """Override: a function that gives what is at the destination now, comparable with ``==``."""
        pytest.fail(f"{type(self).__name__} needs the fixture content")

    @pytest.fixture
    def environ(self) -> Mapping[str, str]:
        """Override where the provider needs environment variables."""
        return {}

    @pytest.fixture
    def core(
        self,
        sindri_core_isolated: Callable[..., Core],
        loaded: LoadedPlugin,
        configuration: dict[str, Any],
        environ: Mapping[str, str],
    ) -> Iterator[Core]:
        """A core with just this provider. What a failed test left behind is removed."""
        deployment = {"image": f"registry.example/contract@{DIGEST}"} | configuration.get("deployment", {})
        core = sindri_core_isolated(configuration | {"deployment": deployment}, loaded.plugin, environ=environ)
        yield core
        core.destroy(delete_data=True)

    def test_a_plan_creates_nothing(self, core: Core, content: Callable[[], object]) -> None:
        """The plan of a new environment names objects to create; planning and looking leave everything as it was."""
        before = content()
        planned = core.plan()
        assert {change.action for change in planned.changes.items} == {Action.CREATE}
        assert planned.changes.identity
        assert core.status().state is State.NOT_DEPLOYED
        assert content() == before

    def test_a_plan_without_network_compares_nothing(self, core: Core) -> None:
        """Offline the same objects come out, and none is claimed to be compared."""
        offline = core.plan(offline=True)
        assert offline.manifests == core.plan().manifests
        assert {change.action for change in offline.changes.items} == {Action.UNKNOWN}

    def test_every_image_is_found(self, core: Core) -> None:
        """The image that was resolved stands where ``sindri_find_images`` says, so that it can be pinned."""
        planned = core.plan(offline=True)
        text = json.dumps([manifest.body for manifest in planned.manifests])
        assert planned.image.deployed in text
        hooks = Hooks(core.registry, lambda _: None)
        uses = hooks.find_images(_context(core.config), self.plugin_id, FindImagesRequest(manifests=planned.manifests))
        assert planned.image.deployed in {use.reference for use in uses}

    def test_a_second_deploy_writes_nothing(self, core: Core, content: Callable[[], object]) -> None:
        """Deploying brings the environment up; deploying again, and planning, find nothing to do."""
        first = core.deploy()
        assert first.status.state is State.RUNNING
        assert first.applied.written
        deployed = content()
        second = core.deploy()
        assert second.applied.written == ()
        assert content() == deployed
        assert not core.plan().pending()

    def test_power_is_kept_by_a_deploy(self, core: Core) -> None:
        """Stopped stays stopped, also through a deploy, until it is started."""
        core.deploy()
        assert core.stop().state is State.STOPPED
        assert core.deploy().status.state is State.STOPPED
        assert core.start().state is State.RUNNING

    def test_it_is_listed(self, core: Core) -> None:
        """A deployed environment is among the environments of its destination."""
        core.deploy()
        assert core.config.name in {status.name for status in core.environments()}

    def test_destroy_keeps_data_unless_asked(self, core: Core, content: Callable[[], object]) -> None:
        """A dry run removes nothing; destroy keeps the home and says so; with ``delete_data`` nothing is kept."""
        core.deploy()
        deployed = content()
        assert core.destroy(dry_run=True).removed
        assert content() == deployed
        removal = core.destroy()
        assert removal.removed
        assert removal.kept
        assert core.status().state is State.NOT_DEPLOYED
        assert core.deploy().status.state is State.RUNNING
        assert core.destroy(delete_data=True).kept == ()
        assert core.destroy().removed == ()


def _context(config: Config | None = None) -> Context:
    resources = Resources(memory=Size(1 << 30), cpus=Cpus(1000))
    return Context(
        config=config
        or Config(
            name="contract",
            provider="nobody-s-provider",
            resources=resources,
            workspace_size=Size(1 << 30),
            workspace_path="/workspace",
        ),
        offline=True,
    )
