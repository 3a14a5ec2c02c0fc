"""One image to be judged by the plugin, as a run would ask it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sindri_core.context import Context
from sindri_core.requests import VerifyRequest
from sindri_core.settings import Config, Cpus, ImageSettings, Resources, Size, Trust, TrustPolicy
from sindri_core.types import Claim, ResolvedImage, Verdict, Verification
from sindri_image_verify import plugin

if TYPE_CHECKING:
    import keysigned
    from attachable import Attachable

    from sindri_core.oci.client import RegistryClient

REPOSITORY = "registry.example/app"


def config() -> Config:
    """A configuration that says nothing about images."""
    resources = Resources(cpus=Cpus(1000), memory=Size(1 << 30))
    return Config(
        name="env", provider="none", resources=resources, workspace_size=Size(1 << 30), workspace_path="/workspace"
    )


@dataclass
class Bench:
    """An image to be judged: ``digest`` in ``registry``, or behind ``client``, by ``policy``."""

    registry: Attachable
    digest: str
    policy: TrustPolicy
    maker: keysigned.Maker
    folder: Path
    repository: str = REPOSITORY
    tag: str = ""
    environ: dict[str, str] = field(default_factory=dict)
    cache_dir: Path | None = None
    client: RegistryClient | None = None

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
            registry=None if offline else self.client or self.registry,
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
