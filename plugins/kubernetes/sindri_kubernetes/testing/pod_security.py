"""The Pod Security Standards, as far as pods of development environments touch them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Body = dict[str, Any]
LEVELS = ("privileged", "baseline", "restricted")
ALLOWED_CAPABILITIES = frozenset(
    [
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ]
)
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def violations(spec: Body, level: str) -> str:
    """Say what a pod's spec does that the level forbids, worded as the real server does; empty when nothing."""
    if level == "privileged" or level not in LEVELS:
        return ""
    rules = BASELINE if level == "baseline" else RESTRICTED
    return ", ".join(found for found in (rule(spec) for rule in rules) if found)


def _containers(spec: Body) -> list[Body]:
    return [*spec.get("initContainers", []), *spec.get("containers", [])]


def _security(container: Body) -> Body:
    return container.get("securityContext") or {}


def _named(found: Iterable[str], noun: str = "container") -> str:
    names = [f'"{name}"' for name in found]
    return f"{noun}{'s' * (len(names) != 1)} {', '.join(names)}" if names else ""


def _offenders(spec: Body, wrong: Callable[[Body], bool]) -> str:
    return _named(container["name"] for container in _containers(spec) if wrong(_security(container)))


def _host_namespaces(spec: Body) -> str:
    used = [f"{name}=true" for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name)]
    return f"host namespaces ({', '.join(used)})" if used else ""


def _privileged(spec: Body) -> str:
    who = _offenders(spec, lambda security: bool(security.get("privileged")))
    return f"privileged ({who} must not set securityContext.privileged=true)" if who else ""


def _host_paths(spec: Body) -> str:
    names = _named((v["name"] for v in spec.get("volumes", []) if "hostPath" in v), "volume")
    return f"hostPath volumes ({names})" if names else ""


def _escalation(spec: Body) -> str:
    who = _offenders(spec, lambda security: security.get("allowPrivilegeEscalation") is not False)
    must = "must set securityContext.allowPrivilegeEscalation=false"
    return f"allowPrivilegeEscalation != false ({who} {must})" if who else ""


def _baseline_capabilities(spec: Body) -> str:
    added = {
        name
        for container in _containers(spec)
        for name in _security(container).get("capabilities", {}).get("add", [])
        if name not in ALLOWED_CAPABILITIES
    }
    who = _offenders(spec, lambda s: bool(added & set(s.get("capabilities", {}).get("add", []))))
    listed = ", ".join(f'"{name}"' for name in sorted(added))
    return (
        f"non-default capabilities ({who} must not include {listed} in securityContext.capabilities.add)" if who else ""
    )


def _capabilities(spec: Body) -> str:
    who = _offenders(spec, lambda security: "ALL" not in security.get("capabilities", {}).get("drop", []))
    return f'unrestricted capabilities ({who} must set securityContext.capabilities.drop=["ALL"])' if who else ""


def _volume_types(spec: Body) -> str:
    for volume in spec.get("volumes", []):
        used = set(volume) - {"name"} - VOLUMES
        if used:
            kind = min(used)
            return f'restricted volume types (volume "{volume["name"]}" uses restricted volume type "{kind}")'
    return ""


def _non_root(spec: Body) -> str:
    if (spec.get("securityContext") or {}).get("runAsNonRoot"):
        return ""
    who = _offenders(spec, lambda security: not security.get("runAsNonRoot"))
    return f"runAsNonRoot != true (pod or {who} must set securityContext.runAsNonRoot=true)" if who else ""


def _seccomp(spec: Body) -> str:
    allowed = {"RuntimeDefault", "Localhost"}
    if (spec.get("securityContext") or {}).get("seccompProfile", {}).get("type") in allowed:
        return ""
    who = _offenders(spec, lambda security: security.get("seccompProfile", {}).get("type") not in allowed)
    must = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return f"seccompProfile (pod or {who} {must})" if who else ""


BASELINE = (_host_namespaces, _baseline_capabilities, _host_paths, _privileged)
RESTRICTED = (_host_namespaces, _privileged, _escalation, _capabilities, _volume_types, _non_root, _seccomp)
