"""What is asked of both servers, always in the same words. Each scenario begins without its namespace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from session import Session

Scenario = Callable[[Session], None]
SCENARIOS: dict[str, Scenario] = {}

RESOURCES = {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "512Mi"}}
PRIVATE = {"automountServiceAccountToken": False}


def scenario(function: Scenario) -> Scenario:
    """Collect a scenario by its name."""
    SCENARIOS[function.__name__] = function
    return function


def pod_template(**rest: Any) -> dict[str, Any]:
    """Write a pod template; ``annotations`` script its fate, ``image`` and ``pod`` change its spec."""
    container = {"name": "sindri", "image": rest.get("image", "app:1"), "resources": RESOURCES}
    container |= {"env": [{"name": "HOME", "value": "/home"}], "ports": [{"name": "ssh", "containerPort": 2222}]}
    metadata: dict[str, Any] = {"labels": {"instance": "web"}}
    if "annotations" in rest:
        metadata["annotations"] = rest["annotations"]
    return {"metadata": metadata, "spec": {"containers": [container], **PRIVATE, **rest.get("pod", {})}}


def deployment(**rest: Any) -> dict[str, Any]:
    """Write the spec of a Deployment."""
    selector, strategy = {"matchLabels": {"instance": "web"}}, {"type": rest.pop("strategy", "Recreate")}
    return {"selector": selector, "strategy": strategy, "template": pod_template(**rest)}


def claim(size: str = "1Gi", **rest: Any) -> dict[str, Any]:
    """Write the spec of a claim."""
    return {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **rest}


def make_namespace(session: Session, **labels: str) -> None:
    """Make the namespace and wait for what every namespace has."""
    body = session.body("Namespace", session.namespace)
    body["metadata"]["labels"] = labels
    session.do("POST", "/api/v1/namespaces", body, fieldManager="sindri")
    session.until("ServiceAccount", "default", lambda found: found is not None)
    session.until("ConfigMap", "kube-root-ca.crt", lambda found: found is not None)


def settled(found: dict[str, Any] | None, **counts: int) -> bool:
    """Whether a Deployment's controller has seen it and counts so many replicas."""
    if found is None:
        return False
    status = found.get("status", {})
    return status.get("observedGeneration") == found["metadata"]["generation"] and all(
        status.get(key, 0) == count for key, count in counts.items()
    )


def progressed(found: dict[str, Any] | None, reason: str) -> bool:
    """Whether a Deployment's condition Progressing has the reason."""
    conditions = (found or {}).get("status", {}).get("conditions", [])
    return any(c["type"] == "Progressing" and c["reason"] == reason for c in conditions)


@scenario
def namespace(session: Session) -> None:
    """Made once, furnished, listed, terminating, gone."""
    session.do("GET", f"/api/v1/namespaces/{session.namespace}")
    session.apply("ConfigMap", "early", data={"a": "b"})
    make_namespace(session, team="a")
    session.do("POST", "/api/v1/namespaces", session.body("Namespace", session.namespace))
    session.do("GET", session.path("ServiceAccount"))
    session.do("DELETE", f"/api/v1/namespaces/{session.namespace}")
    session.until("Namespace", session.namespace, lambda found: found is None)
    session.do("GET", f"/api/v1/namespaces/{session.namespace}")


@scenario
def terminating(session: Session) -> None:
    """Nothing new comes into a namespace that is held by a finalizer."""
    make_namespace(session)
    held = session.body("ConfigMap", "held", data={"a": "b"})
    held["metadata"]["finalizers"] = ["example.com/hold"]
    session.do("POST", session.path("ConfigMap"), held, fieldManager="sindri")
    session.do("DELETE", f"/api/v1/namespaces/{session.namespace}")
    session.do("POST", session.path("ConfigMap"), session.body("ConfigMap", "late"), fieldManager="sindri")
    session.apply("ConfigMap", "late", data={"a": "b"})
    release = {"metadata": {"finalizers": None}}
    session.send("PATCH", session.path("ConfigMap", "held"), release, content_type="application/merge-patch+json")
    session.until("Namespace", session.namespace, lambda found: found is None)


