"""One environment on the real API server, as the tests of its life use it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sindri_core.core import Core
from sindri_core.events import Event, RequestSent
from sindri_core.types import Action, Plan

WRITES = {"POST", "PUT", "PATCH", "DELETE"}
IMAGE = "sindri@sha256:" + "5" * 64
"""An image that need not be looked up: its digest says which it is."""
QUESTIONS = ("selfsubjectaccessreviews", "selfsubjectreviews")


@dataclass
class Environment:
    """A configuration, a kubeconfig, and what kubectl says about the result."""

    namespace: str
    kubectl: Callable[..., str]
    kubeconfig: Path
    state: Path
    name: str = "dev"
    deployment: dict[str, Any] = field(default_factory=dict)
    kubernetes: dict[str, Any] = field(default_factory=dict)

    def core(self, on_event: Callable[[Event], None] | None = None, **deployment: Any) -> Core:
        """Make a core; keywords change ``deployment`` in the configuration."""
        config = {
            "name": self.name,
            "deployment": {"provider": "kubernetes", "image": IMAGE, **self.deployment, **deployment},
            "providers": {"kubernetes": {"namespace": self.namespace, **self.kubernetes}},
        }
        environ = {**os.environ, "KUBECONFIG": str(self.kubeconfig)}
        return Core(config, environ=environ, state_dir=self.state, on_event=on_event)

    def get(self, kind: str, name: str = "") -> dict[str, Any]:
        """Read an object with kubectl, managed fields included."""
        text = self.kubectl("get", kind, name or self.name, "-n", self.namespace, "-o", "json", "--show-managed-fields")
        found: dict[str, Any] = json.loads(text)
        return found

    def versions(self) -> dict[str, str]:
        """Return the resourceVersion of each of our objects, leaving out what controllers write."""
        kinds = {"pvc": f"{self.name}-home-pvc", "svc": self.name, "sa": self.name, "cm": f"sindri-{self.name}"}
        found = {kind: str(self.get(kind, name)["metadata"]["resourceVersion"]) for kind, name in kinds.items()}
        return found | {"generation": str(self.get("deploy")["metadata"]["generation"])}


def actions(plan: Plan) -> dict[str, Action]:
    """Return what the plan does with each object."""
    return {f"{change.kind}/{change.name}": change.action for change in plan.changes.items}


def changing(plan: Plan) -> list[str]:
    """Return the fields that the plan changes."""
    return [f.path for change in plan.changes.items if change.action is Action.CHANGE for f in change.fields]


@dataclass
class Requests:
    """Collects the requests of a run."""

    sent: list[RequestSent] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        if isinstance(event, RequestSent):
            self.sent.append(event)
