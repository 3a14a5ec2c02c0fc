"""The container does not come up: its image, its configuration, its command, its death, its silence."""

from __future__ import annotations

from typing import Any

import pytest
from checking import codes, found, text
from recording import Recording, recorded
from test_rules_storage import said

IMAGE = "ghcr.io/acme/app:1.4.2"
RESOLVING = f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": '
RPC = f"rpc error: code = Unknown desc = {RESOLVING}"
BACK_OFF = f'Back-off pulling image "{IMAGE}": ErrImagePull: '


def waiting(reason: str, message: str = "", **more: Any) -> Recording:
    """Let the container wait; keywords change its status."""
    recording = recorded("image-not-found").remove("Event")
    status = recording.of("Pod")["status"]["containerStatuses"][0]
    status |= {"state": {"waiting": {"reason": reason, "message": message}}, **more}
    return recording


def dead(code: int, reason: str = "Error", message: str = "", ago: str = "2026-11-24T13:59:00Z") -> dict[str, Any]:
    """Make the end of a container."""
    return {"terminated": {"exitCode": code, "reason": reason, "message": message, "finishedAt": ago}}


def test_an_image_that_is_not_there() -> None:
    """The registry's sentence is quoted without the back-off around it."""
    finding = found(recorded("image-not-found"))
    assert (finding.code, finding.heals) == ("SND-K8S-226", False)
    assert finding.object.startswith("Pod/dev-")
    assert finding.message == f"the node cannot pull {IMAGE}"
    assert finding.seen[0].startswith("ImagePullBackOff: rpc error: code = NotFound")
    assert finding.cause == "the registry has no such repository or tag"
    assert any("kind load docker-image" in line for line in finding.fix)


@pytest.mark.parametrize(
    ("sentence", "code", "cause"),
    [
        (f"{IMAGE}: not found", "SND-K8S-226", "no such repository or tag"),
        (f"manifest for {IMAGE} not found: manifest unknown: manifest unknown", "SND-K8S-226", "no such repository"),
        (
            "unexpected status from HEAD request to https://ghcr.io/v2/acme/app/manifests/1.4.2: 403 Forbidden",
            "SND-K8S-227",
            "login",
        ),
        (
            "failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized",
            "SND-K8S-227",
            "login",
        ),
        (
            "pull access denied, repository does not exist or may require authorization: insufficient_scope",
            "SND-K8S-227",
            "login",
        ),
        ("no match for platform in manifest: not found", "SND-K8S-228", "another processor"),
        ("no matching manifest for linux/arm64/v8 in the manifest list entries", "SND-K8S-228", "another processor"),
        (
            'Head "https://ghcr.io/v2/": tls: failed to verify: x509: certificate signed by unknown authority',
            "SND-K8S-229",
            "trust",
        ),
        (
            'failed to do request: Head "https://ghcr.io/v2/": dial tcp: lookup ghcr.io on 10.96.0.10:53: no such host',
            "SND-K8S-229",
            "name",
        ),
        (
            "unexpected status from HEAD request to https://ghcr.io/v2/: 429 Too Many Requests",
            "SND-K8S-229",
            "limits how often",
        ),
        ("toomanyrequests: You have reached your pull rate limit.", "SND-K8S-229", "limits how often"),
        ('Head "https://ghcr.io/v2/": http: server gave HTTP response to HTTPS client', "SND-K8S-229", "plain HTTP"),
        ('Head "https://ghcr.io/v2/": dial tcp 10.1.1.1:443: i/o timeout', "SND-K8S-229", "does not reach"),
        ("something nobody has ever read", "SND-K8S-226", "does not say why"),
    ],
)
def test_failures_to_pull_are_told_apart(sentence: str, code: str, cause: str) -> None:
    """By the words of containerd, CRI-O and Docker."""
    finding = found(waiting("ImagePullBackOff", BACK_OFF + RPC + sentence))
    assert finding.code == code
    assert cause in finding.cause


@pytest.mark.parametrize(
    "image", ["ghcr.io/acme/app:403", "ghcr.io/access-denied/app:429", "app:503", "localhost:5000/x509:1"]
)
def test_a_name_is_no_reason(image: str) -> None:
    """A tag may be 403, a repository access-denied: what the sentence quotes does not classify it."""
    sentence = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: not found'
    assert found(waiting("ErrImagePull", sentence, image=image)).code == "SND-K8S-226"


@pytest.mark.parametrize(
    ("sentence", "heals"),
    [
        (f"{IMAGE}: not found", False),
        ("401 Unauthorized", False),
        ("no match for platform in manifest", False),
        ("dial tcp: lookup ghcr.io: no such host", True),
        ("something nobody has ever read", True),
    ],
)
def test_a_first_failure_ends_the_wait_only_when_it_is_certain(sentence: str, heals: bool) -> None:
    """A name that is wrong stays wrong; a network may be back at the next attempt."""
    assert found(waiting("ErrImagePull", RPC + sentence)).heals is heals


