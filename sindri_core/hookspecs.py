"""The hooks: what a plugin can do. One method each, ``(self, ctx, request)``; ``None`` always means "not mine".

Inherit ``HookSpecs`` and mark what you implement with ``hookimpl``: mypy then checks your signatures. Each
docstring says when the core calls the hook and what happens when it fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sindri_core.context import Context
    from sindri_core.events import Event
    from sindri_core.interfaces import ClusterProvisioner, Connection, SecretSource, Target
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
        ProvisionerRequest,
        ReadRequest,
        ResolveRequest,
        SecretSourceRequest,
        TargetRequest,
        ValidateRequest,
        VerifyRequest,
    )
    from sindri_core.types import (
        Attachment,
        Body,
        Check,
        ClusterCandidate,
        ConfigSection,
        Destination,
        ImageUse,
        Issue,
        LoadOutcome,
        Manifest,
        Patch,
        PluginInfo,
        ResolvedImage,
        Verification,
    )

PROJECT = "sindri"
PLUGIN_API = (1, 0)
"""The version of these hooks: the major changes when a plugin must change, the minor when hooks are added."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class HookSpecs:
    """All hooks of the plugin API."""

    @hookspec
    def sindri_plugin_info(self) -> PluginInfo | None:
        """Say who the plugin is.

        Called once, when the plugin is loaded. Must be pure and quick. Every plugin implements it; without an
        answer, or with an ``id`` other than its entry point's name, the plugin is rejected.
        """

    @hookspec
    def sindri_config_sections(self) -> Sequence[ConfigSection] | None:
        """Name the parts of sindri.yaml that the plugin owns, and the models that validate them.

        Called once, when the plugin is loaded; imports nothing. A path that another plugin owns rejects the later one.
        """

    @hookspec
    def sindri_validate_config(self, ctx: Context, request: ValidateRequest) -> Sequence[Issue] | None:
        """Find problems that a schema cannot express.

        Called on every plugin once the models accepted the file. Must not use the network. All issues of all
        plugins are gathered into one report; an exception fails the run.
        """

    @hookspec
    def sindri_locate(self, ctx: Context, request: LocateRequest) -> Destination | None:
        """Resolve where the environment goes: context, namespace, server.

        Called on the chosen provider, first of all, and only once: everything after works with the answer. Offline
        it must not use the network. An exception fails the run.
        """

    @hookspec
    def sindri_read(self, ctx: Context, request: ReadRequest) -> Body | None:
        """Read one document of the destination by its path, for the detection hooks of other plugins.

        Called on the chosen provider. Must not write. Raises ``ClusterError`` when there is no answer.
        """

    @hookspec
    def sindri_detect_cluster(self, ctx: Context, request: DetectRequest) -> Sequence[ClusterCandidate] | None:
        """Say what kind of cluster the destination is, and how you know.

        Called on every plugin before anything is resolved; may ask the API (``request.api``), must not write.
        Return one candidate per cluster you recognise, with its evidence and a rank (100: the API said so; 50: a
        name matched; 10: a guess), or None. The highest rank wins, then the kind's name. An exception is reported
        as an event and the others count.
        """

    @hookspec
    def sindri_cluster_provisioner(self, ctx: Context, request: ProvisionerRequest) -> ClusterProvisioner | None:
        """Hand out the maker of local clusters.

        Called when somebody works with local clusters, by id; an exception fails the command.
        """

    @hookspec
    def sindri_resolve_image(self, ctx: Context, request: ResolveRequest) -> ResolvedImage | None:
        """Turn the image settings into one image that can no longer change.

        Called in plugin order until one answers; the built-in resolvers come last. May be called for several images
        at once, from several threads. An exception fails the run.
        """

    @hookspec
    def sindri_verify_image(self, ctx: Context, request: VerifyRequest) -> Sequence[Verification] | None:
        """Check the claims that one policy requires of exactly this digest.

        Called once for each policy, on every plugin that it names; may be called for several images at once, from
        several threads. Each required claim needs an accept; an exception, no answer or an answer about another
        digest counts as refused. ``ConfigError`` says that the settings are at fault, which ends the run.
        """

    @hookspec
    def sindri_inspect_image(self, ctx: Context, request: InspectRequest) -> Sequence[Attachment] | None:
        """List what is attached to an image, as it describes itself.

        Called on every plugin for ``sindri image inspect``; must check nothing and call nothing trustworthy. An
        exception is reported as an event and the others count.
        """

    @hookspec
    def sindri_load_image(self, ctx: Context, request: LoadRequest) -> LoadOutcome | None:
        """Bring the image to the nodes of a local cluster.

        Called during deploy on the plugin that recognised the cluster, never by a plan. An exception fails the run.
        """

    @hookspec
    def sindri_build_manifests(self, ctx: Context, request: BuildRequest) -> Sequence[Manifest] | None:
        """Make the objects of the environment, as plain data in the order in which they are applied.

        Called on the chosen provider. Must be a pure function of its arguments. An exception fails the run.
        """

    @hookspec
    def sindri_find_images(self, ctx: Context, request: FindImagesRequest) -> Sequence[ImageUse] | None:
        """List every image reference in the final manifests, so that each can be resolved, verified and pinned.

        Called on the chosen provider after all plugins adjusted. Leaving one out lets an unverified image run: include
        init containers and whatever else can start a program. An exception fails the run.
        """

    @hookspec
    def sindri_adjust_manifests(self, ctx: Context, request: AdjustRequest) -> Sequence[Patch] | None:
        """Change the provider's manifests by explicit patches.

        Called on every plugin in id order; each sees the result of those before. The plan shows who changed what. An
        exception, or a patch that does not apply, fails the run.
        """

    @hookspec
    def sindri_open_target(self, ctx: Context, request: TargetRequest) -> Target | None:
        """Open the place where the environment lives.

        Called on the chosen provider; the core closes the target. An exception fails the run.
        """

    @hookspec
    def sindri_connect(self, ctx: Context, request: ConnectRequest) -> Connection | None:
        """Open a connection into the running environment.

        Called on the chosen provider; the core closes the connection. An exception fails the command.
        """

    @hookspec
    def sindri_secret_source(self, ctx: Context, request: SecretSourceRequest) -> SecretSource | None:
        """Hand out the source of secrets of this name.

        Called for each ``source:`` of the configuration; two plugins with the same name are an error.
        """

    @hookspec
    def sindri_check(self, ctx: Context, request: CheckRequest) -> Sequence[Check] | None:
        """Check what the plugin needs: tools, services, permissions.

        Called on every plugin; an exception is shown as a failed check.
        """

    @hookspec
    def sindri_on_event(self, event: Event) -> None:
        """Watch the run.

        Called on every plugin for every event; an exception is dropped. Must not block.
        """
