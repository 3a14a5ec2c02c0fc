"""One image in a registry in memory, a key that signs, and a way to have it judged."""

from __future__ import annotations

from pathlib import Path

import keysigned
import pytest
from attachable import Attachable
from realtools import tool
from verifybench import Bench

from sindri_core.settings import TrustPolicy
from sindri_core.types import Claim


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what may ask for a real tool, so that ``-m supply_chain`` finds it."""
    for item in items:
        name = getattr(item, "callspec", None)
        wants = {"cosign", "old_cosign"} & set(getattr(item, "fixturenames", ()))
        if wants or (name and name.params.get("engine") == "cosign"):
            item.add_marker(pytest.mark.supply_chain)


@pytest.fixture
def cosign() -> str:
    """The real cosign."""
    return tool("cosign")


@pytest.fixture
def old_cosign() -> str:
    """A real cosign that is too old to be trusted."""
    return tool("cosign-old")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """An image without any signature, and a policy that trusts one key."""
    registry = Attachable()
    maker = keysigned.Maker()
    policy = TrustPolicy(
        path="deployment.image_config",
        claims=frozenset({Claim.SIGNATURE}),
        public_keys=(keysigned.write_public(tmp_path, maker.key),),
    )
    return Bench(registry=registry, digest=registry.image(), policy=policy, maker=maker, folder=tmp_path)