@scenario
def apply_life(session: Session) -> None:
    """Applied, applied again, changed, a field dropped, dry-run without effect."""
    make_namespace(session)
    session.apply("ConfigMap", "c", data={"a": "1", "b": "2"}, q_dryRun="All")
    session.do("GET", session.path("ConfigMap", "c"))
    first = session.apply("ConfigMap", "c", data={"a": "1", "b": "2"})
    again = session.apply("ConfigMap", "c", data={"a": "1", "b": "2"})
    session.transcript.append({"written": first["metadata"]["resourceVersion"] != again["metadata"]["resourceVersion"]})
    session.apply("ConfigMap", "c", data={"a": "3"}, q_dryRun="All")
    session.do("GET", session.path("ConfigMap", "c"))
    session.managers(session.apply("ConfigMap", "c", data={"a": "3"}))
    session.managers(session.apply("ConfigMap", "c", manager="other", data={"d": "4"}))
    session.managers(session.apply("ConfigMap", "c", manager="other", data={"a": "3", "d": "4"}))
    session.managers(session.apply("ConfigMap", "c", data={"e": "5"}))


@scenario
def list_items(session: Session) -> None:
    """Items of keyed lists come, change and go one by one; those of others stay."""
    make_namespace(session)

    def ports(*numbers: int) -> dict[str, Any]:
        return {"ports": [{"name": f"p{number}", "port": number} for number in numbers]}

    session.apply("Service", "web", spec=ports(1, 2, 3) | {"selector": {"a": "b"}})
    session.apply("Service", "web", manager="other", spec=ports(4))
    session.apply("Service", "web", manager="other", spec={"ports": [{"name": "p2", "port": 2}, *ports(5)["ports"]]})
    session.managers(session.apply("Service", "web", spec=ports(3) | {"selector": {"a": "b"}}))
    session.managers(session.apply("Service", "web", spec=ports(6, 3)))
    session.apply("Service", "web", spec=ports(3, 7, 6, 8))
    session.apply("Service", "web", manager="other", spec=ports(8, 3, 9, 2), q_force="true")


@scenario
def field_conflicts(session: Session) -> None:
    """Another manager's field is refused by name, taken by force, and shared when the values are the same."""
    make_namespace(session)
    session.apply("Deployment", "web", spec=deployment() | {"replicas": 0})
    theirs = {"template": {"spec": {"containers": [{"name": "sindri", "image": "other:1"}]}}}
    session.apply("Deployment", "web", manager="other", spec=theirs)
    session.apply("Deployment", "web", manager="other", spec=theirs | {"strategy": {"type": "RollingUpdate"}})
    session.managers(session.apply("Deployment", "web", manager="other", spec=theirs, q_force="true"))
    session.apply("Deployment", "web", spec=deployment() | {"replicas": 0})
    session.managers(session.apply("Deployment", "web", spec=deployment(image="other:1") | {"replicas": 0}))


@scenario
def updates_own_fields(session: Session) -> None:
    """What kubectl patches is an update of its own, and a later apply meets it as a conflict."""
    make_namespace(session)
    session.apply("ConfigMap", "c", data={"a": "1"})
    patch = {"data": {"a": "2", "n": "x"}, "metadata": {"labels": {"team": "a"}}}
    kind = "application/merge-patch+json"
    session.managers(
        session.do("PATCH", session.path("ConfigMap", "c"), patch, content_type=kind, fieldManager="kubectl-patch")
    )
    session.apply("ConfigMap", "c", data={"a": "1"})
    session.managers(session.apply("ConfigMap", "c", data={"a": "1"}, q_force="true"))
    session.do("POST", session.path("ConfigMap"), session.body("ConfigMap", "d", data={"x": "1"}), fieldManager="post")
    session.apply("ConfigMap", "d", data={"x": "2"})