def test_the_network_is_given_a_second_attempt() -> None:
    """After one failure the node tries again; after two it is no blip."""
    recording = waiting("ImagePullBackOff", f"{BACK_OFF}{RPC}dial tcp 10.1.1.1:443: i/o timeout")
    assert not found(recording).heals, "without events nobody knows how often"
    said(recording, "Pod", "Failed", f'Failed to pull image "{IMAGE}": {RPC}i/o timeout')
    assert found(recording).heals
    said(recording, "Pod", "Failed", f'Failed to pull image "{IMAGE}": {RPC}i/o timeout', ago=1)
    assert not found(recording).heals


def test_older_kubelets_tell_the_reason_only_in_the_event() -> None:
    """Before Kubernetes 1.30 the back-off says nothing but that; an event about another image is not ours."""
    recording = waiting("ImagePullBackOff", f'Back-off pulling image "{IMAGE}"')
    said(recording, "Pod", "Failed", 'Failed to pull image "other:1": 401 Unauthorized', ago=0)
    said(recording, "Pod", "Failed", f'Failed to pull image "{IMAGE}": {RPC}no match for platform', ago=5)
    finding = found(recording)
    assert finding.code == "SND-K8S-228"
    assert "no match for platform" in finding.seen[0]


def test_a_refused_pull_tells_how_to_log_in() -> None:
    """The commands are whole: the secret for the image's registry, the account that uses it, a new attempt."""
    finding = found(waiting("ErrImagePull", RPC + "403 Forbidden"))
    assert "kubectl -n img create secret docker-registry pull --docker-server=ghcr.io" in finding.fix[0]
    assert finding.fix[1].startswith("kubectl -n img patch serviceaccount dev")
    assert finding.fix[2] == "kubectl -n img rollout restart deployment dev"


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("InvalidImageName", "malformed"),
        ("ErrImageNeverPull", "may not be pulled"),
        ("ImageInspectError", "damaged"),
        ("SignatureValidationFailed", "signature"),
    ],
)
def test_an_image_that_cannot_be_used_at_all(reason: str, cause: str) -> None:
    """These reasons say it all, and stay."""
    finding = found(waiting(reason))
    assert (finding.code, finding.heals) == ("SND-K8S-230", False)
    assert cause in finding.cause


def test_an_image_that_is_being_pulled_is_no_trouble() -> None:
    """Large images take their time."""
    recording = waiting("ContainerCreating")
    said(recording, "Pod", "Pulling", f'Pulling image "{IMAGE}"')
    assert codes(recording) == []


@pytest.mark.parametrize(
    ("message", "lacks", "fix"),
    [
        ('secret "api" not found', "the secret api", "create secret generic api --from-literal=KEY=VALUE"),
        ('configmap "api" not found', "the configmap api", "create configmap api --from-literal=KEY=VALUE"),
        ("couldn't find key TOKEN in Secret img/api", "the key TOKEN of the secret api", "edit secret api"),
        ("failed to sync configmap cache: timed out", "what it is configured with", "describe pod"),
    ],
)
def test_a_missing_secret_or_key_is_named(message: str, lacks: str, fix: str) -> None:
    """What is missing, which variable wants it, and the command that makes it."""
    recording = waiting("CreateContainerConfigError", message)
    container = recording.of("Pod")["spec"]["containers"][0]
    kind = "configMapKeyRef" if "configmap" in message else "secretKeyRef"
    container["env"].append({"name": "API_TOKEN", "valueFrom": {kind: {"name": "api", "key": "TOKEN"}}})
    finding = found(recording)
    assert (finding.code, finding.heals) == ("SND-K8S-231", False)
    assert finding.message == f"the container sindri lacks {lacks}"
    assert fix in finding.fix[0]
    assert ("wanted by API_TOKEN" in finding.seen) is ("api" in message)


@pytest.mark.parametrize(
    "message",
    [
        'container has runAsNonRoot and image will run as root (pod: "dev-x_img(1)", container: sindri)',
        "container has runAsNonRoot and image has non-numeric user (developer), cannot verify user is non-root",
    ],
)
def test_root_is_refused(message: str) -> None:
    """Both sentences of the kubelet lead to a number in the Dockerfile."""
    finding = found(waiting("CreateContainerConfigError", message))
    assert (finding.code, finding.heals) == ("SND-K8S-232", False)
    assert "USER 1001" in text(finding)
    assert codes(waiting("CreateContainerConfigError", message)) == ["SND-K8S-232"]


@pytest.mark.parametrize(
    ("reason", "more"),
    [
        ("RunContainerError", {}),
        (
            "CrashLoopBackOff",
            {"lastState": dead(128, "StartError", 'exec: "nope": executable file not found in $PATH')},
        ),
        ("CrashLoopBackOff", {"lastState": dead(127)}),
        ("CrashLoopBackOff", {"lastState": dead(126)}),
    ],
)
def test_a_command_that_cannot_be_started(reason: str, more: dict[str, Any]) -> None:
    """It is told from a program that started and failed."""
    finding = found(waiting(reason, "failed to start", **more))
    assert (finding.code, finding.heals) == ("SND-K8S-233", False)
    assert "ENTRYPOINT" in text(finding)


