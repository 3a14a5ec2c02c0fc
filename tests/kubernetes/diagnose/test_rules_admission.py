"""No pod can be made: Pod Security, limits, service account, webhooks, policies and quotas."""

from __future__ import annotations

import pytest
from checking import codes, found, text
from recording import recorded


def test_pod_security_names_the_level_and_the_controls() -> None:
    """A namespace that enforces restricted is named, with each control and the profile that satisfies it."""
    finding = found(recorded("pod-security"))
    assert (finding.code, finding.object, finding.heals) == ("SND-K8S-205", "Deployment/dev", False)
    assert finding.message == "the Pod Security level restricted of namespace pss refuses the pod"
    assert any(fact.startswith("runAsNonRoot != true") for fact in finding.seen)
    assert len(finding.seen) >= 3
    assert finding.fix[0] == "in sindri.yaml: providers.kubernetes.security.profile: restricted   then: sindri deploy"
    assert "fewer rights" in finding.cause


def test_pod_security_of_a_restricted_pod_is_not_cured_by_the_profile() -> None:
    """A pod that is restricted already is not told to become so."""
    recording = recorded("pod-security")
    recording.of("Deployment")["spec"]["template"]["spec"]["securityContext"] = {"runAsNonRoot": True}
    template = recording.of("ReplicaSet")["spec"]["template"]["spec"]
    template["securityContext"] = {"runAsNonRoot": True}
    assert "profile" not in text(found(recording))


def test_pod_security_that_was_lowered_heals() -> None:
    """Where the namespace no longer enforces the level, the next attempt will succeed."""
    recording = recorded("pod-security")
    recording.of("Namespace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "baseline"
    assert found(recording).heals


def test_the_last_refusal_counts_and_not_the_first() -> None:
    """A ReplicaSet's condition keeps the words of its first failure (quota); the event tells today's (Pod Security)."""
    recording = recorded("quota-then-pod-security")
    assert "exceeded quota" in recording.of("ReplicaSet")["status"]["conditions"][0]["message"]
    assert codes(recording) == ["SND-K8S-205"]


def test_an_event_of_an_earlier_failure_does_not_hide_the_present_one() -> None:
    """The ReplicaSet lives on through stop and start: an event before the condition tells of the past."""
    recording = recorded("quota-then-pod-security")
    for event in recording.every("Event"):
        event |= {"firstTimestamp": "2026-11-24T12:00:00Z", "lastTimestamp": "2026-11-24T12:00:00Z"}
    assert codes(recording) == ["SND-K8S-206"]


def test_quota_is_named_with_what_is_left() -> None:
    """A used-up quota says what was asked, used, allowed and left, and what would fit."""
    finding = found(recorded("quota-exceeded"))
    assert (finding.code, finding.object, finding.heals) == ("SND-K8S-206", "ResourceQuota/team", False)
    rows = {line.split()[0]: line.split(maxsplit=1)[1] for line in finding.seen}
    assert rows["requested"] == "requests.cpu 2"
    assert rows["used"] == "requests.cpu 0"
    assert rows["hard"] == rows["left"] == "requests.cpu 1"
    assert finding.fix[0] == "in sindri.yaml: deployment.resources.cpus: 2   then: sindri deploy"


def test_a_quota_with_room_again_heals() -> None:
    """The refusal stays written until the next attempt; a quota that was raised says so."""
    recording = recorded("quota-exceeded")
    recording.of("ResourceQuota")["status"]["hard"]["requests.cpu"] = "8"
    finding = found(recording)
    assert finding.heals
    assert "room again" in finding.fix[0]


def test_too_little_is_not_proposed() -> None:
    """When nearly nothing is left, asking for less is no advice."""
    finding = found(
        recorded("quota-exceeded").saying(exceeded("requests.cpu=2", "requests.cpu=990m", "requests.cpu=1"))
    )
    assert "deployment.resources.cpus" not in text(finding)
    assert "sindri stop --name" in text(finding)


def exceeded(asked: str, used: str, hard: str) -> str:
    """Write the API server's sentence."""
    return f'pods "dev-x" is forbidden: exceeded quota: team, requested: {asked}, used: {used}, limited: {hard}'


def test_a_quota_of_pods_is_named_too() -> None:
    """Counts of objects have no key in sindri.yaml, and are told all the same."""
    finding = found(recorded("quota-exceeded").saying(exceeded("pods=1", "pods=3", "pods=3")))
    assert "left       pods 0" in finding.seen
    assert "sindri.yaml" not in text(finding)


def test_a_quota_that_demands_amounts_gives_the_limit_range() -> None:
    """What has to be specified is named, and a LimitRange that gives it."""
    finding = found(recorded("quota-needs-amounts"))
    assert (finding.code, finding.object, finding.heals) == ("SND-K8S-207", "ResourceQuota/team", False)
    assert "must specify" in finding.seen[0]
    assert "requests.cpu" in finding.seen[0]
    assert "kind: LimitRange" in text(finding)
    assert "cpu: AMOUNT, memory: AMOUNT" in text(finding)


def test_a_quota_that_is_gone_heals() -> None:
    """Somebody deleted the quota that demanded amounts."""
    assert found(recorded("quota-needs-amounts").remove("ResourceQuota")).heals


def test_limit_range_shows_the_bounds() -> None:
    """Each bound is shown, and what to write to keep it."""
    finding = found(recorded("limit-range"))
    assert (finding.code, finding.object, finding.heals) == ("SND-K8S-208", "LimitRange/bounds", False)
    assert "maximum cpu usage per Container is 1, but limit is 2" in finding.seen
    assert "in sindri.yaml: deployment.resources.cpus: 1   then: sindri deploy" in finding.fix
    assert "in sindri.yaml: deployment.resources.memory: 1Gi   then: sindri deploy" in finding.fix


@pytest.mark.parametrize(
    ("sentence", "advice"),
    [
        ("minimum cpu usage per Container is 2, but request is 1", "cpus: 4 "),
        ("memory max limit to request ratio per Container is 1, but provided ratio is 2.000000", "describe limitrange"),
        ("maximum ephemeral-storage usage per Pod is 1Gi, but limit is 2Gi", "describe limitrange"),
    ],
)
def test_other_bounds(sentence: str, advice: str) -> None:
    """A minimum counts for the request, which is half of the limit; a ratio is only shown."""
    finding = found(recorded("limit-range").saying(f'pods "dev-x" is forbidden: {sentence}'))
    assert finding.code == "SND-K8S-208"
    assert finding.seen == (sentence,)
    assert advice in text(finding)


def test_the_missing_service_account_is_made_again_by_deploying() -> None:
    """A deleted ServiceAccount is named."""
    finding = found(recorded("account-missing"))
    assert (finding.code, finding.object, finding.heals) == ("SND-K8S-209", "ServiceAccount/dev", False)
    assert finding.fix == ("sindri deploy   makes it again",)


def test_a_service_account_that_is_back_heals() -> None:
    """As soon as the account is there again, waiting helps."""
    recording = recorded("account-missing")
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "dev", "namespace": "acc"}}
    recording.objects.append(account)
    assert found(recording).heals