@scenario
def strict_validation(session: Session) -> None:
    """Unknown fields, wrong types, repeated keys, a nameless manager."""
    make_namespace(session)
    session.apply("Deployment", "web", spec=deployment() | {"replicass": 1})
    session.apply("Deployment", "web", spec=deployment() | {"replicas": "1"})
    session.apply("Deployment", "web", spec=deployment(pod={"containers": [{"name": "sindri", "imge": "x"}]}))
    repeated = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1","a":"2"}}'
    path, kind = session.path("ConfigMap", "c"), "application/apply-patch+yaml"
    session.do("PATCH", path, repeated, content_type=kind, fieldManager="sindri", fieldValidation="Strict")
    session.do("PATCH", path, session.body("ConfigMap", "c"), content_type=kind)
    unknown = session.body("ConfigMap", "c", dta={"a": "1"})
    session.do("POST", session.path("ConfigMap"), unknown, fieldManager="sindri", fieldValidation="Strict")
    session.apply("Deployment", "web")
    session.apply("Service", "Upper", spec={"ports": [{"port": 1}]})
    session.apply("Deployment", "web", spec=deployment(pod={"containers": [{"name": "sindri"}]}))


@scenario
def preconditions(session: Session) -> None:
    """A uid that is not the object's, in an apply and in a delete; what is not there."""
    make_namespace(session)
    session.apply("ConfigMap", "c", data={"a": "1"})
    other = "00000000-0000-4000-8000-000000000000"
    foreign = session.body("ConfigMap", "c", data={"a": "2"})
    foreign["metadata"]["uid"] = other
    path = session.path("ConfigMap", "c")
    session.do("PATCH", path, foreign, content_type="application/apply-patch+yaml", fieldManager="sindri")
    session.do("DELETE", path, {"preconditions": {"uid": other}})
    session.do("GET", path)
    session.do("DELETE", path, {"propagationPolicy": "Background"}, dryRun="All")
    session.do("DELETE", path, {"propagationPolicy": "Background"})
    session.do("DELETE", path)
    session.do("GET", session.path("Pod", "none"))


@scenario
def immutable_fields(session: Session) -> None:
    """Selectors, cluster addresses, types of secrets and specs of claims stay what they are."""
    make_namespace(session)
    session.apply("Deployment", "web", spec=deployment() | {"replicas": 0})
    changed = deployment()
    changed["selector"] = {"matchLabels": {"instance": "else"}}
    changed["template"]["metadata"]["labels"] = {"instance": "else"}
    session.apply("Deployment", "web", spec=changed)
    session.apply("Service", "web", spec={"ports": [{"port": 2222}], "selector": {"instance": "web"}})
    session.apply("Service", "web", spec={"ports": [{"port": 2222}], "clusterIP": "10.1.2.3"})
    session.apply("Secret", "s", stringData={"a": "b"})
    session.apply("Secret", "s", type="example.com/other")
    session.apply("PersistentVolumeClaim", "web", spec=claim())
    session.apply("PersistentVolumeClaim", "web", spec=claim("2Gi"))
    session.apply("PersistentVolumeClaim", "web", spec=claim(accessModes=["ReadWriteMany"]))
    session.apply("PersistentVolumeClaim", "none", spec={})


