"""Write the table of fields that the simulated cluster validates and merges by, from a real API server.

Run it with a kubeconfig of a real cluster; it goes through kubectl, which must be on PATH:

    python bench/simulation_schema.py KUBECONFIG > plugins/kubernetes/sindri_kubernetes/testing/schema.json

A type is written as: ``s`` string, ``i`` integer, ``n`` number, ``b`` boolean, ``q`` quantity, ``x`` integer or string,
``o`` any object, ``#Name`` a structure; ``["l", item]`` an atomic list, ``["S", item]`` a set, ``["m", item, keys]`` a
list merged by keys (with the key's default, or null), ``["M", value]`` a map, ``["A", value]`` an atomic map. An atomic
structure has the field ``!``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from sindri_kubernetes.testing.kinds import KINDS

SCALARS = {"string": "s", "integer": "i", "number": "n", "boolean": "b"}
ROOTS = {kind.name: kind.root for kind in KINDS} | {
    "Scale": "/apis/autoscaling/v1",
    "SelfSubjectAccessReview": "/apis/authorization.k8s.io/v1",
    "SelfSubjectReview": "/apis/authentication.k8s.io/v1",
}


def fetch(kubeconfig: str, path: str) -> dict[str, Any]:
    """Ask the server through kubectl."""
    argv = ["kubectl", "--kubeconfig", kubeconfig, "get", "--raw", path]
    done = subprocess.run(argv, check=True, capture_output=True, timeout=60)
    return dict(json.loads(done.stdout))


def main(kubeconfig: str) -> None:
    """Print the table."""
    definitions: dict[str, Any] = {}
    tops: dict[str, str] = {}
    for root in sorted(set(ROOTS.values())):
        schemas = fetch(kubeconfig, f"/openapi/v3{root}")["components"]["schemas"]
        definitions |= schemas
        group, _, version = root.removeprefix("/apis/").removeprefix("/api/").rpartition("/")
        for name, schema in schemas.items():
            for gvk in schema.get("x-kubernetes-group-version-kind", ()):
                wanted = {"group": group, "version": version, "kind": gvk["kind"]}
                if gvk == wanted and ROOTS.get(gvk["kind"]) == root and name.endswith("." + gvk["kind"]):
                    tops[gvk["kind"]] = name
    table: dict[str, Any] = {}
    todo = list(tops.values())
    while todo:
        name = todo.pop()
        short = brief(name)
        if short in table:
            continue
        schema = definitions[name]
        table[short] = {
            field: kind_of(spec, definitions, todo) for field, spec in sorted(schema.get("properties", {}).items())
        }
        if schema.get("x-kubernetes-map-type") == "atomic":
            table[short]["!"] = 1
    result = {"kinds": {kind: brief(name) for kind, name in sorted(tops.items())}, "types": dict(sorted(table.items()))}
    print(json.dumps(result, separators=(",", ":")))


def brief(name: str) -> str:
    """Shorten a definition's name."""
    parts = name.split(".")
    return ".".join(parts[-3:]) if "api" in parts[:3] else parts[-1]


def kind_of(spec: dict[str, Any], definitions: dict[str, Any], todo: list[str]) -> Any:
    """Write one type in the short form."""
    if "allOf" in spec:
        spec = {**spec["allOf"][0], **{key: value for key, value in spec.items() if key != "allOf"}}
    if "$ref" in spec:
        name = spec["$ref"].rsplit("/", 1)[1]
        target = definitions[name]
        if name.endswith(".Quantity"):
            return "q"
        if "oneOf" in target or target.get("format") == "int-or-string":
            return "x"
        if target.get("properties"):
            todo.append(name)
            return f"#{brief(name)}"
        return SCALARS.get(target.get("type", ""), "o")
    if spec.get("type") == "array":
        item = kind_of(spec["items"], definitions, todo)
        list_type = spec.get("x-kubernetes-list-type", "atomic")
        if list_type == "map":
            return [
                "m",
                item,
                {key: default(spec["items"], key, definitions) for key in spec["x-kubernetes-list-map-keys"]},
            ]
        return ["S" if list_type == "set" else "l", item]
    if spec.get("type") == "object":
        if "additionalProperties" not in spec:
            return "o"
        letter = "A" if spec.get("x-kubernetes-map-type") == "atomic" else "M"
        return [letter, kind_of(spec["additionalProperties"], definitions, todo)]
    return SCALARS.get(spec.get("type", ""), "o")


def default(items: dict[str, Any], key: str, definitions: dict[str, Any]) -> Any:
    """Find the default of a list's key, or None; the empty string is no default."""
    reference = items.get("$ref") or items["allOf"][0]["$ref"]
    return definitions[reference.rsplit("/", 1)[1]]["properties"][key].get("default") or None


if __name__ == "__main__":
    main(sys.argv[1])
