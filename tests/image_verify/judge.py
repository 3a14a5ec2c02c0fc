"""What the tests of the verifier share: a registry with one image, and a question about it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import signing
from asking import client
from registry import Registry

from sindri_core.config.validation import default_config
from sindri_core.context import Context, Deadline
from sindri_core.requests import VerifyRequest
from sindri_core.settings import ImageSettings, Trust, TrustPolicy
from sindri_core.types import Claim, Origin, ResolvedImage, Verdict, Verification
from sindri_image_verify.verify import verify

SIGNATURE, PROVENANCE = frozenset({Claim.SIGNATURE}), frozenset({Claim.PROVENANCE})


class Bench:
    """One image in one registry, and a key that is trusted."""

    def __init__(self, registry: Registry, environ: Mapping[str, str], cache: Path | None = None) -> None:
        self.registry = registry
        self.environ = environ
        self.cache = cache
        self.repository = "acme/app"
        self.key = signing.key()
        self.digest = registry.image(self.repository, "1.2.0")
        self.settings: dict[str, Any] = {}

    def sign(self, digest: str = "", private: Any = None, **more: Any) -> None:
        """Attach a signature by a bundle; keywords replace parts of the statement."""
        stated = signing.statement(digest or self.digest, **more)
        self.registry.attach(self.repository, self.digest, signing.bundle(private or self.key, stated))

    def sign_legacy(self, digest: str = "", private: Any = None, repository: str = "", payload: bytes = b"") -> None:
        """Attach a signature of the older kind."""
        content = payload or signing.simple(digest or self.digest, repository or self.registry.host + "/acme/app")
        annotations = noted(private or self.key, content)
        self.registry.attach_legacy(self.repository, self.digest, content, annotations)

    def attest(self, predicate: Any = None, kind: str = signing.SLSA, private: Any = None, **more: Any) -> None:
        """Attach provenance by a bundle; keywords go into the predicate."""
        stated = signing.statement(self.digest, kind, predicate or signing.provenance(**more))
        self.registry.attach(self.repository, self.digest, signing.bundle(private or self.key, stated))

    def ask(
        self,
        claims: frozenset[Claim] = SIGNATURE,
        *,
        digest: str = "",
        tag: str = "1.2.0",
        offline: bool = False,
        **terms: Any,
    ) -> tuple[Verification, ...]:
        """Ask the verifier; keywords are terms of the policy, and the key counts unless they say otherwise."""
        whose = {} if terms.keys() & WHOSE else {"public_keys": (signing.pem(self.key),)}
        policy = TrustPolicy(claims=claims, **{**whose, **terms})
        name = f"{self.registry.name}/{self.repository}"
        wanted = digest or self.digest
        image = ResolvedImage(
            reference=name, deployed=f"{name}@{wanted}", digest=wanted, origin=Origin.REGISTRY, tag=tag
        )
        config = default_config((), name="test")
        ctx = replace(Context(config=config), environ=self.environ, cache_dir=self.cache, deadline=Deadline(60))
        with client(self.registry, environ=self.environ) as asking:
            request = VerifyRequest(
                image=image,
                claims=claims,
                trust=Trust(),
                settings=ImageSettings(),
                policy=policy,
                registry=None if offline else asking,
            )
            return tuple(verify(ctx, request))

    def accepts(self, claims: frozenset[Claim] = SIGNATURE, **terms: Any) -> bool:
        """Whether every claim is accepted."""
        answers = self.ask(claims, **terms)
        assert {answer.claim for answer in answers} == claims
        return all(answer.verdict is Verdict.ACCEPTED for answer in answers)

    def why(self, claims: frozenset[Claim] = SIGNATURE, **terms: Any) -> str:
        """Why it is refused; fails when it is not."""
        answers = self.ask(claims, **terms)
        assert any(answer.verdict is Verdict.REFUSED for answer in answers), answers
        return "; ".join(answer.reason for answer in answers)


def noted(private: Any, payload: bytes) -> dict[str, str]:
    """What stands beside the payload of a signature of the older kind."""
    return {"dev.cosignproject.cosign/signature": signing.encoded(signing.signature(private, payload))}


WHOSE = {
    *("public_keys", "certificate_identity", "certificate_identity_regexp"),
    *("certificate_oidc_issuer", "certificate_oidc_issuer_regexp"),
}


def tools() -> Path:
    """Where the test bed keeps the programs that it builds."""
    home = os.environ.get("TESTBED_HOME") or Path.home() / ".cache" / "sindri-testbed"
    return Path(home) / "bin"


def required(name: str) -> Path:
    """The real program; skipped, or failed where it is required, without it."""
    program = tools() / name
    if program.exists():
        return program
    if os.environ.get("SINDRI_TEST_REQUIRE") == "1":
        pytest.fail(f"{program} is required: run `supply-chain tools`", pytrace=False)
    pytest.skip(f"no {name} in {program.parent}: run `supply-chain tools` once")


@contextmanager
def scene(environ: Mapping[str, str], cache: Path | None = None, **options: Any) -> Iterator[Bench]:
    """A bench with a registry of its own."""
    with Registry(**options) as registry:
        yield Bench(registry, environ, cache)
