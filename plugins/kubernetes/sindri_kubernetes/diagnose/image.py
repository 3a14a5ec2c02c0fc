"""The node cannot get the image."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sindri_kubernetes import pods as reading
from sindri_kubernetes.diagnose.rule import Rank, kubectl, name_of, rule, times, trouble, waiting

if TYPE_CHECKING:
    from sindri_core.types import Finding
    from sindri_kubernetes.pods import Waiting
    from sindri_kubernetes.snapshot import Snapshot

PULLING = ("ErrImagePull", "ImagePullBackOff", "RegistryUnavailable")
UNUSABLE = ("InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "SignatureValidationFailed")
PLATFORM = re.compile(r"no match for platform|no matching manifest for|does not match the specified platform")
NETWORK = re.compile(
    r"x509|tls: |no such host|lookup \S+ on |\b429\b|toomanyrequests|Too Many Requests|i/o timeout|connection refused"
    r"|HTTP response to HTTPS|network is unreachable|deadline exceeded|unexpected EOF|\b50[234]\b"
)
DENIED = re.compile(
    r"\b40[13]\b|unauthorized|denied|insufficient_scope|authentication required|no basic auth", re.IGNORECASE
)
ABSENT = re.compile(r"not found|manifest unknown|name unknown|no such image", re.IGNORECASE)
FAILED = "Failed to pull image"
QUOTED = re.compile(r'"[^"]*"|(?<!\S)(?!i/o\b)\S*[/:]\S+')
"""What a sentence quotes: names in quotation marks, references, addresses. A tag may well be 403."""
CURES = (
    (r"x509|tls: ", "the node does not trust the registry's certificate", "give the nodes the registry's CA"),
    (
        r"no such host|lookup ",
        "the node cannot resolve the registry's name",
        "check the name in deployment.image, and the nodes' DNS",
    ),
    (
        r"429|toomanyrequests|Too Many",
        "the registry limits how often you may pull",
        "log in for a higher limit, or use a mirror",
    ),
    (r"HTTPS client", "the registry speaks plain HTTP", "list it as an insecure registry on the nodes, or give it TLS"),
)


@rule("SND-K8S-230", Rank.IMAGE)
def unusable(seen: Snapshot) -> Finding | None:
    """The reference cannot be used, or the image may not be pulled or run at all."""
    if not (found := waiting(seen, *UNUSABLE)):
        return None
    pod, (container, reason, message, _) = found
    image = container.get("image")
    causes = {
        "InvalidImageName": ("the name is malformed", "correct deployment.image in sindri.yaml, then: sindri deploy"),
        "ErrImageNeverPull": ("it is not on the node and may not be pulled", f"load it, with kind: {_load(image)}"),
        "ImageInspectError": ("what the node has of it is damaged", f"remove it on the node: crictl rmi {image}"),
        "SignatureValidationFailed": (
            "the nodes demand a signature that it lacks",
            "sign it, or ask who runs the nodes",
        ),
    }
    cause, fix = causes[reason]
    return trouble(
        f"the node cannot use the image {image}",
        name_of(pod),
        seen=(f"{reason}: {message}" if message else reason,),
        cause=cause,
        fix=(fix, kubectl(seen, f"describe pod {reading.name(pod)}")),
    )


@rule("SND-K8S-228", Rank.IMAGE)
def platform(seen: Snapshot) -> Finding | None:
    """The image is made for another processor."""
    return _pull(
        seen,
        "SND-K8S-228",
        "the image is made for another processor than the node's",
        "build it for both: docker buildx build --platform linux/amd64,linux/arm64 --push",
    )


@rule("SND-K8S-227", Rank.IMAGE)
def denied(seen: Snapshot) -> Finding | None:
    """The registry does not let the node pull."""
    if not (found := waiting(seen, *PULLING)):
        return None
    host = _registry(str(found[1].container.get("image")))
    secret = f"create secret docker-registry pull --docker-server={host} --docker-username=USER --docker-password=TOKEN"
    account = f'patch serviceaccount {seen.name} -p \'{{"imagePullSecrets":[{{"name":"pull"}}]}}\''
    return _pull(
        seen,
        "SND-K8S-227",
        f"{host} asks for a login that the nodes do not have, or the repository does not exist",
        kubectl(seen, secret),
        kubectl(seen, account),
        kubectl(seen, f"rollout restart deployment {seen.name}"),
    )


@rule("SND-K8S-229", Rank.IMAGE)
def unreachable(seen: Snapshot) -> Finding | None:
    """The node does not reach the registry as it should."""
    text = _bare(_message(seen))
    cures = ((cause, fix) for pattern, cause, fix in CURES if re.search(pattern, text))
    cause, fix = next(cures, ("the node does not reach the registry", "check proxy, firewall and DNS of the nodes"))
    return _pull(seen, "SND-K8S-229", cause, fix)


@rule("SND-K8S-226", Rank.IMAGE)
def absent(seen: Snapshot) -> Finding | None:
    """The image is not in the registry."""
    if not (found := waiting(seen, *PULLING)):
        return None
    image = str(found[1].container.get("image"))
    said = ABSENT.search(_bare(_message(seen)))
    return _pull(
        seen,
        "SND-K8S-226",
        "the registry has no such repository or tag" if said else "the node does not say why; a wrong name is usual",
        "correct deployment.image in sindri.yaml, then: sindri deploy",
        f"or, for an image that is only on this machine: {_load(image)}",
    )


def _pull(seen: Snapshot, code: str, cause: str, *fix: str) -> Finding | None:
    """Make the finding if the failure to pull is of this kind."""
    found = waiting(seen, *PULLING)
    if not found:
        return None
    pod, (container, reason, _, _) = found
    said = _message(seen)
    if _kind(said) != code:
        return None
    return trouble(
        f"the node cannot pull {container.get('image')}",
        name_of(pod),
        seen=(f"{reason}: {said}" if said else reason,),
        cause=cause,
        fix=(*fix, kubectl(seen, f"describe pod {reading.name(pod)}")),
        heals=_may_pass(code, said) and (reason != "ImagePullBackOff" or _attempts(seen) == 1),
    )


def _may_pass(code: str, said: str) -> bool:
    """Whether a failure of this kind may be over at the next attempt."""
    return code == "SND-K8S-229" or (code == "SND-K8S-226" and not ABSENT.search(_bare(said)))


def _attempts(seen: Snapshot) -> int:
    """Return how often the node tried to pull, by the events; 0 where there are none to read."""
    return sum(times(event) for event in seen.events_of(seen.pod) if str(event.get("message")).startswith(FAILED))


def _kind(message: str) -> str:
    """Tell the kinds of failure apart by the container runtime's sentence.

    The order matters: an answer of the network is quoted inside others, and Docker Hub answers "denied" for what it
    does not have.
    """
    kinds = ((PLATFORM, "SND-K8S-228"), (NETWORK, "SND-K8S-229"), (DENIED, "SND-K8S-227"))
    bare = _bare(message)
    return next((code for pattern, code in kinds if pattern.search(bare)), "SND-K8S-226")


def _bare(message: str) -> str:
    """Leave out what the sentence quotes."""
    return QUOTED.sub(" ", message)


def _message(seen: Snapshot) -> str:
    """Return the runtime's sentence: of the container's state, or of the event when the back-off hides it."""
    found = waiting(seen, *PULLING)
    if not found:
        return ""
    pod, state = found
    if not (said := _unwrapped(state)):
        events = (str(event.get("message") or "") for event in seen.events_of(pod))
        start = f'{FAILED} "{state.container.get("image")}": '
        said = next((message.removeprefix(start) for message in events if message.startswith(start)), "")
    return said


def _unwrapped(state: Waiting) -> str:
    """Leave out what the back-off puts before the sentence: ``Back-off pulling image "x": ErrImagePull: …``."""
    head, sep, rest = state.message.partition("ErrImagePull: ")
    return rest if sep else "" if head.startswith("Back-off pulling image") else head


def _registry(image: str) -> str:
    """Return the host of a reference as container runtimes read it."""
    host, slash, _ = image.partition("/")
    return host if slash and ("." in host or ":" in host or host == "localhost") else "docker.io"


def _load(image: object) -> str:
    return f"kind load docker-image {image} --name CLUSTER"
