"""What the API server refuses with 422: missing fields, selectors that do not match, fields that may not change."""

from __future__ import annotations

import json
import re
from typing import Any

from sindri_kubernetes.testing import answers, quantities
from sindri_kubernetes.testing.answers import Cause
from sindri_kubernetes.testing.kinds import BY_NAME

Body = dict[str, Any]

LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SERVICE_RULE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
CLAIM_RULE = (
    "Forbidden: spec is immutable after creation except resources.requests"
    " and volumeAttributesClassName for bound claims"
)
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LONGEST_LABEL = 63


def check(body: Body, before: Body | None) -> None:
    """Raise ``Refused`` with every field of ``body`` that is wrong; ``before`` is what it replaces."""
    kind = BY_NAME[body["kind"]]
    causes = _metadata(body, before) + (RULES[kind.name](body) if kind.name in RULES else [])
    if before is not None and kind.name in CHANGES:
        causes += CHANGES[kind.name](body, before)
    if causes:
        raise answers.invalid(kind, body["metadata"].get("name", ""), causes)


def _metadata(body: Body, before: Body | None) -> list[Cause]:
    causes = []
    name = body["metadata"].get("name", "")
    rule = {"Namespace": LABEL_RULE, "Service": SERVICE_RULE}.get(body["kind"], SUBDOMAIN_RULE)
    parts = name.split(".") if rule is SUBDOMAIN_RULE else [name]
    fits = len(name) <= LONGEST_LABEL if rule is not SUBDOMAIN_RULE else True
    starts = rule is not SERVICE_RULE or not name[:1].isdigit()
    if not (fits and starts and all(LABEL.fullmatch(part) for part in parts)):
        causes.append(answers.wrong("metadata.name", json.dumps(name), rule))
    if before is not None and body["metadata"].get("uid") != before["metadata"].get("uid"):
        cause = answers.wrong("metadata.uid", json.dumps(body["metadata"].get("uid")), "field is immutable")
        causes += [cause, cause]  # the real server checks it twice
    return causes


def _workload(body: Body) -> list[Cause]:
    spec, causes = body["spec"], []
    template = spec.get("template", {})
    wanted = spec.get("selector", {}).get("matchLabels", {})
    labels = template.get("metadata", {}).get("labels") or {}
    if not spec.get("selector"):
        causes.append(answers.required("spec.selector"))
    if not wanted or any(labels.get(key) != value for key, value in wanted.items()):
        seen = json.dumps(labels, separators=(",", ":"), sort_keys=True) if labels else "null"
        why = "`selector` does not match template `labels`"
        causes.append(answers.wrong("spec.template.metadata.labels", seen, why))
    if spec.get("replicas", 0) < 0:
        why = "must be greater than or equal to 0"
        causes.append(answers.wrong("spec.replicas", json.dumps(spec["replicas"]), why))
    return causes + _pod_spec(template.get("spec", {}), "spec.template.spec")


def _pod(body: Body) -> list[Cause]:
    return _pod_spec(body.get("spec", {}), "spec")


def _pod_spec(spec: Body, path: str) -> list[Cause]:
    containers = spec.get("containers") or []
    if not containers:
        return [answers.required(f"{path}.containers")]
    causes = []
    volumes = {volume["name"] for volume in spec.get("volumes", [])}
    for index, container in enumerate(containers):
        here = f"{path}.containers[{index}]"
        if not container.get("name"):
            causes.append(answers.required(f"{here}.name"))
        if not container.get("image"):
            causes.append(answers.required(f"{here}.image"))
        for at, mount in enumerate(container.get("volumeMounts", [])):
            if mount["name"] not in volumes:
                where, seen = f"{here}.volumeMounts[{at}].name", json.dumps(mount["name"])
                causes.append(Cause(where, "FieldValueNotFound", f"Not found: {seen}"))
        causes += _resources(container.get("resources", {}), here)
    return causes


def _resources(resources: Body, here: str) -> list[Cause]:
    causes = []
    limits = resources.get("limits", {})
    for name, amount in resources.get("requests", {}).items():
        if name in limits and quantities.parse(amount) > quantities.parse(limits[name]):
            why = f"must be less than or equal to {name} limit of {limits[name]}"
            causes.append(answers.wrong(f"{here}.resources.requests", json.dumps(amount), why))
    return causes


def _claim(body: Body) -> list[Cause]:
    spec, causes = body["spec"], []
    if not spec.get("accessModes"):
        causes.append(answers.required("spec.accessModes", "Required value: at least 1 access mode is required"))
    if not spec.get("resources", {}).get("requests", {}).get("storage"):
        causes.append(answers.required("spec.resources[storage]"))
    return causes


def _service(body: Body) -> list[Cause]:
    spec = body["spec"]
    if not spec.get("ports") and spec.get("clusterIP") != "None" and spec.get("type") != "ExternalName":
        return [answers.required("spec.ports")]
    return []


def _selector_change(body: Body, before: Body) -> list[Cause]:
    selector = body["spec"].get("selector")
    if selector == before["spec"].get("selector"):
        return []
    written = json.dumps(selector, separators=(",", ":"), sort_keys=True)
    return [answers.wrong("spec.selector", written, "field is immutable")]


def _claim_change(body: Body, before: Body) -> list[Cause]:
    after, past = body["spec"], before["spec"]
    if after == past:
        return []
    free = ("resources", "volumeAttributesClassName") if before.get("status", {}).get("phase") == "Bound" else ()
    if {k: v for k, v in after.items() if k not in free} != {k: v for k, v in past.items() if k not in free}:
        return [Cause("spec", "FieldValueForbidden", CLAIM_RULE)]
    new, old = after["resources"]["requests"]["storage"], past["resources"]["requests"]["storage"]
    if quantities.parse(new) < quantities.parse(old):
        why = "Forbidden: field can not be less than status.capacity"
        return [Cause("spec.resources.requests.storage", "FieldValueForbidden", why)]
    return []


def _service_change(body: Body, before: Body) -> list[Cause]:
    after, past = body["spec"].get("clusterIP"), before["spec"].get("clusterIP")
    if after == past or not past:
        return []
    written = json.dumps([after] if after else [], separators=(",", ":"))
    return [answers.wrong("spec.clusterIPs[0]", written, "may not change once set")]


def _secret_change(body: Body, before: Body) -> list[Cause]:
    if body.get("type") == before.get("type"):
        return _frozen_change(body, before)
    return [answers.wrong("type", json.dumps(body.get("type")), "field is immutable")]


def _frozen_change(body: Body, before: Body) -> list[Cause]:
    if before.get("immutable") and body.get("data") != before.get("data"):
        return [Cause("data", "FieldValueForbidden", "Forbidden: field is immutable when `immutable` is set")]
    return []


def _binding_change(body: Body, before: Body) -> list[Cause]:
    if body.get("roleRef") == before.get("roleRef"):
        return []
    written = json.dumps(body.get("roleRef"), separators=(",", ":"))
    return [answers.wrong("roleRef", written, "cannot change roleRef")]


RULES = {
    "Deployment": _workload,
    "PersistentVolumeClaim": _claim,
    "Pod": _pod,
    "ReplicaSet": _workload,
    "Service": _service,
}
CHANGES = {
    "ConfigMap": _frozen_change,
    "Deployment": _selector_change,
    "PersistentVolumeClaim": _claim_change,
    "ReplicaSet": _selector_change,
    "RoleBinding": _binding_change,
    "Secret": _secret_change,
    "Service": _service_change,
}
