"""The node has the pod and it does not run: image, configuration, command, crash."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sindri_core.types import Finding
from sindri_kubernetes.diagnose.rule import Rule, kubectl, name_of, waiting

if TYPE_CHECKING:
    from sindri_kubernetes.snapshot import Snapshot, Thing

PULLING = {"ErrImagePull", "ImagePullBackOff"}
_DENIED = re.compile(r"\b40[13]\b|unauthorized|denied|insufficient_scope|authentication required", re.IGNORECASE)
_NETWORK = re.compile(
    r"x509|no such host|\b429\b|toomanyrequests|HTTP response to HTTPS|i/o timeout|connection refused"
)
MEANING = {
    1: "the program reported an error",
    2: "the program was called wrongly",
    126: "the command is not executable",
    127: "the command does not exist in the image",
    137: "it was killed, most often for want of memory",
    139: "it crashed (segmentation fault)",
    143: "it was asked to end",
}


def image_name(seen: Snapshot) -> Finding | None:
    """The reference cannot be used, or the image may not be pulled at all."""
    for pod, container, reason, message in waiting(seen):
        if reason in {"InvalidImageName", "ErrImageNeverPull"}:
            return Finding(
                code="SND-K8S-230",
                message=f"the node cannot use the image {container.get('image')} ({reason})",
                object=name_of(pod),
                seen=(message,),
                cause="the name is malformed, or the image is not on the node and may not be pulled",
                fix=("correct deployment.image, or load the image: kind load docker-image IMAGE --name CLUSTER",),
            )
    return None


def image_pull(seen: Snapshot) -> Finding | None:
    """The node cannot get the image."""
    for pod, container, reason, message in waiting(seen):
        if reason in PULLING:
            said = _pull_message(seen, pod) or message
            code, cause, fix, final = _pull_cause(said)
            return Finding(
                code=code,
                message=f"the node cannot pull {container.get('image')}",
                object=name_of(pod),
                seen=(f"{reason}: {said}" if said else reason,),
                cause=cause,
                fix=(fix, kubectl(seen, f"describe pod {pod['metadata']['name']}")),
                heals=not final and reason == "ErrImagePull",
            )
    return None


def _pull_message(seen: Snapshot, pod: Thing) -> str:
    """The kubelet's sentence about the failure; the back-off hides it in the status."""
    events = seen.events_of(pod)
    return next((str(e.get("message")) for e in events if "Failed to pull" in str(e.get("message"))), "")


def _pull_cause(message: str) -> tuple[str, str, str, bool]:
    if "no match for platform" in message:
        return "SND-K8S-228", "the image is made for another processor than the node's", "build it for both", True
    if _NETWORK.search(message):
        return (
            "SND-K8S-229",
            "the node does not reach the registry as it should",
            "check TLS, DNS and rate limits",
            False,
        )
    if _DENIED.search(message):
        fix = "give the node credentials: kubectl create secret docker-registry, and name it in the ServiceAccount"
        return "SND-K8S-227", "the registry does not let the node pull it, or hides that it does not exist", fix, True
    fix = "check the name and the tag; on a local cluster load it: kind load docker-image IMAGE --name CLUSTER"
    return "SND-K8S-226", "the registry has no such image, or the node does not have it", fix, True


def configuration(seen: Snapshot) -> Finding | None:
    """A Secret or ConfigMap that the container needs is missing, or it would run as root."""
    for pod, _, reason, message in waiting(seen):
        if reason != "CreateContainerConfigError":
            continue
        root = "runAsNonRoot" in message or "non-numeric user" in message
        return Finding(
            code="SND-K8S-232" if root else "SND-K8S-231",
            message="the image would run as root, which the profile forbids"
            if root
            else "the container's configuration is incomplete",
            object=name_of(pod),
            seen=(message,),
            cause="the profile restricted refuses root"
            if root
            else "a Secret or ConfigMap, or a key of it, is missing",
            fix=(
                "providers.kubernetes.security.profile: baseline"
                if root
                else kubectl(seen, "create secret generic NAME --from-literal=KEY=…"),
            ),
            heals=not root,
        )
    return None


def command(seen: Snapshot) -> Finding | None:
    """The container's command cannot be started."""
    for pod, container, reason, message in waiting(seen):
        last = _last(container)
        if reason in {"RunContainerError", "CreateContainerError"} or last.get("exitCode") in {126, 127}:
            return Finding(
                code="SND-K8S-233",
                message="the container's command cannot be started",
                object=name_of(pod),
                seen=(message or str(last.get("message") or f"exit code {last.get('exitCode')}"),),
                cause="the image has no such program, or it may not be executed",
                fix=(kubectl(seen, f"logs {pod['metadata']['name']} --previous"), "check the image's entrypoint"),
            )
    return None


def memory(seen: Snapshot) -> Finding | None:
    """The container needs more memory than it may have, or the node threw the pod out."""
    for pod in seen.pods:
        status = pod.get("status") or {}
        if status.get("reason") == "Evicted":
            return _memory(pod, "the node threw the pod out", str(status.get("message") or ""))
        for container in status.get("containerStatuses") or ():
            if _last(container).get("reason") == "OOMKilled":
                return _memory(pod, "the environment was killed for want of memory", "OOMKilled, exit code 137")
    return None


def _memory(pod: Thing, message: str, said: str) -> Finding:
    return Finding(
        code="SND-K8S-235",
        message=message,
        object=name_of(pod),
        seen=(said,),
        cause="the limit is lower than what the work needs",
        fix=("raise deployment.resources.memory in sindri.yaml, then sindri deploy",),
    )


def crash_loop(seen: Snapshot) -> Finding | None:
    """The container starts and ends, again and again."""
    for pod, container, reason, _ in waiting(seen):
        if reason != "CrashLoopBackOff":
            continue
        code = _last(container).get("exitCode")
        meaning = MEANING.get(code, "see the log") if isinstance(code, int) else "see the log"
        return Finding(
            code="SND-K8S-234",
            message=f"the container ends again and again with exit code {code}",
            object=name_of(pod),
            seen=(f"CrashLoopBackOff, {container.get('restartCount', 0)} restarts, exit code {code}: {meaning}",),
            cause="the image's program ends; a development image must keep one running",
            fix=(kubectl(seen, f"logs {pod['metadata']['name']} --previous"),),
        )
    return None


def _last(container: dict[str, Any]) -> dict[str, Any]:
    for state in ("lastState", "state"):
        ended = (container.get(state) or {}).get("terminated")
        if ended:
            return dict(ended)
    return {}


RULES: tuple[Rule, ...] = (image_name, image_pull, configuration, memory, command, crash_loop)
