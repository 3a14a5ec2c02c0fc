"""The container runs and ends: for want of memory, by itself, in its preparation; or it runs and does not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_kubernetes import pods as reading
from sindri_kubernetes.diagnose.configuration import NO_SUCH_COMMAND, NOT_EXECUTABLE
from sindri_kubernetes.diagnose.rule import Rank, kubectl, name_of, rule, say, trouble

if TYPE_CHECKING:
    from sindri_core.types import Finding
    from sindri_kubernetes.pods import Thing
    from sindri_kubernetes.snapshot import Snapshot

BACK_OFF = "CrashLoopBackOff"
OUT_OF_MEMORY = "OOMKilled"
NEWS = 3600.0
"""Seconds for which a death is told after the container runs again, as long as the cluster keeps its events."""
MEANING = {
    0: "the program ended as if its work were done",
    1: "the program reported an error",
    2: "the program was called wrongly",
    137: "it was killed (SIGKILL), for want of memory or by a failed liveness probe",
    139: "it crashed (segmentation fault)",
    143: "it was asked to end (SIGTERM)",
    255: "the program reported an error, or it is made for another processor",
}


@rule("SND-K8S-235", Rank.RUNTIME)
def memory(seen: Snapshot) -> Finding | None:
    """The container was killed for want of memory, or the node threw the pod out."""
    if seen.pod is None:
        return None
    for container in reading.containers(seen.pod):
        last = reading.ended(container)
        if last.get("reason") == OUT_OF_MEMORY and (reading.age(last.get("finishedAt"), seen.taken_at) or 0.0) < NEWS:
            limit = _limit(seen.pod, str(container.get("name")))
            return trouble(
                "the environment was killed for want of memory",
                name_of(seen.pod),
                seen=(f"{OUT_OF_MEMORY}, exit code 137, {container.get('restartCount', 0)} restarts", limit),
                cause="its programs together used more memory than the limit allows",
                fix=("in sindri.yaml: raise deployment.resources.memory   then: sindri deploy",),
                heals=_state(container) != BACK_OFF,
            )
    if reading.is_ready(seen.pod):
        return None
    for pod in seen.pods:
        if reading.status(pod).get("reason") == "Evicted":
            return trouble(
                "the node threw the environment out",
                name_of(pod),
                seen=(f"Evicted: {reading.status(pod).get('message') or ''}",),
                cause="the node ran out of memory or disk, and took back what was used beyond the requests",
                fix=(
                    "kubectl describe nodes   shows the pressure",
                    "free disk, or ask for what you need in deployment.resources",
                ),
                heals=True,
            )
    return None


def _limit(pod: Thing, name: str) -> str:
    limit = reading.part(reading.described(pod, name), "resources", "limits").get("memory")
    return f"limit {limit}" if limit else ""


@rule("SND-K8S-234", Rank.RUNTIME)
def crash_loop(seen: Snapshot) -> Finding | None:
    """The container starts and ends, again and again."""
    for container in reading.containers(seen.pod):
        last = reading.ended(container)
        code = last.get("exitCode")
        explained = last.get("reason") == OUT_OF_MEMORY or code in {NOT_EXECUTABLE, NO_SUCH_COMMAND}
        if seen.pod is None or _state(container) != BACK_OFF or explained:
            continue
        meaning = MEANING.get(code, "the log says why") if isinstance(code, int) else "the log says why"
        pod, restarts = reading.name(seen.pod), container.get("restartCount") or 0
        how = "" if code is None else f" with exit code {code}"
        return trouble(
            f"the container ends again and again{how}",
            name_of(seen.pod),
            seen=(
                f"{BACK_OFF}, {restarts} restarts" + (f", exit code {code}: {meaning}" if how else ""),
                str(last.get("message") or ""),
            ),
            cause="the image's program ends; an environment needs one that keeps running, as sshd or sleep infinity"
            if code == 0
            else "the image's program fails; its last words are in the log",
            fix=(kubectl(seen, f"logs {pod} -c {container.get('name')} --previous"),),
        )
    return None


@rule("SND-K8S-237", Rank.RUNTIME)
def preparation(seen: Snapshot) -> Finding | None:
    """An init container fails."""
    for container in reading.parts(seen.pod, "status", "initContainerStatuses"):
        last = reading.ended(container)
        if seen.pod is None or not last.get("exitCode"):
            continue
        if _state(container) != BACK_OFF and not reading.part(container, "state", "terminated"):
            continue
        pod = reading.name(seen.pod)
        return trouble(
            f"the preparation {container.get('name')} fails with exit code {last['exitCode']}",
            name_of(seen.pod),
            seen=(reading.stage(seen.pod), str(last.get("message") or last.get("reason") or "")),
            cause="the environment starts only after each of its init containers ended well",
            fix=(kubectl(seen, f"logs {pod} -c {container.get('name')} --previous"),),
            heals=_state(container) != BACK_OFF,
        )
    return None


@rule("SND-K8S-236", Rank.PROBE)
def probe(seen: Snapshot) -> Finding | None:
    """The container runs and its probe gets no good answer."""
    if seen.pod is None or reading.is_ready(seen.pod):
        return None
    running = [c for c in reading.containers(seen.pod) if reading.is_running(c)]
    said = next((event for event in seen.events_of(seen.pod) if event.get("reason") == "Unhealthy"), None)
    if not running or said is None:
        return None
    return trouble(
        "the environment runs and does not answer its probe",
        name_of(seen.pod),
        seen=(say(said),),
        cause="what the probe asks is not up yet, listens elsewhere, or is broken",
        fix=(
            kubectl(seen, f"logs {reading.name(seen.pod)} -c {running[0].get('name')}"),
            kubectl(seen, f"describe pod {reading.name(seen.pod)}   shows probe and port"),
        ),
        heals=True,
    )


def _state(container: Thing) -> str:
    return str(reading.part(container, "state", "waiting").get("reason") or "")
