"""The only caller of hooks: one typed method for each, with its policy for failures.

Every implementation is called on its own, so that a failure names its plugin. A ``SindriError`` passes through;
anything else becomes ``PluginCrashed`` with the way out. Isolated calls (detection, checks, events) report a
failure and go on; verification counts it as a refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from sindri_core.errors import (
    ConfigError,
    DeadlineExceeded,
    Interrupted,
    PluginCrashed,
    PluginError,
    PluginNotFound,
    SindriError,
)
from sindri_core.events import HookFailed
from sindri_core.guard import GuardedTarget
from sindri_core.interfaces import ClusterProvisioner, Connection, SecretSource, Target
from sindri_core.loading import advice, described
from sindri_core.oci.pinned import unusable
from sindri_core.requests import ProvisionerRequest, SecretSourceRequest
from sindri_core.types import (
    Attachment,
    Check,
    ClusterCandidate,
    Destination,
    ImageUse,
    Issue,
    LoadOutcome,
    Manifest,
    Patch,
    ResolvedImage,
    Severity,
    Verdict,
    Verification,
)

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.events import Event
    from sindri_core.loading import LoadedPlugin, Registry
    from sindri_core.requests import (
        AdjustRequest,
        BuildRequest,
        CheckRequest,
        ConnectRequest,
        DetectRequest,
        FindImagesRequest,
        InspectRequest,
        LoadRequest,
        LocateRequest,
        ReadRequest,
        ResolveRequest,
        TargetRequest,
        ValidateRequest,
        VerifyRequest,
    )

Value = TypeVar("Value")
Signed = TypeVar("Signed", ClusterCandidate, Attachment)
"""An answer that carries the id of its plugin."""


class Hooks:
    """Calls the hooks of one registry's plugins, in the order of their ids."""

    def __init__(self, registry: Registry, emit: Callable[[Event], None]) -> None:
        self.registry = registry
        self._emit = emit

    def validate_config(self, ctx: Context, request: ValidateRequest) -> list[Issue]:
        """Gather the issues of all plugins."""
        return self._gather("sindri_validate_config", Issue, ctx, request)

    def locate(self, ctx: Context, provider: str, request: LocateRequest) -> Destination:
        """Ask the provider where the environment goes."""
        return self._of(provider, "sindri_locate", Destination, ctx, request)

    def read(self, ctx: Context, provider: str, request: ReadRequest) -> Mapping[str, Any]:
        """Read one document of the destination."""
        return self._of(provider, "sindri_read", Mapping, ctx, request)  # type: ignore[type-abstract] # any mapping

    def detect_cluster(self, ctx: Context, request: DetectRequest) -> list[ClusterCandidate]:
        """Gather the opinions of all plugins; one that fails is reported and has none."""
        return self._isolated("sindri_detect_cluster", ClusterCandidate, ctx, request)

    def cluster_provisioner(self, ctx: Context, provisioner: str) -> ClusterProvisioner:
        """Return the maker of local clusters of this id. Raises ``PluginNotFound``."""
        request = ProvisionerRequest(id=provisioner)
        for plugin in self._with("sindri_cluster_provisioner"):
            answer = self._call(plugin, "sindri_cluster_provisioner", ctx, request)
            if answer is not None:
                return self._checked(plugin, _PROVISIONER, ClusterProvisioner, answer)  # type: ignore[type-abstract] # a protocol
        raise PluginNotFound(
            "SND-PLG-001",
            f"no plugin makes clusters with {provisioner}",
            hint=advice(provisioner, self.registry.versions()),
        )

    def resolve_image(self, ctx: Context, request: ResolveRequest) -> tuple[ResolvedImage | None, list[Issue]]:
        """Return the first answer, and a warning for each plugin that would have answered too."""
        first: tuple[str, ResolvedImage] | None = None
        issues: list[Issue] = []
        for plugin in self._with("sindri_resolve_image"):
            answer = self._call(plugin, "sindri_resolve_image", ctx, request)
            if answer is None:
                continue
            image = self._checked(plugin, "sindri_resolve_image", ResolvedImage, answer)
            if wrong := unusable(image):
                raise _wrong(plugin, "sindri_resolve_image", answer, "an image that can be deployed", because=wrong)
            if first is None:
                first = (plugin.info.id, image)
            else:
                issues.append(_second_resolver(first[0], plugin.info.id))
        return (first[1] if first else None), issues

    def verify_image(self, ctx: Context, request: VerifyRequest) -> list[Verification]:
        """Gather the verdicts of the verifiers that the policy names. One that fails refuses every claim.

        Settings that no verifier could use are an error of the configuration, not of the image.
        """
        verdicts: list[Verification] = []
        for plugin in self._with("sindri_verify_image"):
            if plugin.info.id not in request.policy.verifiers:
                continue
            try:
                answers = self._list(plugin, "sindri_verify_image", Verification, ctx, request)
            except (Interrupted, DeadlineExceeded, ConfigError):
                raise
            except SindriError as error:
                answers = [
                    Verification(
                        claim=claim, verdict=Verdict.REFUSED, digest=request.image.digest, reason=error.message
                    )
                    for claim in sorted(request.claims)
                ]
            source = request.policy.source
            verdicts += [replace(answer, verifier=plugin.info.id, policy=source) for answer in answers]
        return verdicts

    def inspect_image(self, ctx: Context, request: InspectRequest) -> list[Attachment]:
        """Gather what all plugins know to be attached to an image; one that fails is reported."""
        return self._isolated("sindri_inspect_image", Attachment, ctx, request)

    def load_image(self, ctx: Context, plugin_id: str, request: LoadRequest) -> LoadOutcome | None:
        """Ask the plugin that recognised the cluster; one that cannot load has nothing to say."""
        for plugin in self._with("sindri_load_image"):
            if plugin.info.id == plugin_id:
                answer = self._call(plugin, "sindri_load_image", ctx, request)
                return None if answer is None else self._checked(plugin, "sindri_load_image", LoadOutcome, answer)
        return None

    def build_manifests(self, ctx: Context, provider: str, request: BuildRequest) -> list[Manifest]:
        """Ask the provider for the objects of the environment."""
        return self._list(self._provider(provider, "sindri_build_manifests"), *_BUILD, ctx, request)

    def find_images(self, ctx: Context, provider: str, request: FindImagesRequest) -> list[ImageUse]:
        """Ask the provider for every image in the manifests."""
        return self._list(self._provider(provider, "sindri_find_images"), *_FIND, ctx, request)

    def adjust_manifests(
        self,
        ctx: Context,
        manifests: Sequence[Manifest],
        request_for: Callable[[Sequence[Manifest]], AdjustRequest],
        apply: Callable[[Sequence[Manifest], Sequence[Patch]], Sequence[Manifest]],
    ) -> tuple[Sequence[Manifest], list[Patch]]:
        """Let every plugin change the manifests in turn; return the result and who changed what."""
        patches: list[Patch] = []
        for plugin in self._with("sindri_adjust_manifests"):
            answers = self._list(plugin, "sindri_adjust_manifests", Patch, ctx, request_for(manifests))
            own = [replace(patch, plugin=plugin.info.id) for patch in answers]
            manifests = apply(manifests, own)
            patches += own
        return manifests, patches

    def open_target(self, ctx: Context, provider: str, request: TargetRequest) -> Target:
        """Ask the provider for the place where the environment lives."""
        hook = "sindri_open_target"
        target = self._of(provider, hook, Target, ctx, request)  # type: ignore[type-abstract] # a protocol
        plugin = self._provider(provider, hook)

        def tell(method: str, message: str) -> None:
            self._emit(HookFailed(plugin=provider, hook=f"Target.{method}", message=message))

        return GuardedTarget(target, provider, plugin.ref.distribution if plugin.ref else "", tell)

    def connect(self, ctx: Context, provider: str, request: ConnectRequest) -> Connection:
        """Ask the provider for a way into the environment."""
        return self._of(provider, "sindri_connect", Connection, ctx, request)  # type: ignore[type-abstract] # a protocol

    def secret_source(self, ctx: Context, source: str) -> SecretSource:
        """Return the source of this name. Raises ``PluginError`` when there is none, or more than one."""
        request, found = SecretSourceRequest(source=source), []
        for plugin in self._with("sindri_secret_source"):
            answer = self._call(plugin, "sindri_secret_source", ctx, request)
            if answer is not None:
                given = self._checked(plugin, _SECRETS, SecretSource, answer)  # type: ignore[type-abstract] # a protocol
                found.append((plugin.info.id, given))
        if len(found) == 1:
            return found[0][1]
        names = " and ".join(name for name, _ in found)
        raise PluginNotFound(
            "SND-PLG-001",
            f"the secret source {source} is claimed by {names}" if found else f"no plugin gives secrets from {source}",
            hint="leave one out with --no-plugin" if found else "sindri plugins list shows what is there",
        )

    def check(self, ctx: Context, request: CheckRequest) -> list[Check]:
        """Gather the checks of all plugins; one that fails is a failed check."""
        checks: list[Check] = []
        for plugin in self._with("sindri_check"):
            try:
                answers = self._list(plugin, "sindri_check", Check, ctx, request)
            except Interrupted:
                raise
            except SindriError as error:
                answers = [Check(title=f"checks of {plugin.info.id}", ok=False, detail=error.message, fix=error.hint)]
            checks += [replace(answer, plugin=plugin.info.id) for answer in answers]
        return checks

    def on_event(self, event: Event) -> None:
        """Tell every plugin that watches; none can break the run, or complain about its own complaint."""
        for plugin in self._with("sindri_on_event"):
            try:
                self._call(plugin, "sindri_on_event", event)
            except KeyboardInterrupt:
                raise
            except BaseException:  # noqa: BLE001, S112 - an observer has no channel to complain on
                continue

    def _with(self, hook: str) -> Iterator[LoadedPlugin]:
        return (plugin for plugin in self.registry.loaded if hook in plugin.hooks)

    def _provider(self, provider: str, hook: str) -> LoadedPlugin:
        plugin = self.registry.require(provider)
        if hook in plugin.hooks:
            return plugin
        raise PluginNotFound(
            "SND-PLG-001",
            f"the plugin {provider} is no provider: it has no {hook}",
            hint="write the id of a provider in deployment.provider; sindri plugins list shows which are there",
            plugin=provider,
            hook=hook,
        )

    def _of(self, provider: str, hook: str, kind: type[Value], *arguments: object) -> Value:
        plugin = self._provider(provider, hook)
        return self._checked(plugin, hook, kind, self._call(plugin, hook, *arguments))

    def _gather(self, hook: str, kind: type[Value], *arguments: object) -> list[Value]:
        return [answer for plugin in self._with(hook) for answer in self._list(plugin, hook, kind, *arguments)]

    def _isolated(self, hook: str, kind: type[Signed], *arguments: object) -> list[Signed]:
        """Gather the answers of all plugins, each with its name; a plugin that fails is reported and has none."""
        found: list[Signed] = []
        for plugin in self._with(hook):
            try:
                answers = self._list(plugin, hook, kind, *arguments)
            except Interrupted:
                raise
            except SindriError as error:
                self._emit(HookFailed(plugin=plugin.info.id, hook=hook, message=error.message))
                continue
            found += [replace(answer, plugin=plugin.info.id) for answer in answers]
        return found

    def _list(self, plugin: LoadedPlugin, hook: str, kind: type[Value], *arguments: object) -> list[Value]:
        answer = self._call(plugin, hook, *arguments)
        if answer is None:
            return []
        if not isinstance(answer, list | tuple):
            raise _wrong(plugin, hook, answer, f"a list of {kind.__name__}")
        return [self._checked(plugin, hook, kind, item) for item in answer]

    def _checked(self, plugin: LoadedPlugin, hook: str, kind: type[Value], answer: object) -> Value:
        if isinstance(answer, kind):
            return answer
        raise _wrong(plugin, hook, answer, kind.__name__)

    def _call(self, plugin: LoadedPlugin, hook: str, *arguments: object) -> Any:
        """Call one plugin's implementation of a hook with just the arguments that it names."""
        caller = getattr(self.registry.manager.hook, hook)
        implementation = next(impl for impl in caller.get_hookimpls() if impl.plugin is plugin.plugin)
        given = dict(zip(caller.spec.argnames, arguments, strict=True))
        try:
            return implementation.function(*(given[name] for name in implementation.argnames))
        except (SindriError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise PluginCrashed(
                "SND-PLG-004",
                f"the plugin {plugin.info.id} failed in {hook}: {described(error)}",
                hint=f"report it to its author; --no-plugin {plugin.info.id} leaves it out",
                plugin=plugin.info.id,
                distribution=plugin.ref.distribution if plugin.ref else "",
                hook=hook,
            ) from error


_PROVISIONER = "sindri_cluster_provisioner"
_SECRETS = "sindri_secret_source"
_BUILD = ("sindri_build_manifests", Manifest)
_FIND = ("sindri_find_images", ImageUse)


def _wrong(plugin: LoadedPlugin, hook: str, answer: object, expected: str, *, because: str = "") -> PluginError:
    return PluginError(
        "SND-PLG-006",
        f"the plugin {plugin.info.id} answered {hook} with {type(answer).__name__} instead of {expected}"
        + (f": {because}" if because else ""),
        hint=f"report it to its author; --no-plugin {plugin.info.id} leaves it out",
        plugin=plugin.info.id,
        distribution=plugin.ref.distribution if plugin.ref else "",
        hook=hook,
    )


def _second_resolver(first: str, second: str) -> Issue:
    return Issue(
        code="SND-PLG-007",
        severity=Severity.WARNING,
        path="deployment.image",
        message=f"{first} resolved the image; {second} would have too",
        hint=f"leave one of them out: --no-plugin {second}",
    )