def test_a_command_that_was_not_there_once_is_no_trouble() -> None:
    """A container that runs now is not judged by how it ended before."""
    recording = recorded("running")
    recording.of("Pod")["status"]["containerStatuses"][0] |= {"lastState": dead(127), "restartCount": 1}
    assert codes(recording) == []


def test_a_crash_loop_says_what_the_exit_code_means() -> None:
    """How often, with which code, what it means, and where the last words are."""
    finding = found(recorded("crash-loop"))
    assert (finding.code, finding.heals) == ("SND-K8S-234", False)
    assert finding.message == "the container ends again and again with exit code 1"
    assert finding.seen[0] == "CrashLoopBackOff, 3 restarts, exit code 1: the program reported an error"
    assert finding.fix[0].startswith("kubectl -n crash logs dev-")
    assert finding.fix[0].endswith("-c sindri --previous")


@pytest.mark.parametrize(
    ("code", "meaning"), [(0, "keeps running"), (139, "segmentation"), (143, "SIGTERM"), (42, "log")]
)
def test_exit_codes_are_explained(code: int, meaning: str) -> None:
    """Code 0 is its own case: the image has no program that stays."""
    assert meaning in text(found(waiting("CrashLoopBackOff", lastState=dead(code))))


def test_a_crash_loop_without_a_last_state() -> None:
    """The record of the last end can be gone; nothing is made up."""
    finding = found(waiting("CrashLoopBackOff", lastState={}))
    assert finding.message == "the container ends again and again"
    assert "None" not in text(finding)


def test_a_container_that_ended_once_is_no_crash_loop() -> None:
    """The first end is followed by a second start at once."""
    recording = waiting("ContainerCreating")
    recording.of("Pod")["status"]["containerStatuses"][0] |= {"state": dead(1), "restartCount": 0}
    assert codes(recording) == []


def test_want_of_memory_is_told_with_the_limit() -> None:
    """It goes before the crash loop that it causes, and heals only while the container is started again."""
    recording = waiting("CrashLoopBackOff", lastState=dead(137, "OOMKilled"), restartCount=4)
    finding = found(recording)
    assert (finding.code, finding.heals) == ("SND-K8S-235", False)
    assert finding.seen == ("OOMKilled, exit code 137, 4 restarts", "limit 2Gi")
    assert codes(recording) == ["SND-K8S-235"]


def test_want_of_memory_is_news_for_an_hour() -> None:
    """A container that runs again was killed: that is told for an hour and does not make it degraded."""
    recording = recorded("running")
    container = recording.of("Pod")["status"]["containerStatuses"][0]
    container |= {"lastState": dead(137, "OOMKilled", ago=recording.taken_at.isoformat()), "restartCount": 1}
    assert found(recording).heals
    assert codes(recording.later(3601)) == []


def test_a_pod_that_was_thrown_out() -> None:
    """The record of the evicted pod explains the new one that is not up yet, and nothing once that is."""
    recording = waiting("ContainerCreating")
    pod = recording.of("Pod")
    evicted: dict[str, Any] = {**pod, "metadata": {**pod["metadata"], "name": "dev-old", "uid": "old"}}
    evicted["metadata"]["creationTimestamp"] = "2026-11-24T13:00:00Z"
    evicted["status"] = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}
    recording.objects.append(evicted)
    finding = found(recording)
    assert (finding.code, finding.object, finding.heals) == ("SND-K8S-235", "Pod/dev-old", True)
    pod["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    assert codes(recording) == []


def test_a_preparation_that_fails() -> None:
    """An init container is named with its exit code; it heals until the node backs off."""
    recording = waiting("PodInitializing")
    status = recording.of("Pod")["status"]
    status["initContainerStatuses"] = [{"name": "bootstrap", "restartCount": 1, "state": dead(3, message="no space")}]
    finding = found(recording)
    assert (finding.code, finding.heals) == ("SND-K8S-237", True)
    assert finding.message == "the preparation bootstrap fails with exit code 3"
    assert finding.fix[0].endswith("-c bootstrap --previous")
    again = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": dead(3)}
    status["initContainerStatuses"][0] |= again
    assert not found(recording).heals


def test_a_preparation_that_succeeded_at_last() -> None:
    """Its earlier failures are of the past."""
    recording = waiting("ContainerCreating")
    prepared = {"name": "bootstrap", "restartCount": 2, "state": dead(0, "Completed"), "lastState": dead(3)}
    recording.of("Pod")["status"]["initContainerStatuses"] = [prepared]
    assert codes(recording) == []


def test_a_probe_without_an_answer() -> None:
    """The container runs; what its probe got is quoted."""
    recording = waiting("x")
    status = recording.of("Pod")["status"]["containerStatuses"][0]
    status["state"] = {"running": {"startedAt": "2026-11-24T13:58:00Z"}}
    sentence = "Readiness probe failed: dial tcp 10.0.0.7:2222: connect: connection refused"
    said(recording, "Pod", "Unhealthy", sentence)
    finding = found(recording)
    assert (finding.code, finding.heals) == ("SND-K8S-236", True)
    assert finding.seen == (f"Unhealthy: {sentence}",)