@scenario
def workload_life(session: Session) -> None:
    """A Deployment with a home: up, scaled to nothing, up again, a new template, away."""
    make_namespace(session)
    session.apply("PersistentVolumeClaim", "web", spec=claim())
    volumes = [{"name": "home", "persistentVolumeClaim": {"claimName": "web"}}]
    pod = {"volumes": volumes}
    session.apply("Deployment", "web", spec=deployment(pod=pod))
    session.until("Deployment", "web", lambda d: progressed(d, "NewReplicaSetAvailable"))
    session.managers(session.do("GET", session.path("Deployment", "web")))
    session.do("GET", session.path("ReplicaSet"), labelSelector="instance=web")
    session.do("GET", session.path("Pod"), labelSelector="instance=web")
    session.until("PersistentVolumeClaim", "web", lambda c: (c or {}).get("status", {}).get("phase") == "Bound")
    bound = session.send("GET", session.path("PersistentVolumeClaim", "web"))[1]
    session.transcript.append({"claim": [bound["status"]["phase"], bound["status"]["capacity"]]})
    session.scale("web", 0)
    session.until("Deployment", "web", lambda d: settled(d, replicas=0))
    session.managers(session.do("GET", session.path("Deployment", "web")))
    session.scale("web", 1)
    session.until("Deployment", "web", lambda d: settled(d, readyReplicas=1))
    session.managers(session.send("GET", session.path("Deployment", "web"))[1])
    session.apply("Deployment", "web", spec=deployment(pod=pod, image="app:2"))
    session.until("Deployment", "web", lambda d: settled(d, readyReplicas=1, updatedReplicas=1))
    session.until("Deployment", "web", lambda d: progressed(d, "NewReplicaSetAvailable"))
    session.do("GET", session.path("Deployment", "web"))
    session.do("DELETE", session.path("Deployment", "web"), {"propagationPolicy": "Foreground"})
    session.until("Deployment", "web", lambda d: d is None)
    session.do("GET", session.path("ReplicaSet"))
    session.do("DELETE", session.path("PersistentVolumeClaim", "web"))
    session.until("PersistentVolumeClaim", "web", lambda c: c is None)


@scenario
def other_scalers(session: Session) -> None:
    """``kubectl scale`` and ``kubectl rollout restart`` beside ours."""
    make_namespace(session)
    session.apply("Deployment", "web", spec=deployment())
    path, merge = session.path("Deployment", "web"), "application/merge-patch+json"
    session.scale("web", 0)
    session.do("PATCH", f"{path}/scale", {"spec": {"replicas": 2}}, content_type=merge, fieldManager="kubectl")
    session.managers(session.send("GET", path)[1])
    session.scale("web", 0, force=False)
    session.scale("web", 0)
    session.managers(session.send("GET", path)[1])
    restart = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}
    kind = "application/strategic-merge-patch+json"
    session.managers(session.do("PATCH", path, restart, content_type=kind, fieldManager="kubectl-rollout"))
    session.managers(session.apply("Deployment", "web", spec=deployment()))


@scenario
def quota(session: Session) -> None:
    """A quota that is used up: claims are refused, pods are refused through their ReplicaSet."""
    make_namespace(session)
    hard = {"requests.cpu": "1", "requests.memory": "1Gi", "limits.cpu": "2", "persistentvolumeclaims": "1"}
    body = session.body("ResourceQuota", "small", spec={"hard": hard})
    session.send("POST", session.path("ResourceQuota"), body, fieldManager="sindri")
    session.until("ResourceQuota", "small", lambda q: "used" in (q or {}).get("status", {}))
    session.apply("PersistentVolumeClaim", "one", spec=claim())
    session.apply("PersistentVolumeClaim", "two", spec=claim(), q_dryRun="All")
    session.apply("PersistentVolumeClaim", "two", spec=claim())
    big = {"limits": {"cpu": "3", "memory": "2Gi"}, "requests": {"cpu": "1500m", "memory": "2Gi"}}
    spec = deployment()
    spec["template"]["spec"]["containers"][0]["resources"] = big
    session.apply("Deployment", "web", spec=spec)
    session.until("Deployment", "web", lambda d: "ReplicaFailure" in str((d or {}).get("status")))
    found = session.send("GET", session.path("Deployment", "web"))[1]
    failure = next(c for c in found["status"]["conditions"] if c["type"] == "ReplicaFailure")
    session.note("failure", failure)
    careless = session.body("Pod", "careless", spec={"containers": [{"name": "a", "image": "x"}]})
    session.do("POST", session.path("Pod"), careless, fieldManager="sindri")
    session.do("GET", session.path("ResourceQuota", "small"))


