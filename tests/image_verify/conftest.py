"""One image in a registry in memory, a key that signs, and a way to have it judged."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import keysigned
import pytest
from attachable import Attachable

from sindri_core.context import Context
from sindri_core.requests import VerifyRequest
from sindri_core.settings import Config, Cpus, ImageSettings, Resources, Size, Trust, TrustPolicy
from sindri_core.types import Claim, ResolvedImage, Verdict, Verification
from sindri_image_verify import plugin

REPOSITORY = "registry.example/app"


def config() -> Config:
    """A configuration that says nothing about images."""
    resources = Resources(cpus=Cpus(1000), memory=Size(1 << 30))
    return Config(
        name="env", provider="none", resources=resources, workspace_size=Size(1 << 30), workspace_path="/workspace"
    )


@dataclass
class Bench:
    """An image to be judged: ``digest`` in ``registry``, by ``policy``."""

    registry: Attachable
    digest: str
    policy: TrustPolicy
    maker: keysigned.Maker
    folder: Path
    repository: str = REPOSITORY
    tag: str = ""
    environ: dict[str, str] = field(default_factory=dict)
    cache_dir: Path | None = None

    def demand(self, **terms: Any) -> None:
        """Change the policy."""
        self.policy = replace(self.policy, **terms)

    def context(self) -> Context:
        """The run in which it is judged."""
        return Context(config=config(), environ=self.environ, cache_dir=self.cache_dir)

    def answers(self, *claims: Claim, offline: bool = False) -> Sequence[Verification]:
        """Ask the plugin about the claims."""
        deployed = f"{self.repository}@{self.digest}"
        image = ResolvedImage(reference=deployed, deployed=deployed, digest=self.digest, tag=self.tag)
        request = VerifyRequest(
            image=image,
            claims=frozenset(claims),
            trust=Trust(own=self.policy),
            settings=ImageSettings(reference=deployed),
            policy=self.policy,
            registry=None if offline else self.registry,
        )
        return plugin.sindri_verify_image(self.context(), request)

    def accepted(self, claim: Claim = Claim.SIGNATURE) -> Verification:
        """Expect that it is accepted."""
        (answer,) = self.answers(claim)
        assert answer.verdict == Verdict.ACCEPTED, f"{answer.reason} {answer.found} {answer.wanted}"
        assert (answer.claim, answer.digest) == (claim, self.digest)
        return answer

    def refused(self, claim: Claim = Claim.SIGNATURE) -> Verification:
        """Expect that it is refused, with a reason."""
        (answer,) = self.answers(claim)
        assert answer.verdict == Verdict.REFUSED, answer.evidence
        assert answer.reason
        return answer


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what may ask for a real tool, so that ``-m supply_chain`` finds it."""
    for item in items:
        name = getattr(item, "callspec", None)
        wants = {"cosign", "old_cosign"} & set(getattr(item, "fixturenames", ()))
        if wants or (name and name.params.get("engine") == "cosign"):
            item.add_marker(pytest.mark.supply_chain)


def tool(name: str) -> str:
    """Find a real tool. Without one the test is skipped, or fails where SINDRI_TEST_REQUIRE=1 demands it."""
    home = Path(os.environ.get("TESTBED_HOME", Path.home() / ".cache" / "sindri-testbed"))
    found = shutil.which(name, path=os.pathsep.join((str(home / "bin"), os.environ.get("PATH", ""))))
    if found:
        return found
    if os.environ.get("SINDRI_TEST_REQUIRE") == "1":
        pytest.fail(f"{name} is required and not there", pytrace=False)
    pytest.skip(f"{name} is not there")


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
