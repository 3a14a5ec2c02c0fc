"""The container cannot be made: what it needs is missing, it would be root, or it has no such command."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sindri_kubernetes import pods as reading
from sindri_kubernetes.diagnose.rule import Rank, kubectl, name_of, rule, trouble, waiting

if TYPE_CHECKING:
    from sindri_core.types import Finding
    from sindri_kubernetes.pods import Thing
    from sindri_kubernetes.snapshot import Snapshot

INCOMPLETE = "CreateContainerConfigError"
BROKEN = ("CreateContainerError", "RunContainerError", "StartError", "ContainerCannotRun")
ABSENT = re.compile(r'(?P<kind>secret|configmap) "(?P<name>[^"]+)" not found', re.IGNORECASE)
KEYLESS = re.compile(r"couldn't find key (?P<key>\S+) in (?P<kind>Secret|ConfigMap) (?P<where>\S+)")
ROOT = re.compile(r"runAsNonRoot|non-numeric user")
NOT_EXECUTABLE, NO_SUCH_COMMAND = 126, 127


@rule("SND-K8S-232", Rank.CONFIG)
def root(seen: Snapshot) -> Finding | None:
    """The image would run as root, which the pod forbids."""
    found = waiting(seen, INCOMPLETE)
    if not found or not ROOT.search(found[1].message):
        return None
    pod, (container, _, message, _) = found
    return trouble(
        f"the image {container.get('image')} would run as root, which the pod forbids",
        name_of(pod),
        seen=(message,),
        cause="the profile restricted refuses root, and a user's name instead of its number says nothing to Kubernetes",
        fix=(
            "in the image's Dockerfile: USER 1001   (a number, not a name)",
            "or in sindri.yaml: providers.kubernetes.security.profile: baseline   then: sindri deploy",
        ),
    )


@rule("SND-K8S-231", Rank.CONFIG)
def incomplete(seen: Snapshot) -> Finding | None:
    """A Secret or ConfigMap, or a key of it, is missing."""
    found = waiting(seen, INCOMPLETE)
    if not found or ROOT.search(found[1].message):
        return None
    pod, (container, _, message, _) = found
    named = KEYLESS.search(message) or ABSENT.search(message)
    what, mend = "what it is configured with", kubectl(seen, f"describe pod {reading.name(pod)}")
    if named:
        kind = named["kind"].lower()
        key = named.groupdict().get("key") or "KEY"
        name = (named.groupdict().get("where") or named["name"]).rpartition("/")[2]
        what = f"the key {key} of the {kind} {name}" if named.re is KEYLESS else f"the {kind} {name}"
        mend = kubectl(
            seen, f"create {'secret generic' if kind == 'secret' else kind} {name} --from-literal={key}=VALUE"
        )
        if named.re is KEYLESS:
            mend = kubectl(seen, f"edit {kind} {name}   and add the key {key}")
    wants = _wanting(pod, str(container.get("name")), message)
    return trouble(
        f"the container {container.get('name')} lacks {what}",
        name_of(pod),
        seen=(message, wants),
        cause="the pod refers to it, and it is not in this namespace",
        fix=(mend, "or leave it out of providers.kubernetes.secrets in sindri.yaml, then: sindri deploy"),
    )


def _wanting(pod: Thing, name: str, message: str) -> str:
    """Name the environment variables that want what the message names."""
    wanting = []
    for variable in reading.parts(reading.described(pod, name), "env"):
        source = reading.part(variable, "valueFrom")
        reference = reading.part(source, "secretKeyRef") or reading.part(source, "configMapKeyRef")
        if reference.get("name") and str(reference["name"]) in message:
            wanting.append(str(variable.get("name")))
    return f"wanted by {', '.join(wanting)}" if wanting else ""


@rule("SND-K8S-233", Rank.CONFIG)
def command(seen: Snapshot) -> Finding | None:
    """The container's command cannot be started."""
    if seen.pod is None:
        return None
    for container in reading.containers(seen.pod):
        if reading.is_running(container):
            continue
        last = reading.ended(container)
        state = reading.part(container, "state", "waiting")
        broken = state.get("reason") in BROKEN or last.get("reason") in BROKEN
        if broken or last.get("exitCode") in {NOT_EXECUTABLE, NO_SUCH_COMMAND}:
            said = str(last.get("message") or state.get("message") or "")
            code = f"exit code {last['exitCode']}" if "exitCode" in last else str(state.get("reason"))
            pod = reading.name(seen.pod)
            return trouble(
                "the container's command cannot be started",
                name_of(seen.pod),
                seen=(said, code),
                cause="the file may not be executed"
                if last.get("exitCode") == NOT_EXECUTABLE
                else "the image has no such program, it may not be executed, or its first line ends with CR LF",
                fix=(
                    kubectl(seen, f"logs {pod} -c {container.get('name')} --previous"),
                    "check the image's ENTRYPOINT and CMD",
                ),
            )
    return None
