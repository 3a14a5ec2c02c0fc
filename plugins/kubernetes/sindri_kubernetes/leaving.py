"""Waiting until what was deleted is gone, and saying what holds what is not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sindri_core.types import Body, Kept
from sindri_kubernetes import resources
from sindri_kubernetes.manifests.names import metadata

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_kubernetes.api import Api

LONGEST = 90.0
"""Seconds to wait for what is being deleted, within the run's own deadline."""
LAST_WORDS = 3.0
"""Seconds of the deadline that are kept, to find out and say what stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """What is being deleted in one namespace, by one run."""

    api: Api
    ctx: Context
    where: str

    def path(self, kind: str, name: str) -> str:
        """Where the server keeps it."""
        return resources.path(kind, name, "" if kind == "Namespace" else self.where)

    def stuck(self, going: Mapping[tuple[str, str], Body]) -> tuple[Kept, ...]:
        """Wait until all of this is gone. What is not in time is returned with what holds it."""
        left = dict(going)

        def gone() -> bool:
            for key in list(left):
                now = self.api.get(self.path(*key))
                if now is None or metadata(now).get("uid") != metadata(going[key])["uid"]:
                    del left[key]
                else:
                    left[key] = now
            return not left

        self.until(gone)
        return tuple(self._held(kind, name, live) for (kind, name), live in left.items())

    def until(self, reached: Callable[[], bool]) -> bool:
        """Ask again and again, at most for a while, and at least once."""
        until = time.monotonic() + min(LONGEST, self.ctx.deadline.left() - LAST_WORDS)
        while not reached():
            if time.monotonic() >= until:
                return False
            self.ctx.cancel.wait(0.2)
        return True

    def _held(self, kind: str, name: str, live: Body) -> Kept:
        within = "" if kind == "Namespace" else f" -n {self.where}"
        return Kept(
            object=f"{kind}/{name}",
            reason=f"it is being deleted and still there: {self._blockers(kind, name, live)}",
            hint=f"kubectl get {kind.lower()} {name}{within} -o yaml   (then sindri destroy again)",
        )

    def _blockers(self, kind: str, name: str, live: Body) -> str:
        """Say what an object that is being deleted waits for, in the server's words."""
        conditions = (live.get("status") or {}).get("conditions") or ()
        said = [str(c.get("message")) for c in conditions if c.get("status") == "True" and c.get("message")]
        if kind == "Namespace" and said:
            return "; ".join(said)
        finalizers = ", ".join(metadata(live).get("finalizers") or ())
        text = f"it waits for {finalizers}" if finalizers else "the server does not say why"
        users = ", ".join(self._users(name)) if kind == "PersistentVolumeClaim" else ""
        return f"{text}, and {users} uses it" if users else text

    def _users(self, claim: str) -> Iterable[str]:
        """Name the pods that use a claim."""
        for pod in self.api.list(resources.path("Pod", namespace=self.where)):
            volumes = (pod.get("spec") or {}).get("volumes") or ()
            if any((volume.get("persistentVolumeClaim") or {}).get("claimName") == claim for volume in volumes):
                yield f"Pod/{metadata(pod)['name']}"
