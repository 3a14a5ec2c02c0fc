"""What the API server fills in."""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]


def fill(body: Body, default_class: str | None) -> None:
    """Set the defaults of an object in place. ``default_class`` is the storage class of claims that name none."""
    filler = FILLERS.get(body["kind"])
    if body["kind"] == "PersistentVolumeClaim":
        _claim(body, default_class)
    elif filler:
        filler(body)


def pod_spec(spec: Body) -> None:
    """Set the defaults of a pod's spec."""
    _set(
        spec,
        restartPolicy="Always",
        dnsPolicy="ClusterFirst",
        schedulerName="default-scheduler",
        terminationGracePeriodSeconds=30,
        securityContext={},
    )
    if spec.get("serviceAccountName"):
        spec["serviceAccount"] = spec["serviceAccountName"]
    for container in [*spec.get("containers", []), *spec.get("initContainers", [])]:
        _container(container)
    for volume in spec.get("volumes", []):
        for source in ("secret", "configMap", "projected", "downwardAPI"):
            if source in volume:
                _set(volume[source], defaultMode=420)
        if "hostPath" in volume:
            _set(volume["hostPath"], type="")


def _container(container: Body) -> None:
    tag = container.get("image", "").rsplit("/", 1)[-1]
    latest = "@" not in tag and (":" not in tag or tag.endswith(":latest"))
    _set(
        container,
        imagePullPolicy="Always" if latest else "IfNotPresent",
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        resources={},
    )
    for port in container.get("ports", []):
        _set(port, protocol="TCP")
    for variable in container.get("env", []):
        source = variable.get("valueFrom", {})
        if "fieldRef" in source:
            _set(source["fieldRef"], apiVersion="v1")


def _pod(body: Body) -> None:
    spec = body.setdefault("spec", {})
    _set(
        spec, serviceAccountName="default", enableServiceLinks=True, preemptionPolicy="PreemptLowerPriority", priority=0
    )
    pod_spec(spec)
    for container in [*spec.get("containers", []), *spec.get("initContainers", [])]:
        for name, amount in container["resources"].get("limits", {}).items():
            container["resources"].setdefault("requests", {}).setdefault(name, amount)
    known = {toleration.get("key") for toleration in spec.get("tolerations", [])}
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if key not in known:
            taint = {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            spec.setdefault("tolerations", []).append(taint)
    body.setdefault("status", {"phase": "Pending", "qosClass": _quality(spec)})


def _quality(spec: Body) -> str:
    resources = [container.get("resources", {}) for container in spec.get("containers", [])]
    if not any(found.get("requests") or found.get("limits") for found in resources):
        return "BestEffort"
    same = all(found.get("limits") and found.get("requests") == found.get("limits") for found in resources)
    return (
        "Guaranteed"
        if same and all({"cpu", "memory"} <= found["limits"].keys() for found in resources)
        else "Burstable"
    )


def _deployment(body: Body) -> None:
    spec = body.setdefault("spec", {})
    _set(spec, replicas=1, progressDeadlineSeconds=600, revisionHistoryLimit=10, strategy={})
    strategy = spec["strategy"]
    _set(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _set(strategy.setdefault("rollingUpdate", {}), maxSurge="25%", maxUnavailable="25%")
    _template(spec)
    body.setdefault("status", {})


def _template(spec: Body) -> None:
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    pod_spec(template.setdefault("spec", {}))


def _replica_set(body: Body) -> None:
    _set(body["spec"], replicas=1)
    _template(body["spec"])


def _service(body: Body) -> None:
    spec = body.setdefault("spec", {})
    _set(spec, type="ClusterIP", sessionAffinity="None", internalTrafficPolicy="Cluster")
    _set(spec, ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack")
    for port in spec.get("ports", []):
        _set(port, protocol="TCP", targetPort=port.get("port"))
    body.setdefault("status", {"loadBalancer": {}})


def _claim(body: Body, default_class: str | None) -> None:
    spec = body.setdefault("spec", {})
    _set(spec, volumeMode="Filesystem")
    if default_class is not None:
        _set(spec, storageClassName=default_class)
    body.setdefault("status", {"phase": "Pending"})


def _secret(body: Body) -> None:
    _set(body, type="Opaque")
    written = body.pop("stringData", None)
    if written:
        import base64

        data = body.setdefault("data", {})
        data |= {name: base64.b64encode(value.encode()).decode() for name, value in written.items()}


def _namespace(body: Body) -> None:
    body["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = body["metadata"]["name"]
    _set(body, spec={}, status={"phase": "Active"})
    _set(body["spec"], finalizers=["kubernetes"])


def _quota(body: Body) -> None:
    body.setdefault("status", {})


def _storage_class(body: Body) -> None:
    _set(body, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def _network_policy(body: Body) -> None:
    spec = body.setdefault("spec", {})
    types = ["Ingress", "Egress"] if "egress" in spec else ["Ingress"]
    _set(spec, policyTypes=types)


def _set(body: Body, **defaults: Any) -> None:
    for name, value in defaults.items():
        if body.get(name) is None:
            body[name] = value


FILLERS = {
    "Deployment": _deployment,
    "Namespace": _namespace,
    "NetworkPolicy": _network_policy,
    "Pod": _pod,
    "ReplicaSet": _replica_set,
    "ResourceQuota": _quota,
    "Secret": _secret,
    "Service": _service,
    "StorageClass": _storage_class,
}
