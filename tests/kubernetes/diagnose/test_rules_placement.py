"""No node takes the pod: room, devices, taints, labels, gates, places of volumes."""

from __future__ import annotations

import pytest
from checking import codes, found, text
from recording import recorded

OLD = "0/2 nodes are available: {}. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."


def test_no_room_shows_the_largest_node() -> None:
    """What is asked for stands beside what the largest node has, and what would fit."""
    finding = found(recorded("no-room").later(20))
    assert (finding.code, finding.heals) == ("SND-K8S-211", False)
    assert finding.object.startswith("Pod/dev-")
    assert finding.message == "no node has room for this environment: cpu"
    assert "the largest node has cpu 64" in finding.seen
    assert finding.cause == "no node is large enough, even an empty one"
    assert "deployment.resources.cpus: 64" in finding.fix[0]


def test_no_room_on_full_nodes_says_so() -> None:
    """Where a node would be large enough, another environment has to go, or a node to come."""
    recording = recorded("no-room").later(20)
    for node in recording.every("Node"):
        node["status"]["allocatable"]["cpu"] = "900"
    finding = found(recording)
    assert "other pods have taken the room" in finding.cause
    assert "sindri stop --name NAME" in text(finding)


def test_without_the_right_to_read_nodes_the_sentence_is_told() -> None:
    """A tenant who may not read nodes learns what the scheduler says."""
    recording = recorded("no-room").later(20)
    recording.forbidden = {"nodes"}
    finding = found(recording)
    assert finding.code == "SND-K8S-211"
    assert "largest" not in text(finding)


def test_a_pod_without_a_node_is_normal_at_first() -> None:
    """For 15 seconds it is too early to give up."""
    recording = recorded("no-room")
    condition = recording.of("Pod")["status"]["conditions"][0]
    condition["lastTransitionTime"] = recording.taken_at.isoformat()
    assert found(recording).heals
    assert found(recording.later(14)).heals
    assert not found(recording.later(2)).heals


def test_an_autoscaler_at_work_heals() -> None:
    """While an autoscaler brings a node, waiting helps however long it takes."""
    recording = recorded("no-room").later(600)
    pod = recording.of("Pod")
    recording.objects.append(event(pod, "TriggeredScaleUp", "pod triggered scale-up: [{group 1->2 (max: 5)}]"))
    assert found(recording).heals


def event(
    about: dict[str, object], reason: str, message: str, moment: str = "2026-11-24T14:30:00Z"
) -> dict[str, object]:
    """Make an event about an object."""
    metadata = about["metadata"]
    assert isinstance(metadata, dict)
    place = {"name": f"{reason.lower()}.1", "namespace": metadata["namespace"]}
    times = {"firstTimestamp": moment, "lastTimestamp": moment, "count": 1}
    reference = {"uid": metadata["uid"]}
    body = {"apiVersion": "v1", "kind": "Event", "metadata": place, "involvedObject": reference}
    return {**body, "reason": reason, "message": message, **times}


def test_a_clock_that_is_behind_gives_no_verdict() -> None:
    """A pod from the future is as new as can be: nothing is given up for want of time."""
    assert found(recorded("no-room").later(-3600)).heals


def test_the_taint_is_named_though_the_scheduler_does_not() -> None:
    """Kubernetes 1.34 says only "untolerated taint(s)"; the nodes tell which, and the toleration is written out."""
    recording = recorded("taint").later(20)
    assert "had untolerated taint(s)" in str(recording.of("Pod")["status"])
    finding = found(recording)
    assert (finding.code, finding.heals) == ("SND-K8S-212", False)
    assert "taint dedicated=ml:NoSchedule" in finding.seen
    wanted = "in sindri.yaml: providers.kubernetes.tolerations: [{key: dedicated, value: ml, effect: NoSchedule}]"
    assert finding.fix == (f"{wanted}   then: sindri deploy",)


def test_the_taint_that_the_scheduler_names() -> None:
    """Before Kubernetes 1.34 the sentence holds key and value."""
    said = OLD.format("2 node(s) had untolerated taint {nvidia.com/gpu: }")
    finding = found(recorded("taint").saying(said).later(20))
    assert finding.code == "SND-K8S-212"
    assert "{key: nvidia.com/gpu, operator: Exists}" in finding.fix[0]


def test_taints_without_the_right_to_read_nodes() -> None:
    """Where neither sentence nor nodes name the taint, the shape of the toleration is told and where to look."""
    recording = recorded("taint").later(20)
    recording.forbidden = {"nodes"}
    finding = found(recording)
    assert finding.code == "SND-K8S-212"
    assert "kubectl describe nodes" in text(finding)


@pytest.mark.parametrize(
    "toleration",
    [
        {"key": "dedicated", "operator": "Equal", "value": "ml", "effect": "NoSchedule"},
        {"key": "dedicated", "operator": "Exists"},
        {"operator": "Exists", "effect": "NoSchedule"},
    ],
)
def test_a_tolerated_taint_is_not_the_trouble(toleration: dict[str, str]) -> None:
    """Of two taints only the one that the pod does not tolerate is named."""
    recording = recorded("taint").later(20)
    recording.of("Pod")["spec"]["tolerations"] = [toleration]
    for node in recording.every("Node"):
        node["spec"]["taints"].append({"key": "spot", "effect": "NoExecute"})
        node["spec"]["taints"].append({"key": "soft", "effect": "PreferNoSchedule"})
    seen = found(recording).seen
    assert [fact for fact in seen if fact.startswith("taint")] == ["taint spot:NoExecute"]


