"""The life of an environment as sindri itself plays it: what it sends, and what the cluster answers, as shapes.

A shape leaves out what differs between two runs on one cluster: uids, times, versions, names with random parts.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl

from sindri_core.core import Core

if TYPE_CHECKING:
    from proxy import Exchange, Proxy

Shape: TypeAlias = tuple[str, int, str]
"""Request, status, and the names and types of the answer's fields as JSON."""

ONCE = re.compile(r"\b(dev-[a-z0-9]{8,10}(-[a-z0-9]{5})?|node-\d|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")
MANAGED = {"managedFields", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "annotations"}
"""What controllers write beside us, each at its own pace; the scenarios compare it where it has settled."""
OK = 200
STILL = re.compile(r"/(configmaps|services|serviceaccounts)/[^/]+$")

DEPLOYMENT: dict[str, Any] = {"provider": "kubernetes", "image": "sindri@sha256:" + "5" * 64}
CONFIG: dict[str, Any] = {"name": "dev", "deployment": DEPLOYMENT}
LIFE: dict[str, Callable[[Core, Core], object]] = {
    "plan": lambda core, _: core.plan(),
    "deploy": lambda core, _: core.deploy(),
    "second deploy": lambda core, _: core.deploy(),
    "changed deploy": lambda _, changed: changed.deploy(),
    "stop": lambda _, changed: changed.stop(),
    "start": lambda _, changed: changed.start(),
    "destroy": lambda _, changed: changed.destroy(),
    "deploy again": lambda core, _: core.deploy(),
    "destroy with data": lambda core, _: core.destroy(delete_data=True),
}


@contextmanager
def _cores(proxy: Proxy, state: Path) -> Iterator[tuple[Core, Core, str]]:
    namespace = f"life-{secrets.token_hex(4)}"
    environ = {**os.environ, "KUBECONFIG": str(proxy.kubeconfig)}
    config = CONFIG | {"providers": {"kubernetes": {"namespace": namespace}}}
    changed = config | {"deployment": DEPLOYMENT | {"resources": {"cpus": 2}}}
    with Core(config, environ=environ, state_dir=state) as one, Core(changed, environ=environ, state_dir=state) as two:
        yield one, two, namespace


def lived(proxy: Proxy, state: Path) -> dict[str, dict[str, list[Shape]]]:
    """Play the whole life; return for each act what was written, in order, and what was asked, each once."""
    acts: dict[str, dict[str, list[Shape]]] = {}
    with _cores(proxy, state) as (core, changed, namespace):
        for act, play in LIFE.items():
            proxy.exchanges.clear()
            play(core, changed)
            seen = [exchange for exchange in proxy.exchanges if "watch=1" not in exchange.query]
            writes = [shape(exchange, namespace) for exchange in seen if exchange.is_write]
            asked = {shape(exchange, namespace) for exchange in seen if not exchange.is_write and _settled(exchange)}
            acts[act] = {"writes": writes, "asked": sorted(asked)}
    return acts


def _settled(exchange: Exchange) -> bool:
    """Whether the answer does not depend on the moment: nothing that a controller goes on writing."""
    return exchange.method != "GET" or exchange.status != OK or bool(STILL.search(exchange.path))


def shape(exchange: Exchange, namespace: str) -> Shape:
    """Reduce an exchange to what must be the same on every cluster."""
    query = " ".join(f"{key}={value}" for key, value in sorted(parse_qsl(exchange.query)))
    request = f"{exchange.method} {exchange.path} {query} {_sent(exchange)}".replace(namespace, "<namespace>")
    answer = json.loads(exchange.answered.replace(namespace.encode(), b"<namespace>"))
    return ONCE.sub("<one>", request), exchange.status, json.dumps(_bones(answer), sort_keys=True)


def _sent(exchange: Exchange) -> str:
    """What was asked of a review, and the kind of a deletion: they have no query."""
    if not exchange.sent or exchange.method == "PATCH":
        return ""
    body = json.loads(exchange.sent)
    attributes = body.get("spec", {}).get("resourceAttributes") or body.get("propagationPolicy") or ""
    return json.dumps(attributes, sort_keys=True) if attributes else ""


def _said_in_full(body: dict[str, Any]) -> bool:
    """Whether the status is the answer itself: a refusal, or a review."""
    return str(body.get("kind", "")).endswith(("Status", "Review"))


def _bones(value: Any, key: str = "") -> Any:
    """Keep the names of fields, and values where they are plain words that people and programs compare."""
    if isinstance(value, dict):
        left_out = MANAGED if key == "metadata" else set() if _said_in_full(value) else {"status"}
        return {name: _bones(below, name) for name, below in value.items() if name not in left_out}
    if isinstance(value, list):
        return [_bones(item, key) for item in value]
    return value if key in {"kind", "apiVersion", "reason", "code", "type", "name", "allowed"} else type(value).__name__
