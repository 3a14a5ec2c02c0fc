"""What the models accepted about trust, as plain data, into the values that the rest of the program works with."""

from __future__ import annotations

import os.path
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sindri_core.settings import KEY_SERVICES, RegistrySettings, Trust, TrustPolicy
from sindri_core.types import Claim

if TYPE_CHECKING:
    from pathlib import Path

_PEM = "-----BEGIN"
_ELSEWHERE = {"source", "path", "rank", "images", "claims", "verifiers", "public_keys", "trusted_root"}
_PLAIN = tuple(field.name for field in fields(TrustPolicy) if field.name not in _ELSEWHERE)


def trust_of(effective: Mapping[str, Any], file: Path | None) -> Trust:
    """Return what sindri.yaml says; paths in it are read from its own folder."""
    parts = effective["deployment"]["image_config"] or {}
    wanted = {Claim.SIGNATURE: parts.get("verify_signature"), Claim.PROVENANCE: parts.get("verify_provenance")}
    own = policy_of(
        parts,
        file,
        source=file.name if file else "sindri.yaml",
        path="deployment.image_config",
        claims=frozenset(claim for claim, required in wanted.items() if required),
        verifiers=tuple(effective["trust"]["verifiers"]),
    )
    return Trust(
        own=own,
        policies=policies(effective["trust"], file, source=own.source, at="trust."),
        registries=registries(effective["registries"], file),
    )


def policies(
    trust: Mapping[str, Any], file: Path | None, *, source: str, at: str = "", rank: int = 0
) -> tuple[TrustPolicy, ...]:
    """Return the entries of ``policies``; ``at`` is the path of what surrounds them."""
    return tuple(
        policy_of(
            entry,
            file,
            source=source,
            path=f"{at}policies[{index}]",
            rank=rank,
            images=tuple(entry["images"]),
            claims=frozenset(map(Claim, entry["require"])),
            verifiers=tuple(trust["verifiers"]),
        )
        for index, entry in enumerate(trust["policies"])
    )


def registries(given: Mapping[str, Any], file: Path | None, *, vouched: bool = False) -> tuple[RegistrySettings, ...]:
    """Return the entries of ``registries``, each host in its one spelling. Of two that mean one the first counts."""
    found: dict[str, RegistrySettings] = {}
    for each in _registries(given, file, vouched=vouched):
        found.setdefault(each.host, each)
    return tuple(found.values())


def _registries(given: Mapping[str, Any], file: Path | None, *, vouched: bool) -> Iterator[RegistrySettings]:
    from sindri_core.oci.reference import parse

    for host, entry in given.items():
        yield RegistrySettings(
            host=parse(f"{host}/x").registry,
            insecure=entry["insecure"],
            ca_file=_beside(file, entry["ca_file"]),
            realm_hosts=tuple(entry["realm_hosts"]),
            vouched=vouched,
        )


def policy_of(terms: Mapping[str, Any], file: Path | None, **known: Any) -> TrustPolicy:
    """Return the policy with these terms; paths are read from the file's own folder, else from the current one."""
    plain: dict[str, Any] = {
        name: tuple(terms[name]) if isinstance(terms[name], list) else terms[name] for name in _PLAIN if name in terms
    }
    keys = tuple(_key(key, file) for key in terms.get("public_keys", ()))
    root = _beside(file, terms.get("trusted_root", ""))
    return TrustPolicy(**known, **plain, public_keys=keys, trusted_root=root)


def _key(text: str, file: Path | None) -> str:
    """A key that is written out, or lies in a service, is as it is; any other is a file."""
    return text if _PEM in text or text.startswith(KEY_SERVICES) else _beside(file, text)


def _beside(file: Path | None, name: str) -> str:
    """The absolute path of what a file names: from the file's own folder, else from the current one."""
    if not name:
        return ""
    folder = os.path.dirname(os.path.abspath(file)) if file else os.getcwd()  # noqa: PTH100, PTH109, PTH120 - start-up
    return os.path.join(folder, os.path.expanduser(name))  # noqa: PTH111, PTH118 - the same