def test_nodes_that_are_not_up_yet_heal() -> None:
    """A taint that nodes lose by themselves is waited for."""
    said = OLD.format("2 node(s) had untolerated taint {node.kubernetes.io/not-ready: }")
    finding = found(recorded("taint").saying(said).later(60))
    assert finding.heals
    assert "in trouble, or not yet up" in finding.cause


def test_cordoned_nodes_are_named() -> None:
    """Nodes out of service are told from tainted ones."""
    finding = found(recorded("cordoned").later(20))
    assert (finding.code, finding.heals) == ("SND-K8S-212", False)
    assert finding.fix == ("kubectl uncordon node-1   when the maintenance is over",)


def test_no_node_has_the_labels() -> None:
    """What the GPU of the configuration asks for is shown beside what the nodes have."""
    finding = found(recorded("no-gpu").later(20))
    assert (finding.code, finding.heals) == ("SND-K8S-213", False)
    assert finding.message == "no node has the labels that the pod asks for: gpu: nvidia"
    assert "no node has a label gpu" in finding.seen
    assert finding.fix == ("kubectl label node NODE gpu=nvidia",)


def test_a_near_label_is_shown() -> None:
    """Another value of the wanted label is told, which is how a slip is seen."""
    recording = recorded("no-gpu").later(20)
    recording.of("Node")["metadata"]["labels"]["gpu"] = "amd"
    assert "nodes have gpu: amd" in found(recording).seen


def test_a_device_that_no_node_offers() -> None:
    """Without a device plugin no node lists the device."""
    finding = found(recorded("no-gpu").saying(OLD.format("2 Insufficient nvidia.com/gpu")).later(20))
    assert (finding.code, finding.heals) == ("SND-K8S-214", False)
    assert "device plugin installed?" in finding.cause


def test_a_device_that_is_taken() -> None:
    """Where a node lists the device, others have it."""
    recording = recorded("no-gpu").saying(OLD.format("2 Insufficient nvidia.com/gpu")).later(20)
    recording.of("Node")["status"]["allocatable"]["nvidia.com/gpu"] = "1"
    assert found(recording).cause == "node-1 has nvidia.com/gpu, and too few of them are free"


def test_a_scheduling_gate_is_named() -> None:
    """Who holds the pod back is told; a queue opens it by and by."""
    finding = found(recorded("scheduling-gate").later(600))
    assert (finding.code, finding.heals) == ("SND-K8S-215", True)
    assert "kueue.x-k8s.io/admission" in finding.message


def test_full_nodes() -> None:
    """The number of pods of a node is a limit of its own."""
    finding = found(recorded("no-room").saying(OLD.format("2 Too many pods")).later(20))
    assert (finding.code, finding.heals) == ("SND-K8S-215", False)


def test_a_volume_in_another_zone() -> None:
    """Where the volume is, is told."""
    recording = recorded("no-room").saying(OLD.format("2 node(s) had volume node affinity conflict")).later(20)
    running = recorded("running")
    volume = running.of("PersistentVolume")
    place = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["eu-1a"]}
    volume["spec"]["nodeAffinity"] = {"required": {"nodeSelectorTerms": [{"matchExpressions": [place]}]}}
    recording.of("PersistentVolumeClaim")["spec"]["volumeName"] = volume["metadata"]["name"]
    recording.objects.append(volume)
    finding = found(recording)
    assert (finding.code, finding.heals) == ("SND-K8S-216", False)
    assert "the volume needs a node with topology.kubernetes.io/zone In eu-1a" in finding.seen


@pytest.mark.parametrize(
    ("sentence", "first"),
    [
        ("1 Insufficient cpu, 1 node(s) had untolerated taint(s)", "SND-K8S-211"),
        ("1 Insufficient memory, 1 node(s) didn't match Pod's node affinity/selector", "SND-K8S-211"),
        ("1 Insufficient nvidia.com/gpu, 1 Insufficient cpu", "SND-K8S-214"),
        ("1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint(s)", "SND-K8S-213"),
    ],
)
def test_of_several_reasons_the_nearest_miss_is_told(sentence: str, first: str) -> None:
    """Nodes are out for different reasons; one finding says the one that can be changed."""
    recording = recorded("no-gpu").saying(OLD.format(sentence)).later(20)
    assert codes(recording) == [first]


def test_a_reason_that_nobody_knows_is_quoted() -> None:
    """What the scheduler says is told even when no rule knows it; it may pass."""
    finding = found(recorded("no-room").saying(OLD.format("2 node(s) exceed max volume count")).later(600))
    assert (finding.code, finding.heals) == ("SND-K8S-219", True)
    assert "exceed max volume count" in finding.seen[0]


def test_a_pod_with_a_node_has_no_trouble_of_placement() -> None:
    """The condition of a pod that found its node at last is of the past."""
    recording = recorded("no-room").later(60)
    recording.of("Pod")["spec"]["nodeName"] = "node-1"
    assert codes(recording) == []
