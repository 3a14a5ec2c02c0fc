"""What an API server said about one environment, kept as JSON and answered again as it would.

Run as a program it records a live environment with kubectl: ``python recording.py NAMESPACE NAME > recorded/CASE.json``
"""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from sindri_core.errors import Forbidden
from sindri_kubernetes import resources, snapshot
from sindri_kubernetes.manifests.names import label
from sindri_kubernetes.pods import part

if TYPE_CHECKING:
    from sindri_kubernetes.snapshot import Snapshot

Thing: TypeAlias = dict[str, Any]
Things: TypeAlias = list[Thing]
EVENTS = 3
FOLDER = Path(__file__).parent / "recorded"
IN_NAMESPACE = "deployment,replicaset,pod,persistentvolumeclaim,configmap,serviceaccount,resourcequota,limitrange,event"
NODE = ("nodeInfo", "addresses", "conditions", "daemonEndpoints")
IN_CLUSTER = "node,storageclass,persistentvolume"


class Recording:
    """An API server at the moment of the recording. Tests change ``objects`` to tell what nearly happened."""

    def __init__(self, document: Thing) -> None:
        self.namespace: str = document["namespace"]
        self.name: str = document["name"]
        self.taken_at = datetime.fromisoformat(document["taken_at"])
        self.objects: Things = copy.deepcopy(document["objects"])
        self.forbidden: set[str] = set()

    def now(self) -> datetime:
        """Return the moment of the recording."""
        return self.taken_at

    def get(self, path: str) -> Thing | None:
        """Return the object at a path."""
        self._check(path)
        return next((copy.deepcopy(found) for found in self.objects if _path(found) == path), None)

    def list(self, path: str, *, labels: str = "", fields: str = "", limit: int = 0) -> Things:
        """Return the objects of a collection; those of a list do not say their kind, as on a real server."""
        self._check(path)
        wanted = [pair.split("=") for pair in labels.split(",") if pair]
        found = [body for body in self.objects if _path(body).rpartition("/")[0] == path]
        found = [body for body in found if all(label(body, key) == value for key, value in wanted)]
        if fields:
            uid = fields.partition("=")[2]
            found = [body for body in found if body["involvedObject"].get("uid") == uid]
        bare = [{key: value for key, value in body.items() if key not in {"kind", "apiVersion"}} for body in found]
        return copy.deepcopy(bare[: limit or None])

    def _check(self, path: str) -> None:
        if forbidden := self.forbidden.intersection(path.split("/")):
            raise Forbidden("SND-K8S-004", f"the user tenant may not read {forbidden.pop()}")

    def of(self, kind: str, name: str = "") -> Thing:
        """Return the recorded object of a kind, to be changed."""
        return next(b for b in self.objects if b["kind"] == kind and name in {"", b["metadata"]["name"]})

    def every(self, kind: str) -> Things:
        """Return all recorded objects of a kind, to be changed."""
        return [body for body in self.objects if body["kind"] == kind]

    def remove(self, kind: str) -> Recording:
        """Leave out what is of a kind."""
        self.objects = [body for body in self.objects if body["kind"] != kind]
        return self

    def later(self, seconds: float) -> Recording:
        """Look so many seconds later."""
        self.taken_at += timedelta(seconds=seconds)
        return self

    def saying(self, message: str) -> Recording:
        """Put another sentence where this one tells its trouble: in the failed condition, or the waiting container."""
        for body in (*self.every("ReplicaSet"), *self.every("Pod")):
            for condition in body["status"].get("conditions") or ():
                if condition["type"] in {"ReplicaFailure", "PodScheduled"} and "message" in condition:
                    condition["message"] = message
            for container in body["status"].get("containerStatuses") or ():
                if "waiting" in container["state"]:
                    container["state"]["waiting"]["message"] = message
        return self.remove("Event")

    def snapshot(self) -> Snapshot:
        """Look at it as the provider does."""
        return snapshot.take(cast("Any", self), self.namespace, self.name)


def recorded(case: str) -> Recording:
    """Open a recording."""
    return Recording(json.loads((FOLDER / f"{case}.json").read_text(encoding="utf-8")))


def cases() -> tuple[str, ...]:
    """Name all recordings."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.json")))


def _path(body: Thing) -> str:
    metadata = body["metadata"]
    return resources.path(body["kind"], metadata["name"], metadata.get("namespace", ""))


def _kubectl(*arguments: str) -> Thing:
    command = ["kubectl", *arguments, "-o", "json"]
    done = subprocess.run(command, check=True, capture_output=True)
    answer: Thing = json.loads(done.stdout)
    return answer


def _pruned(objects: Things) -> Things:
    """Keep the last events about each object; the others say the same."""
    events = sorted((b for b in objects if b["kind"] == "Event"), key=lambda b: str(b["lastTimestamp"]), reverse=True)
    said: dict[str, int] = {}
    kept = []
    for event in events:
        uid = event["involvedObject"]["uid"]
        said[uid] = said.get(uid, 0) + 1
        kept += [event] if said[uid] <= EVENTS else []
    return [body for body in objects if body["kind"] != "Event" or body in kept]


def record(namespace: str, name: str) -> Thing:
    """Read a live environment; what does not matter here, as managed fields, is left out."""
    kept = _kubectl("get", IN_NAMESPACE, "-n", namespace)["items"]
    spaceless = [_kubectl("get", "namespace", namespace), *_kubectl("get", IN_CLUSTER)["items"]]
    foreign = {"kube-root-ca.crt", "default"}
    objects = [body for body in (*spaceless, *kept) if body["metadata"]["name"] not in foreign]
    objects = _pruned(
        [body for body in objects if part(body, "spec", "claimRef").get("namespace") in {None, namespace}]
    )
    for body in objects:
        for key in ("managedFields", "resourceVersion", "generateName"):
            body["metadata"].pop(key, None)
        for key in NODE if body["kind"] == "Node" else ():
            body["status"].pop(key, None)
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    return {"namespace": namespace, "name": name, "taken_at": moment, "objects": objects}


if __name__ == "__main__":
    document = record(sys.argv[1], sys.argv[2])
    lines = ",\n".join(json.dumps(body, ensure_ascii=False) for body in document.pop("objects"))
    sys.stdout.write(f'{json.dumps(document)[:-1]}, "objects": [\n{lines}\n]}}\n')