@scenario
def pod_security(session: Session) -> None:
    """Namespaces that demand baseline or restricted pods, and one that only warns."""
    prefix = "pod-security.kubernetes.io"
    make_namespace(session, **{f"{prefix}/enforce": "restricted", f"{prefix}/warn": "restricted"})
    session.apply("Deployment", "web", spec=deployment() | {"replicas": 0}, q_dryRun="All")
    bad = {"containers": [{"name": "a", "image": "x", "securityContext": {"privileged": True}}], "hostNetwork": True}
    bad |= {"volumes": [{"name": "h", "hostPath": {"path": "/"}}]}
    session.do("POST", session.path("Pod"), session.body("Pod", "bad", spec=bad), fieldManager="sindri")
    change = {"metadata": {"labels": {f"{prefix}/enforce": "baseline", f"{prefix}/warn": None}}}
    path = f"/api/v1/namespaces/{session.namespace}"
    session.send("PATCH", path, change, content_type="application/merge-patch+json")
    session.do("POST", session.path("Pod"), session.body("Pod", "bad", spec=bad), fieldManager="sindri")


@scenario
def scripted_failures(session: Session) -> None:
    """Pods whose annotations make them wait or crash."""
    make_namespace(session)
    waiting = {"testbed/waiting": "ImagePullBackOff", "testbed/message": "no such image"}
    session.apply("Deployment", "web", spec=deployment(annotations=waiting))
    pods = _pods_until(session, "ImagePullBackOff")
    session.note("waiting", pods[0]["status"]["containerStatuses"])
    session.apply("Deployment", "web", spec=deployment(annotations={"testbed/exit": "137"}))
    pods = _pods_until(session, "CrashLoopBackOff")
    session.note("crashing", pods[0]["status"]["containerStatuses"])


@scenario
def unschedulable(session: Session) -> None:
    """A pod that no node takes says why."""
    make_namespace(session)
    session.apply("Deployment", "web", spec=deployment(pod={"nodeSelector": {"gpu": "nvidia"}}))
    session.note("unschedulable", _pods_until(session, "Unschedulable")[0]["status"]["conditions"])


@scenario
def selectors(session: Session) -> None:
    """Lists by labels and fields, page by page."""
    make_namespace(session)
    for name, team in (("a", "x"), ("b", "y"), ("c", "x")):
        body = session.body("ConfigMap", name)
        body["metadata"]["labels"] = {"team": team}
        session.send("POST", session.path("ConfigMap"), body)
    for labels in ("team=x", "team!=x,team", "team in (y, z)", "team notin (x)", "!team", "team"):
        listed = session.send("GET", session.path("ConfigMap"), labelSelector=labels)[1]
        session.note(labels, [item["metadata"]["name"] for item in listed["items"]])
    listed = session.send("GET", session.path("ConfigMap"), fieldSelector="metadata.name=b")[1]
    session.note("by name", [item["metadata"]["name"] for item in listed["items"]])
    page = session.send("GET", session.path("ConfigMap"), labelSelector="team", limit="2")[1]
    session.note("page", [item["metadata"]["name"] for item in page["items"]])
    token = page["metadata"]["continue"]
    rest = session.send("GET", session.path("ConfigMap"), labelSelector="team", limit="2", **{"continue": token})[1]
    session.note("rest", [item["metadata"]["name"] for item in rest["items"]])


def _pods_until(session: Session, word: str) -> list[dict[str, Any]]:
    """Wait until the Deployment's pod says the word."""
    return session.watch_until("Pod", "instance=web", lambda pod: word in str(pod.get("status")))
