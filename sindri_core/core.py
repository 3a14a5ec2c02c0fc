"""``Core``: sindri inside another program. No globals, nothing printed, no exit; the CLI is a thin client of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Self

from sindri_core import pipeline, waiting
from sindri_core.cache import folder
from sindri_core.context import CancelToken, Context, Deadline
from sindri_core.discovery import disabled_by, find
from sindri_core.errors import ConfigError
from sindri_core.hooks import Hooks
from sindri_core.loading import Registry, load
from sindri_core.pipeline import Deployed, Policy
from sindri_core.requests import ValidateRequest
from sindri_core.types import Manifest, Plan, Removal, Severity, Status

if TYPE_CHECKING:
    from sindri_core.config.document import Document
    from sindri_core.events import Event
    from sindri_core.images import ImageReport, ImageVersions
    from sindri_core.settings import Config, TrustPolicy
    from sindri_core.types import ResolvedImage

LOOK, WORK, WATCH = 60.0, 600.0, 604800.0
"""Default deadlines in seconds: of what only looks, of what changes something and waits for it, of watching."""


class Core:
    """One configuration with one set of plugins. The constructor loads; after it all methods are thread-safe.

    ``config`` is a file, a mapping, or None for the file found in ``directory`` (default: the current one) and
    upwards. ``plugins`` is ``"auto"`` for the installed ones, or the plugin objects to use instead. ``on_event`` is
    called with every event, from whichever thread it happens in; what it raises is dropped. ``environ`` replaces
    the process environment, ``state_dir`` the user's folder for what must outlive a run. ``name``, ``context`` and
    ``namespace`` come before the configuration. ``trust`` is a trust file to use instead of the user's own;
    ``cache=False`` keeps nothing that was fetched or judged, and uses nothing that was kept.

    Raises ``ConfigError`` when the file cannot be used; plugins that cannot be loaded are in ``registry.rejected``.
    """

    def __init__(  # noqa: PLR0913 - an embedding program sets what it needs by keyword
        self,
        config: Path | str | Mapping[str, Any] | None = None,
        *,
        plugins: Literal["auto"] | Sequence[object] = "auto",
        disabled: Collection[str] = (),
        on_event: Callable[[Event], None] | None = None,
        environ: Mapping[str, str] | None = None,
        directory: Path | None = None,
        state_dir: Path | None = None,
        name: str = "",
        context: str = "",
        namespace: str = "",
        trust: Path | str | None = None,
        cache: bool = True,
        cancel: CancelToken | None = None,
    ) -> None:
        self._environ: Mapping[str, str] = MappingProxyType(dict(os.environ if environ is None else environ))
        self._on_event = on_event
        self._state_dir = state_dir
        self._selected = (name, context, namespace)
        self._trust_file = Path(trust) if trust else None
        self._cache = cache
        self._cancel = cancel or CancelToken()
        self._document = self._read(config, directory or Path.cwd())
        if self._document is not None:
            from sindri_core.config.document import disabled_plugins

            disabled = {*disabled, *disabled_plugins(self._document)}
        disabled = {*disabled, *disabled_by(self._environ)}
        found = find(self._environ) if plugins == "auto" else ()
        objects = () if plugins == "auto" else plugins
        self.registry: Registry = load(found, objects=objects, disabled=disabled, emit=self._tell)
        self._hooks = Hooks(self.registry, self._emit)
        self._config: Config | None = None
        self._looked_at: Config | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop what is still running. The object is of no use afterwards."""
        self._cancel.set()

    @property
    def config(self) -> Config:
        """The validated configuration. Raises ``ConfigError`` with every issue of every section."""
        if self._config is None:
            self._config = self._validated(self._required_document(), looking=False)
        return self._config

    def validate(self) -> Config:
        """Check the configuration, also by what only plugins know. Raises ``ConfigError``."""
        return self._checked(self._context(LOOK)).config

    def plan(
        self,
        *,
        offline: bool = False,
        adopt: Sequence[str] = (),
        force_conflicts: bool = False,
        accept_cluster: bool = False,
        timeout: float = LOOK,
    ) -> Plan:
        """Say what deploying would do. Writes nothing, anywhere; offline it uses no network either."""
        ctx = self._checked(self._context(timeout, dry_run=True, offline=offline))
        policy = _policy(adopt, force_conflicts=force_conflicts, accept_cluster=accept_cluster)
        return pipeline.plan(self._hooks, ctx, policy)

    def render(self, *, timeout: float = LOOK) -> tuple[Manifest, ...]:
        """Make the objects and compare them with nothing. Uses no network; objects of the kind Secret are left out."""
        ctx = self._checked(self._context(timeout, dry_run=True, offline=True))
        return tuple(m for m in pipeline.intend(self._hooks, ctx).manifests if m.kind != "Secret")

    def deploy(  # noqa: PLR0913 - each is a decision of the user
        self,
        *,
        plan_file: Mapping[str, object] | None = None,
        wait: bool = True,
        adopt: Sequence[str] = (),
        force_conflicts: bool = False,
        accept_cluster: bool = False,
        timeout: float = WORK,
    ) -> Deployed:
        """Make it so, and wait until the environment runs.

        ``plan_file`` is the content of a plan file as plain data: then exactly that is applied, or ``PlanStale`` is
        raised. Raises ``NotReady`` at the first cause that waiting cannot mend.
        """
        ctx = self._checked(self._context(timeout))
        policy = _policy(adopt, force_conflicts=force_conflicts, accept_cluster=accept_cluster)
        return pipeline.deploy(self._hooks, ctx, policy, plan_file=plan_file, wait=wait)

    def status(self, *, accept_cluster: bool = False, timeout: float = LOOK) -> Status:
        """Look once. Raises ``ClusterError`` when the destination cannot be reached."""
        policy = Policy(accept_cluster=accept_cluster)
        with pipeline.opened_here(self._hooks, self._context(timeout, dry_run=True), policy) as target:
            return target.observe()

    def watch(self, *, accept_cluster: bool = False, timeout: float = WATCH) -> Iterator[Status]:
        """Look again and again, and give the status now and at each change, until ``timeout`` or ``cancel``.

        A destination that goes away is a change (state unreachable); one that is away from the start raises
        ``ClusterError``.
        """
        ctx = self._context(timeout, dry_run=True)
        with pipeline.opened_here(self._hooks, ctx, Policy(accept_cluster=accept_cluster)) as target:
            yield from waiting.follow(ctx, target)

    def environments(self, *, timeout: float = LOOK) -> tuple[Status, ...]:
        """List all environments at the destination. Needs no configuration file."""
        ctx = self._context(timeout, dry_run=True, need_file=False)
        with pipeline.opened_here(self._hooks, ctx, Policy()) as target:
            return tuple(target.environments())

    def stop(self, *, wait: bool = True, accept_cluster: bool = False, timeout: float = WORK) -> Status:
        """Take the power away and keep everything else."""
        policy = Policy(accept_cluster=accept_cluster)
        return pipeline.power(self._hooks, self._context(timeout), policy, replicas=0, wait=wait)

    def start(self, *, wait: bool = True, accept_cluster: bool = False, timeout: float = WORK) -> Status:
        """Give the power back, and wait until the environment runs."""
        policy = Policy(accept_cluster=accept_cluster)
        return pipeline.power(self._hooks, self._context(timeout), policy, replicas=1, wait=wait)

    def destroy(
        self,
        *,
        delete_data: bool = False,
        dry_run: bool = False,
        accept_cluster: bool = False,
        timeout: float = WORK,
    ) -> Removal:
        """Take the environment away; its home stays unless ``delete_data``. ``dry_run`` only says what would go."""
        ctx = self._context(timeout, dry_run=dry_run)
        policy = Policy(accept_cluster=accept_cluster)
        with pipeline.opened_here(self._hooks, ctx, policy) as target:
            return target.remove(delete_data=delete_data, dry_run=dry_run)

    def resolve_image(self, reference: str = "", *, explain: bool = False, timeout: float = LOOK) -> ResolvedImage:
        """Find out which image is meant, by its digest; without a reference the one that plan would use.

        ``explain`` adds every tag that was not chosen, with the reason. Raises ``ImageError``.
        """
        ctx = self._about_images(timeout, need_file=not reference)
        from sindri_core import images

        return images.resolve(self._hooks, ctx, reference, explain=explain)

    def verify_images(
        self, references: Sequence[str] = ("",), *, policy: TrustPolicy | None = None, timeout: float = LOOK
    ) -> tuple[ImageReport, ...]:
        """Resolve images and check what the settings require of them, or what ``policy`` does.

        The empty reference is the image of the configuration. Where nothing is required a signature is. Raises
        ``ImageRefused`` for the first that is refused, ``ConfigError`` when it is not said whose signature counts.
        """
        ctx = self._about_images(timeout, need_file="" in references, remembered=False)
        from sindri_core import images

        return images.verify(self._hooks, ctx, references, policy)

    def inspect_image(self, reference: str = "", *, timeout: float = LOOK) -> ImageReport:
        """Resolve an image and list what is attached to it, unchecked."""
        from sindri_core import images

        return images.inspect(self._hooks, self._about_images(timeout, need_file=not reference), reference)

    def image_versions(self, repository: str = "", *, timeout: float = LOOK) -> ImageVersions:
        """List the tags of a repository, newest version first, and which of them the settings choose."""
        from sindri_core import images

        return images.versions(self._about_images(timeout, need_file=not repository), repository)

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of sindri.yaml with the sections of the loaded plugins."""
        from sindri_core.config.schema import json_schema

        return json_schema(self.registry.sections())

    def _emit(self, event: Event) -> None:
        """Tell the program and the plugins; none of them can break the run."""
        self._tell(event)
        self._hooks.on_event(event)

    def _tell(self, event: Event) -> None:
        if self._on_event is None:
            return
        with suppress(Exception):  # an observer is not part of the run, and has no channel to complain on
            self._on_event(event)

    def _context(
        self,
        timeout: float,
        *,
        dry_run: bool = False,
        offline: bool = False,
        need_file: bool = True,
        remembered: bool = True,
    ) -> Context:
        _, context, namespace = self._selected
        return Context(
            config=self._configured(looking=dry_run and remembered, need_file=need_file),
            emit=self._emit,
            cancel=self._cancel,
            deadline=Deadline(timeout),
            environ=self._environ,
            state_dir=self._state_dir or _state_dir(self._environ),
            cache_dir=folder(self._environ) if self._cache else None,
            context=context,
            namespace=namespace,
            dry_run=dry_run,
            offline=offline,
        )

    def _read(self, config: Path | str | Mapping[str, Any] | None, directory: Path) -> Document | None:
        from sindri_core.config.document import find_config, read_document

        source = find_config(directory) if config is None else Path(config) if isinstance(config, str) else config
        return None if source is None else read_document(source)

    def _required_document(self) -> Document:
        if self._document is None:
            raise ConfigError(
                "SND-CFG-002",
                "there is no sindri.yaml in this folder or above it",
                hint="sindri config init   writes one; --config FILE uses another",
            )
        return self._document

    def _checked(self, ctx: Context) -> Context:
        """Add the trust files, and let the plugins look at the configuration of this run.

        Errors are raised, warnings become part of it.
        """
        document = self._required_document()
        ctx = self._trusting(ctx)
        from sindri_core.images import demands

        asked = demands(ctx.config)
        request = ValidateRequest(document=deepcopy(dict(document.data)), demands=asked)
        found = self._hooks.validate_config(ctx, request)
        issues = [document.located(issue) for issue in found]
        errors = [issue for issue in issues if issue.severity is Severity.ERROR]
        if errors:
            noun = "problem" if len(errors) == 1 else "problems"
            raise ConfigError("SND-CFG-001", f"{len(errors)} {noun} in the configuration", issues=issues)
        return replace(ctx, config=replace(ctx.config, warnings=(*ctx.config.warnings, *issues)))

    def _about_images(self, timeout: float, *, need_file: bool, remembered: bool = True) -> Context:
        return self._trusting(self._context(timeout, dry_run=True, need_file=need_file, remembered=remembered))

    def _trusting(self, ctx: Context) -> Context:
        """Add the trust files that count for this run."""
        from sindri_core.config.trust_files import extended

        trust = extended(ctx.config.trust, self._environ, self._trust_file)
        return replace(ctx, config=replace(ctx.config, trust=trust))

    def _configured(self, *, looking: bool, need_file: bool) -> Config:
        """Return the configuration. A run that writes nothing and vouches for nothing may use a remembered one."""
        if self._document is None and not need_file:
            return self._default_config()
        if not looking or self._config is not None:
            return self.config
        if self._looked_at is None:
            self._looked_at = self._validated(self._required_document(), looking=True)
        return self._looked_at

    def _validated(self, document: Document, *, looking: bool) -> Config:
        from sindri_core.config.document import provider_of
        from sindri_core.config.remembered import recall, remember

        asked = (document, self.registry.sections(), self._selected[0], self._environ)
        if looking and provider_of(document) in self.registry.versions() and (config := recall(*asked)):
            return config
        from sindri_core.config.convert import to_config
        from sindri_core.config.validation import check, misnamed_provider

        providers = self.registry.providers()
        if not misnamed_provider(document, providers):
            self.registry.require(provider_of(document))
        validated, warnings = check(document, asked[1], name=asked[2], providers=providers)
        if not warnings:
            remember(*asked, validated)
        return replace(to_config(validated, document.file), warnings=warnings)

    def _default_config(self) -> Config:
        from sindri_core.config.validation import default_config

        return default_config(self.registry.sections(), name=self._selected[0])


def _policy(adopt: Sequence[str], *, force_conflicts: bool, accept_cluster: bool) -> Policy:
    """What the caller allows; a text alone names one object."""
    named = (adopt,) if isinstance(adopt, str) else tuple(adopt)
    return Policy(adopt=named, force_conflicts=force_conflicts, accept_cluster=accept_cluster)


def _state_dir(environ: Mapping[str, str]) -> Path:
    """The user's folder for state: ``SINDRI_STATE_DIR``, else XDG's, else the platform's."""
    if chosen := environ.get("SINDRI_STATE_DIR"):
        return Path(chosen)
    if chosen := environ.get("XDG_STATE_HOME"):
        return Path(chosen, "sindri")
    if home := environ.get("HOME"):
        return Path(home, ".local/state/sindri")
    from platformdirs import user_state_path

    return user_state_path("sindri", appauthor=False)
