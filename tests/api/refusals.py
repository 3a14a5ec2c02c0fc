"""Ways in which an image must not get through, each as a scene that ends before anything is written.

The scenes themselves are in ``refused_images``, ``refused_proofs`` and ``refused_settings``. Their numbers are those of
the list that the design was made from; what a scene does is its title.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import signing
from sigstore_authority import USUAL, Authority, Terms
from sigstore_identities import Workflow
from sigstore_statements import signature_of

if TYPE_CHECKING:
    from registry import Registry

REPOSITORY = "acme/app"
ISSUER = "https://token.actions.githubusercontent.com"
WORKFLOW = Workflow()


@dataclass
class Scene:
    """A registry with one signed image, the settings that demand the signature, and the environment of the run.

    ``image`` is image_config, ``config`` further keys of sindri.yaml, ``code`` and ``exit`` what the run must end
    with, ``said`` a part of what it says. ``then`` is done after the image was verified once, which must succeed.
    """

    registry: Registry
    folder: Path
    cosign: Path
    exit: int = 4
    code: str = "SND-IMG-003"
    said: str = ""
    key: Any = field(default_factory=signing.key)
    environ: dict[str, str] = field(default_factory=dict)
    image: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    digest: str = ""
    then: Callable[[], object] | None = None

    def __post_init__(self) -> None:
        self.digest = self.registry.image(REPOSITORY, "1.2.0")
        (self.folder / "cosign.pub").write_text(signing.pem(self.key))
        self.environ["SINDRI_COSIGN"] = str(self.cosign)
        self.image = {
            "registry": f"{self.registry.host}/{REPOSITORY}",
            "tag_override": "1.2.0",
            "verify_signature": True,
            "public_keys": [str(self.folder / "cosign.pub")],
        }

    def attach(self, bundle: Any, digest: str = "") -> None:
        """Attach a bundle to the image."""
        self.registry.attach(REPOSITORY, digest or self.digest, bundle)

    def sign(self, digest: str = "", private: Any = None, **more: Any) -> None:
        """Attach a signature by the key."""
        self.attach(signing.bundle(private or self.key, signing.statement(digest or self.digest, **more)))

    def sign_legacy(self, digest: str = "", repository: str = "") -> None:
        """Attach a signature of the older kind."""
        payload = signing.simple(digest or self.digest, repository or self.image["registry"])
        self.registry.attach_legacy(REPOSITORY, self.digest, payload, signing.signed_beside(self.key, payload))

    def attest(self, **more: Any) -> None:
        """Attach provenance by the key."""
        predicate = signing.provenance(**more)
        self.attach(signing.bundle(self.key, signing.statement(self.digest, signing.SLSA, predicate)))

    def demand_provenance(self, **terms: Any) -> None:
        """Demand provenance, and nothing else."""
        self.image |= {"verify_signature": False, "verify_provenance": True, **terms}

    def keyless(self, authority: Authority, root: Any = None, **terms: Any) -> None:
        """Demand a signature by the release workflow of acme/app, under this authority."""
        file = self.folder / "root.json"
        file.write_text(json.dumps(authority.trusted_root() if root is None else root))
        self.image.pop("public_keys", None)
        self.image |= {
            "certificate_identity": WORKFLOW.identity.name,
            "certificate_oidc_issuer": ISSUER,
            "trusted_root": str(file),
            **terms,
        }

    def program(self, name: str, script: str) -> Path:
        """Make a program."""
        file = self.folder / "bin" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        return file


Play = Callable[[Scene], None]
SCENES: dict[str, Play] = {}


def scene(title: str, **ends: Any) -> Callable[[Play], Play]:
    """Name a scene, and say how it ends where that is not as usual."""

    def keep(play: Play) -> Play:
        def played(stage: Scene) -> None:
            for name, value in ends.items():
                setattr(stage, name, value)
            play(stage)

        SCENES[title] = played
        return play

    return keep


def also(title: str, *steps: Callable[[Scene], object], **ends: Any) -> None:
    """A scene in few words: what is done, one after the other."""

    def play(stage: Scene) -> None:
        for step in steps:
            step(stage)

    scene(title, **ends)(play)


def signed_by(s: Scene, authority: Authority, terms: Terms = USUAL, **more: Any) -> None:
    """Sign with a certificate, and demand the release workflow of acme/app."""
    s.attach(authority.bundle(signature_of(s.digest), terms))
    s.keyless(authority, **more)


def numbers() -> Iterator[int]:
    """The numbers that have a scene."""
    yield from sorted({int(title.split()[0]) for title in SCENES})
