"""A conversation with an API server, written down so that it can be compared with another one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sindri_core.context import CancelToken, Deadline
from sindri_kubernetes import kubeconfig, resources
from sindri_kubernetes.transport import Transport

SECONDS = 60.0
APPLY = "application/apply-patch+yaml"

MASKS = (
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<uid>"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "<time>"),
    (re.compile(r"\bweb-[a-z0-9]{8,10}-[a-z0-9]{5}\b"), "web-<hash>-<id>"),
    (re.compile(r"\bweb-[a-z0-9]{8,10}\b"), "web-<hash>"),
    (re.compile(r"\b10\.\d+\.\d+\.\d+\b"), "<ip>"),
    (re.compile(r"\bnode-\d\b"), "<node>"),
    (re.compile(r"\n@@ .*", re.DOTALL), ""),  # the server shows its Go structure as a diff
)
DROPPED = {"resourceVersion", "managedFields", "pod-template-hash"}
UNSEEN = re.compile(
    r"^(volume\.kubernetes\.io/storage-provisioner|kwok\.x-k8s\.io|volume\.beta\.|kubernetes\.io/description)"
)


class Session:
    """One conversation: ``do`` sends a request and writes the answer down, ``until`` waits without a word."""

    def __init__(self, config: Path, namespace: str) -> None:
        access = kubeconfig.resolve({"KUBECONFIG": str(config)})
        self.namespace = namespace
        self.transcript: list[dict[str, Any]] = []
        self._transport = Transport(
            access, deadline=Deadline(SECONDS), cancel=CancelToken(), emit=lambda _: None, user_agent="contract"
        )

    def close(self) -> None:
        """Delete the namespace, whatever became of it, and close the connection."""
        self.send("DELETE", resources.path("Namespace", self.namespace))
        self._transport.close()

    def path(self, kind: str, name: str = "") -> str:
        """Return an address in the namespace of this conversation."""
        return resources.path(kind, name, self.namespace)

    def body(self, kind: str, name: str, **rest: Any) -> dict[str, Any]:
        """Write an object."""
        return {"apiVersion": resources.api_version(kind), "kind": kind, "metadata": {"name": name}, **rest}

    def send(
        self, method: str, path: str, body: Any = None, *, content_type: str = "application/json", **query: str
    ) -> tuple[int, dict[str, Any], list[str]]:
        """Send a request and return status, answer and warnings."""
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Content-Type": content_type} if content is not None else {}
        url = f"{path}?{urlencode(query)}" if query else path
        status, answer, answered = self._transport.send(method, url, body=content, headers=headers)
        warnings = getattr(answered, "getlist")("Warning")  # noqa: B009 - of urllib3's headers
        return status, json.loads(answer), warnings

    def do(self, method: str, path: str, body: Any = None, **options: str) -> dict[str, Any]:
        """Send a request, write its answer down and return it."""
        status, answer, warnings = self.send(method, path, body, **options)
        said = f"{method} {path.replace(self.namespace, '<namespace>')}"
        if method != "GET":
            _forget_race(answer)
        entry = {"request": said, "status": status, "answer": self._masked(answer)}
        if warnings:
            entry["warnings"] = warnings
        self.transcript.append(entry)
        return answer

    def apply(self, kind: str, name: str, manager: str = "sindri", **rest: Any) -> dict[str, Any]:
        """Apply an object on the server's side; options of the query begin with ``q_``."""
        query = {key[2:]: str(rest.pop(key)) for key in [key for key in rest if key.startswith("q_")]}
        query = {"fieldManager": manager, "fieldValidation": "Strict"} | query
        return self.do("PATCH", self.path(kind, name), self.body(kind, name, **rest), content_type=APPLY, **query)

    def scale(self, name: str, replicas: int, manager: str = "sindri", *, force: bool = True) -> dict[str, Any]:
        """Apply a scale."""
        body = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": name}}
        query = {"fieldManager": manager, "force": str(force).lower()}
        path = f"{self.path('Deployment', name)}/scale"
        return self.do("PATCH", path, body | {"spec": {"replicas": replicas}}, content_type=APPLY, **query)

    def until(self, kind: str, name: str, wanted: Callable[[dict[str, Any] | None], bool]) -> None:
        """Watch an object until it is as wanted; None is an object that is gone."""
        path = self.path(kind)
        query = {"watch": "1", "fieldSelector": f"metadata.name={name}", "timeoutSeconds": "20"}
        if kind == "Namespace":
            path = resources.path("Namespace")
        status, found, _ = self.send("GET", f"{path}/{name}")
        if wanted(found if status == 200 else None):
            return
        if status == 200:
            query["resourceVersion"] = found["metadata"]["resourceVersion"]
        for line in self._transport.stream(f"{path}?{urlencode(query)}", 20):
            event = json.loads(line)
            if wanted(None if event["type"] == "DELETED" else event["object"]):
                return
        raise AssertionError(f"{kind} {name} did not become as wanted; it was {json.dumps(found)}")

    def watch_until(self, kind: str, labels: str, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Watch the objects with these labels until one is as wanted, and return it in a list."""
        query = {"watch": "1", "labelSelector": labels, "timeoutSeconds": "20"}
        for line in self._transport.stream(f"{self.path(kind)}?{urlencode(query)}", 20):
            event = json.loads(line)
            if event["type"] != "DELETED" and wanted(event["object"]):
                return [event["object"]]
        raise AssertionError(f"no {kind} with {labels} became as wanted")

    def note(self, what: str, seen: Any) -> None:
        """Write down something that was seen."""
        self.transcript.append({what: self._masked(seen)})

    def managers(self, body: dict[str, Any]) -> None:
        """Write down who manages which of the leaves of an object, the cluster's own parts left aside."""
        entries = [
            {
                "manager": entry["manager"],
                "operation": entry["operation"],
                "subresource": entry.get("subresource", ""),
                "fields": sorted(_leaves(entry["fieldsV1"], "")),
            }
            for entry in body["metadata"].get("managedFields", [])
            if not entry["manager"].startswith("kube-")
        ]
        entries.sort(key=lambda entry: (entry["manager"], entry["operation"], entry["subresource"]))
        self.transcript.append({"managers": entries})

    def _masked(self, answer: Any) -> Any:
        if isinstance(answer, dict):
            return {
                key: self._masked(value)
                for key, value in sorted(answer.items())
                if key not in DROPPED and not UNSEEN.match(key)
            }
        if isinstance(answer, list):
            items = [self._masked(value) for value in answer]
            typed = all(isinstance(item, dict) and "lastTransitionTime" in item for item in items)
            return sorted(items, key=lambda item: item["type"]) if typed else items
        if isinstance(answer, str):
            answer = answer.replace(self.namespace, "<namespace>")
            for pattern, mask in MASKS:
                answer = pattern.sub(mask, answer)
        return answer


def _forget_race(answer: dict[str, Any]) -> None:
    """Leave out of the answer to a write what a controller may or may not have written by then."""
    if answer.get("kind") in {"Deployment", "Scale"}:
        answer.pop("status", None)
        annotations = answer["metadata"].pop("annotations", {})
        kept = {key: value for key, value in annotations.items() if key != "deployment.kubernetes.io/revision"}
        answer["metadata"] |= {"annotations": kept} if kept else {}


def _leaves(tree: dict[str, Any], path: str) -> list[str]:
    """List the leaves of a ``fieldsV1``; marks of maps and lists themselves are the server's bookkeeping."""
    if not tree:
        return [path]
    return [leaf for key, below in tree.items() if key != "." for leaf in _leaves(below, f"{path}/{key}")]
