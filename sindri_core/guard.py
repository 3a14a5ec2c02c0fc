"""A plugin's ``Target`` as the core uses it: what it raises names its plugin, what it answers is what was promised."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from sindri_core.errors import PluginCrashed, PluginError, SindriError
from sindri_core.types import Applied, Changes, Manifest, Removal, Status

if TYPE_CHECKING:
    from sindri_core.interfaces import Target

Value = TypeVar("Value")


class GuardedTarget:
    """Implements ``sindri_core.interfaces.Target`` around a plugin's own."""

    def __init__(self, target: Target, plugin: str, distribution: str, tell: Callable[[str, str], None]) -> None:
        self._target = target
        self._plugin = plugin
        self._distribution = distribution
        self._tell = tell

    def diff(self, manifests: Sequence[Manifest]) -> Changes:
        """Compare, and insist on ``Changes``."""
        with self._guarded("diff"):
            answer = self._target.diff(manifests)
        return self._checked("diff", Changes, answer)

    def apply(self, manifests: Sequence[Manifest], changes: Changes) -> Applied:
        """Carry out the changes, and insist on ``Applied``."""
        with self._guarded("apply"):
            answer = self._target.apply(manifests, changes)
        return self._checked("apply", Applied, answer)

    def observe(self) -> Status:
        """Look, and insist on a ``Status``."""
        with self._guarded("observe"):
            answer = self._target.observe()
        return self._checked("observe", Status, answer)

    def await_change(self, seconds: float) -> None:
        """Wait."""
        with self._guarded("await_change"):
            self._target.await_change(seconds)

    def scale(self, replicas: int) -> bool:
        """Set the power."""
        with self._guarded("scale"):
            answer = self._target.scale(replicas)
        return self._checked("scale", bool, answer)

    def remove(self, *, delete_data: bool, dry_run: bool) -> Removal:
        """Take away, and insist on a ``Removal``."""
        with self._guarded("remove"):
            answer = self._target.remove(delete_data=delete_data, dry_run=dry_run)
        return self._checked("remove", Removal, answer)

    def environments(self) -> Sequence[Status]:
        """List, and insist on each being a ``Status``."""
        with self._guarded("environments"):
            answer = self._target.environments()
        listed = self._checked("environments", Sequence, answer)  # type: ignore[type-abstract] # any sequence
        return tuple(self._checked("environments", Status, one) for one in listed)

    def close(self) -> None:
        """Let go. It must not raise; if it does, that is told and hides nothing else."""
        try:
            with self._guarded("close"):
                self._target.close()
        except SindriError as error:
            self._tell("close", error.message)

    @contextmanager
    def _guarded(self, method: str) -> Iterator[None]:
        try:
            yield
        except (SindriError, KeyboardInterrupt):
            raise
        except BaseException as error:
            said = str(error).strip().partition("\n")[0]
            raise PluginCrashed(
                "SND-PLG-004",
                f"the plugin {self._plugin} failed in Target.{method}: {type(error).__name__}"
                + (f": {said}" if said else ""),
                hint=f"report it to its author; --no-plugin {self._plugin} leaves it out",
                plugin=self._plugin,
                distribution=self._distribution,
                hook="sindri_open_target",
            ) from error

    def _checked(self, method: str, kind: type[Value], answer: object) -> Value:
        if isinstance(answer, kind):
            return answer
        raise PluginError(
            "SND-PLG-006",
            f"the plugin {self._plugin} answered Target.{method} with {type(answer).__name__} "
            f"instead of {kind.__name__}",
            hint=f"report it to its author; --no-plugin {self._plugin} leaves it out",
            plugin=self._plugin,
            distribution=self._distribution,
            hook="sindri_open_target",
        )