def test_a_policy_says_what_it_wants() -> None:
    """A ValidatingAdmissionPolicy is named with its message."""
    finding = found(recorded("policy"))
    assert (finding.code, finding.heals) == ("SND-K8S-210", False)
    assert finding.message == "the admission policy only-our-registry refuses the pod"
    assert finding.seen == ("images must come from registry.acme.example",)


def test_a_webhook_that_denies_says_why() -> None:
    """The webhook's own words are quoted."""
    said = 'admission webhook "validate.kyverno.svc-fail" denied the request: \n\nresource Pod was blocked by policy'
    finding = found(recorded("webhook-down").saying(said))
    assert (finding.code, finding.heals) == ("SND-K8S-210", False)
    assert finding.seen == ("resource Pod was blocked by policy",)


def test_a_webhook_that_is_down_may_come_back_for_a_minute() -> None:
    """A webhook that does not answer is given a minute, as it may be restarting."""
    recording = recorded("webhook-down")
    finding = found(recording)
    assert finding.code == "SND-K8S-210"
    assert 'service "kyverno-svc" not found' in finding.seen[0]
    condition = recording.of("ReplicaSet")["status"]["conditions"][0]
    condition["lastTransitionTime"] = recording.taken_at.isoformat()
    assert found(recording.remove("Event")).heals
    assert not found(recording.later(61)).heals


@pytest.mark.parametrize(
    "case",
    ["pod-security", "quota-exceeded", "quota-needs-amounts", "limit-range", "account-missing", "policy"],
)
def test_a_refusal_is_over_when_a_pod_is_there(case: str) -> None:
    """A condition that is still written beside a running pod is of the past."""
    recording, running = recorded(case), recorded("running")
    wanted, pod = recording.snapshot().replica_set or {}, running.of("Pod")
    owner = {"uid": wanted["metadata"]["uid"]}
    pod["metadata"] |= {"namespace": recording.namespace, "ownerReferences": [owner]}
    recording.objects.append(pod)
    assert codes(recording) == []


@pytest.mark.parametrize("case", ["pod-security", "quota-exceeded", "limit-range", "policy"])
def test_a_refusal_of_the_deployment_before_is_not_reported(case: str) -> None:
    """While the controller has not seen the Deployment as it is now, what it wrote is of the past."""
    recording = recorded(case)
    recording.of("Deployment")["metadata"]["generation"] += 1
    assert codes(recording) == []


def test_a_deployment_that_cannot_even_make_a_replica_set() -> None:
    """Where the ReplicaSet itself is refused, the Deployment tells the reason."""
    recording = recorded("quota-exceeded").remove("ReplicaSet")
    said = 'replicasets.apps "dev-x" is forbidden: exceeded quota: team, requested: count/replicasets.apps=1, '
    said += "used: count/replicasets.apps=9, limited: count/replicasets.apps=9"
    condition = {"type": "Progressing", "status": "False", "reason": "ReplicaSetCreateError", "message": said}
    recording.of("Deployment")["status"]["conditions"] = [condition]
    assert found(recording).code == "SND-K8S-206"
