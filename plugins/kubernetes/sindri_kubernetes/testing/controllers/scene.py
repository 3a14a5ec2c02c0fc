"""What controllers share: the store, the pace, events, and moments to come back at."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from sindri_kubernetes.testing.store import Store, monotonic, timestamp

Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things take, in seconds: to pull and start a container, to stop it, and between failed attempts."""

    start: float = 0.2
    stop: float = 0.1
    retry: float = 0.5


@dataclass(slots=True)
class Scene:
    """The state of the controllers between two looks."""

    store: Store
    pace: Pace
    now: float = 0.0
    _due: dict[tuple[str, str], float] = field(default_factory=dict)

    def begin(self) -> None:
        """Look at the clock."""
        self.now = monotonic()

    def after(self, uid: str, what: str, seconds: float) -> bool:
        """Whether so many seconds have passed since this was first asked."""
        return self._due.setdefault((uid, what), self.now + seconds) <= self.now

    def forget(self, uid: str, what: str) -> None:
        """Let the time begin anew."""
        self._due.pop((uid, what), None)

    def wait(self, longest: float) -> float:
        """Return how long nothing will happen by itself."""
        coming = [moment - self.now for moment in self._due.values() if moment > self.now]
        return max(0.01, min([longest, *coming]))

    def event(self, about: Body, kind: str, reason: str, message: str, component: str) -> None:
        """Write an event, or count it once more."""
        metadata, moment = about["metadata"], timestamp()
        place = {"namespace": metadata["namespace"]} if "namespace" in metadata else {}
        reference = {"kind": about["kind"], "name": metadata["name"], "uid": metadata["uid"]} | place
        reference |= {"apiVersion": about["apiVersion"], "resourceVersion": metadata["resourceVersion"]}
        where = metadata.get("namespace", "default")
        for found in self.store.list("Event", where):
            same = found["involvedObject"]["uid"] == metadata["uid"]
            if same and (found["reason"], found["message"]) == (reason, message):
                found |= {"count": found["count"] + 1, "lastTimestamp": moment}
                self.store.replace(found)
                return
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{metadata['name']}.{secrets.token_hex(8)}", "namespace": where},
            "involvedObject": reference,
            "reason": reason,
            "message": message,
            "source": {"component": component},
            "firstTimestamp": moment,
            "lastTimestamp": moment,
            "count": 1,
            "type": kind,
            "eventTime": None,
            "reportingComponent": component,
            "reportingInstance": "",
        }
        space = self.store.get("Namespace", "", where)
        if space is not None and not space["metadata"].get("deletionTimestamp"):
            self.store.add(body)


def owned_by(store: Store, kind: str, owner: Body) -> list[Body]:
    """Return the objects of a kind that another object controls."""
    uid = owner["metadata"]["uid"]
    found = store.list(kind, owner["metadata"].get("namespace", ""))
    return [body for body in found if any(o["uid"] == uid for o in body["metadata"].get("ownerReferences", []))]


def owner_reference(owner: Body) -> Body:
    """Write the reference that a controlled object carries."""
    metadata = owner["metadata"]
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": metadata["name"]}
    return reference | {"uid": metadata["uid"], "controller": True, "blockOwnerDeletion": True}


def set_condition(conditions: list[Body], new: Body, *, updated: bool = False) -> list[Body]:
    """Return the conditions with one of them set; its times move only as the API's rules say."""
    moment = timestamp()
    old = next((found for found in conditions if found["type"] == new["type"]), None)
    if old is not None and all(old.get(key) == value for key, value in new.items()):
        return conditions
    changed = old is None or old["status"] != new["status"]
    written = new | {"lastTransitionTime": moment if changed or old is None else old["lastTransitionTime"]}
    if updated:
        written["lastUpdateTime"] = moment
    return [written if found is old else found for found in conditions] + ([written] if old is None else [])


def template_hash(template: Body) -> str:
    """Name a pod template. The real server's hash is another function with the same alphabet."""
    letters = "bcdfghjklmnpqrstvwxz2456789"
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    return "".join(letters[byte % len(letters)] for byte in digest[:10])


def is_ready(pod: Body) -> bool:
    """Whether a pod's condition Ready is true."""
    conditions = pod.get("status", {}).get("conditions", [])
    return any(found["type"] == "Ready" and found["status"] == "True" for found in conditions)
