"""Forty ways in which an image must not get through, each as a scene that ends before anything is written.

The numbers are those of the list that the design was made from; what a scene does is its title.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import signing
from cryptography.hazmat.primitives import serialization
from registry import BUNDLE, OCI_INDEX, OCI_MANIFEST, Asked, Registry, Reply
from sigstore_authority import USUAL, Authority, Terms
from sigstore_certificates import Profile
from sigstore_identities import Workflow, person
from sigstore_statements import signature_of

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


@scene("01 a tag that moves to the signed image after its first answer")
def _(s: Scene) -> None:
    s.sign()
    signed = s.registry.repositories[REPOSITORY][s.digest]
    other = s.registry.image(REPOSITORY, "1.2.0", content=b"other")
    unsigned = s.registry.repositories[REPOSITORY][other]
    answers = [unsigned]

    def move(asked: Asked) -> None:
        if asked.path.endswith("/manifests/1.2.0"):
            s.registry.repositories[REPOSITORY]["1.2.0"] = answers.pop() if answers else signed

    s.registry.misbehave = move


@scene("02 bytes that are not those of the digest", said="other content")
def _(s: Scene) -> None:
    s.image |= {"tag_override": "", "digest": s.digest}
    kind, content = s.registry.repositories[REPOSITORY][s.digest]
    s.registry.repositories[REPOSITORY][s.digest] = (kind, content + b" ")


@scene("03 a tag of the signed image beside a digest of another")
def _(s: Scene) -> None:
    s.sign()
    other = s.registry.image(REPOSITORY, content=b"unsigned")
    demand = {"images": ["*"], "require": ["signature"], "public_keys": s.image["public_keys"]}
    s.config = {"deployment": {"image": f"{s.image['registry']}:1.2.0@{other}"}, "trust": {"policies": [demand]}}


@scene("04 a signed digest that the repository lost")
def _(s: Scene) -> None:
    s.sign()
    s.image |= {"tag_override": "", "digest": s.digest}
    del s.registry.repositories[REPOSITORY][s.digest]


@scene("04 a digest that the repository lost after it was verified")
def _(s: Scene) -> None:
    s.sign()
    s.image |= {"tag_override": "", "digest": s.digest}
    s.then = lambda: s.registry.repositories[REPOSITORY].pop(s.digest)


also(
    "05 a signature of another image",
    lambda s: s.sign_legacy("sha256:" + "1" * 64),
    lambda s: s.sign("sha256:" + "1" * 64),
)
also(
    "06 a copy in a repository that is not allowed",
    lambda s: s.sign(),
    lambda s: s.image.update(allowed_repositories=["ghcr.io/acme/*"]),
)
also(
    "07 a signature for another repository",
    lambda s: s.sign_legacy(repository="ghcr.io/other/app"),
    lambda s: s.image.update(match_reference=True),
)


@scene("08 an old signed image under a new tag")
def _(s: Scene) -> None:
    s.attest(ref="refs/tags/v1.0.0")
    s.demand_provenance(source_ref="refs/tags/v{tag}")


@scene("09 an image of a signed index, deployed on its own")
def _(s: Scene) -> None:
    index = s.registry.index(REPOSITORY, "2.0.0")
    s.attach(signing.bundle(s.key, signing.statement(index)), index)
    child = json.loads(s.registry.repositories[REPOSITORY][index][1])["manifests"][0]["digest"]
    s.image |= {"tag_override": "", "digest": child}


@scene("10 a document that is image and index", code="SND-IMG-008")
def _(s: Scene) -> None:
    document = json.loads(s.registry.repositories[REPOSITORY][s.digest][1]) | {"manifests": []}
    s.registry.put(REPOSITORY, document, "1.2.0")


@scene("10 an artifact that is no image", code="SND-IMG-008")
def _(s: Scene) -> None:
    document = json.loads(s.registry.repositories[REPOSITORY][s.digest][1])
    document["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json"
    s.registry.put(REPOSITORY, document, "1.2.0")


@scene("11 an index of indexes", code="SND-IMG-008")
def _(s: Scene) -> None:
    inner = s.registry.index(REPOSITORY)
    entry = {"mediaType": OCI_INDEX, "digest": inner, "size": 10}
    s.registry.put(REPOSITORY, {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}, "1.2.0")


@scene("11 two images for one platform", code="SND-IMG-008")
def _(s: Scene) -> None:
    s.registry.index(REPOSITORY, "1.2.0", platforms=("linux/amd64", "linux/amd64"))


@scene("11 no image for the platform of the nodes", code="SND-IMG-016")
def _(s: Scene) -> None:
    s.registry.index(REPOSITORY, "1.2.0", platforms=("linux/s390x", "windows/amd64"))


also("12 a bill of materials offered as a signature", lambda s: s.sign(predicate_type="https://spdx.dev/Document"))


@scene("13 provenance of another version of the type")
def _(s: Scene) -> None:
    stated = signing.statement(s.digest, "https://slsa.dev/provenance/v1/", signing.provenance())
    s.attach(signing.bundle(s.key, stated))
    s.demand_provenance()


@scene("14 a payload of another type")
def _(s: Scene) -> None:
    envelope = signing.envelope(s.key, signing.statement(s.digest), "application/json")
    s.attach(signing.bundle(s.key, b"{}") | {"dsseEnvelope": envelope})


@scene("15 a digest filed under another algorithm")
def _(s: Scene) -> None:
    s.attach(signing.bundle(s.key, signing.statement(s.digest) | {"subject": [{"digest": {"sha512": s.digest[7:]}}]}))


@scene("16 only other images in the statement")
def _(s: Scene) -> None:
    subjects = [{"digest": {"sha256": character * 64}} for character in "123"]
    s.attach(signing.bundle(s.key, signing.statement(s.digest) | {"subject": subjects}))


@scene("17 a payload that was altered after signing")
def _(s: Scene) -> None:
    made = signing.bundle(s.key, signing.statement("sha256:" + "1" * 64))
    made["dsseEnvelope"]["payload"] = signing.encoded(json.dumps(signing.statement(s.digest)).encode())
    s.attach(made)


also("18 another key", lambda s: s.sign(private=signing.key()))


@scene("18 a private key in the settings", exit=2, code="SND-CFG-001", said="private key")
def _(s: Scene) -> None:
    s.sign()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    text = s.key.private_bytes(pem, form, serialization.NoEncryption()).decode()
    (s.folder / "cosign.pub").write_text(text)


def signed_by(s: Scene, authority: Authority, terms: Terms = USUAL, **more: Any) -> None:
    """Sign with a certificate, and demand the release workflow of acme/app."""
    s.attach(authority.bundle(signature_of(s.digest), terms))
    s.keyless(authority, **more)


@scene("19 an identity that only begins alike")
def _(s: Scene) -> None:
    signed_by(s, Authority.new(), Terms(identity=Workflow(repository="acme/app-evil").identity))


@scene("19 an identity that is an e-mail")
def _(s: Scene) -> None:
    signed_by(s, Authority.new(), Terms(identity=person()))


@scene("20 another issuer")
def _(s: Scene) -> None:
    signed_by(s, Authority.new(), certificate_oidc_issuer=f"{ISSUER}.evil.example")


SHARED = Workflow(repository="mallory/app", signer="acme/workflows/.github/workflows/build.yml@refs/tags/v1")


@scene("21 a workflow that others may use, run for a foreign repository")
def _(s: Scene) -> None:
    terms = {"certificate_identity": SHARED.identity.name, "source_repository": "https://github.com/acme/app"}
    signed_by(s, Authority.new(), Terms(identity=SHARED.identity), **terms)


@scene("21 a workflow that others may use, and no repository demanded", said="source_repository: ")
def _(s: Scene) -> None:
    signed_by(s, Authority.new(), Terms(identity=SHARED.identity), certificate_identity=SHARED.identity.name)


@scene("22 a certificate of another authority")
def _(s: Scene) -> None:
    s.attach(Authority.new().bundle(signature_of(s.digest)))
    s.keyless(Authority.new())


@scene("23 neither a log nor a timestamp says when")
def _(s: Scene) -> None:
    signed_by(s, Authority.new(), Terms(logged_at=None))


@scene("23 logged after the certificate was over")
def _(s: Scene) -> None:
    from sigstore_certificates import MOMENT

    signed_by(s, Authority.new(), Terms(logged_at=MOMENT + _days(2)))


@scene("24 the log entry of another artifact")
def _(s: Scene) -> None:
    authority = Authority.new()
    made, other = (authority.bundle(signature_of(d)) for d in (s.digest, "sha256:" + "1" * 64))
    made["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"]
    s.attach(made)
    s.keyless(authority)


@scene("25 no timestamp of a certificate log")
def _(s: Scene) -> None:
    authority = Authority.new()
    profile = Profile(identity=WORKFLOW.identity, scts=())
    signed_by(s, authority, Terms(profile=profile))


@scene("26 a list of signatures that fails", said="fails (500)")
def _(s: Scene) -> None:
    s.sign_legacy()
    s.registry.misbehave = lambda asked: Reply(status=500) if "referrers" in asked.path else None


@scene("26 a bad signature beside a stranger's")
def _(s: Scene) -> None:
    s.sign_legacy("sha256:" + "1" * 64)
    s.attach(Authority.new().bundle(signature_of(s.digest)))


def realm(address: str) -> Play:
    """The registry sends us there for a token."""

    def play(s: Scene) -> None:
        challenge = {"WWW-Authenticate": f'Bearer realm="{address}"'}
        s.registry.misbehave = lambda _: Reply(status=401, headers=challenge)

    return play


also("27 a token service at the metadata address", realm("http://169.254.169.254/token"), code="SND-IMG-012")
also("27 a token service with a name before the @", realm("http://a:b@127.0.0.1/token"), code="SND-IMG-012")


@scene("28 a redirect into our own network", code="SND-IMG-012")
def _(s: Scene) -> None:
    s.registry.misbehave = lambda _: Reply(status=307, headers={"Location": "http://10.0.0.1/secret"})


@scene("29 pages that lead elsewhere", code="SND-IMG-012")
def _(s: Scene) -> None:
    s.image |= {"tag_override": "", "version": "^1.0.0"}
    link = {"Link": '<http://evil.example/v2/x/tags/list>; rel="next"'}
    s.registry.misbehave = lambda asked: (
        Reply(headers=link, content=b'{"tags":["1.2.0"]}') if asked.path.endswith("tags/list") else None
    )


@scene("30 a manifest of five megabytes", code="SND-IMG-008")
def _(s: Scene) -> None:
    content = b'{"schemaVersion":2,' + b" " * (5 << 20) + b'"layers":[]}'
    s.registry.put(REPOSITORY, content, "1.2.0", media_type=OCI_MANIFEST)


@scene("30 more than fifty referrers", said="more than 50")
def _(s: Scene) -> None:
    for number in range(51):
        s.registry.attach(REPOSITORY, s.digest, str(number).encode(), BUNDLE)


def written(text: str) -> Play:
    """The image is written so."""

    def play(s: Scene) -> None:
        s.config["deployment"] = {"image": text}

    return play


for odd in ("ghcr.io@evil.example/app", "ghcr.io/Acme/app", "ghcr.io/acmé/app", "ghcr.io/a%2fb", "ghcr.io/../app"):
    also(f"31 the reference {odd!a}", written(odd), exit=2, code="SND-CFG-001")
for odd in ("ghcr.io./app", "localhost:99999/app", "[::1/app", "a:b:c", "--help"):
    also(f"31 the reference {odd}", written(odd), exit=2, code="SND-CFG-001")


@scene("32 a hostile environment")
def _(s: Scene) -> None:
    s.image["engine"] = "cosign"
    root = s.folder / "root.json"
    root.write_text("{}")
    names = ("COSIGN_REPOSITORY", "SIGSTORE_ROOT_FILE", "SIGSTORE_REKOR_PUBLIC_KEY", "TUF_ROOT", "TUF_MIRROR")
    s.environ |= dict.fromkeys(names, str(root)) | {"COSIGN_EXPERIMENTAL": "1"}


@scene("32 a program called cosign that everybody can write", said="everybody can write")
def _(s: Scene) -> None:
    s.sign()
    shim = s.program("cosign", "echo '[]'; exit 0")
    shim.chmod(shim.stat().st_mode | stat.S_IWOTH)
    s.image["engine"] = "cosign"
    s.environ |= {"SINDRI_COSIGN": "", "PATH": str(shim.parent)}


@scene("32 settings that are options", exit=2, code="SND-CFG-001")
def _(s: Scene) -> None:
    s.image.pop("public_keys")
    s.image |= {"certificate_identity": "--insecure-ignore-tlog", "certificate_oidc_issuer": ISSUER}


def engine(script: str, said: str = "") -> Play:
    """Cosign is this script, and the signature is good."""

    def play(s: Scene) -> None:
        s.sign()
        s.image["engine"] = "cosign"
        version = """[ "$1" = version ] && { echo '{"gitVersion":"v3.1.1"}'; exit 0; }"""
        s.environ["SINDRI_COSIGN"] = str(s.program("cosign", f"{version}\n{script}"))
        s.said = said

    return play


def _old(s: Scene) -> None:
    s.environ["SINDRI_COSIGN"] = str(s.program("cosign", """echo '{"gitVersion":"v3.0.5"}'"""))


def _versionless(s: Scene) -> None:
    s.environ["SINDRI_COSIGN"] = str(s.program("cosign", """echo '{"gitVersion":"devel"}'"""))


also("33 cosign says success and ends with 1", engine("echo 'Verified OK'; echo '[{}]'; exit 1"))
also("33 cosign ends with 0 and says nothing", engine("exit 0"))
also("33 cosign crashes", engine("kill -SEGV $$"))
also("33 cosign is too old", engine(""), _old, said="which accepts what it must not")
also("33 cosign does not say its version", engine(""), _versionless, said="which version")
also("33 cosign is missing", engine(""), lambda s: s.environ.update(SINDRI_COSIGN="", PATH="/nowhere"))


def settings(**terms: Any) -> Play:
    """The settings are these, and the signature is good."""

    def play(s: Scene) -> None:
        s.sign()
        s.image |= terms
        s.image = {name: value for name, value in s.image.items() if value is not None}

    return play


WRONG: Mapping[str, dict[str, Any]] = {
    "no key and no identity": {"public_keys": None},
    "an identity without an issuer": {"public_keys": None, "certificate_identity": "x"},
    "a key with an identity": {"certificate_identity": "x", "certificate_oidc_issuer": "y"},
    "an unknown option": {"certificate_identty": "x"},
    "an expression for everybody": {
        "public_keys": None,
        "certificate_identity_regexp": ".*",
        "certificate_oidc_issuer": ISSUER,
    },
    "exact and expression": {
        "public_keys": None,
        "certificate_identity": "x",
        "certificate_identity_regexp": "x.",
        "certificate_oidc_issuer": ISSUER,
    },
    "a key that is not there": {"public_keys": ["nowhere.pub"]},
}
for name, terms in WRONG.items():
    also(f"34 {name}", settings(**terms), exit=2, code="SND-CFG-001")

DEMANDED = {
    "source_repository": "https://github.com/acme/app",
    "source_ref": "refs/tags/v1.2.0",
    "workflow": ".github/workflows/release.yml",
}
BUILDS: Mapping[str, dict[str, Any]] = {
    "another ref": {"ref": "refs/heads/main"},
    "another repository": {"repository": "https://github.com/acme/other"},
    "another workflow": {"workflow": ".github/workflows/evil.yml"},
    "an extra parameter": {"inputs": {"debug": "true"}},
    "a pull request": {"trigger": "pull_request"},
    "a self-hosted runner": {"runner": "self-hosted"},
}
for name, build in BUILDS.items():
    also(f"35 {name}", partial(Scene.attest, **build), lambda s: s.demand_provenance(**DEMANDED))
also(
    "35 an unknown builder",
    lambda s: s.attest(builder="https://evil.example"),
    lambda s: s.demand_provenance(builder_id="https://good.example"),
)
also(
    "35 an unknown kind of build",
    lambda s: s.attest(build_type="https://evil.example"),
    lambda s: s.demand_provenance(build_type="https://good.example"),
)


@scene("36 two attestations that each satisfy half")
def _(s: Scene) -> None:
    s.attest(ref="refs/heads/main")
    s.attest(workflow=".github/workflows/evil.yml")
    s.demand_provenance(**DEMANDED)


@scene("37 a verdict that was kept under another key")
def _(s: Scene) -> None:
    s.sign()
    s.then = lambda: (s.folder / "cosign.pub").write_text(signing.pem(signing.key()))


@scene("37 a verdict that was kept under another identity")
def _(s: Scene) -> None:
    signed_by(s, Authority.new())
    s.then = lambda: s.image.update(certificate_identity=WORKFLOW.identity.name + "0")


@scene("38 a trusted root whose time is over", exit=2, code="SND-CFG-001")
def _(s: Scene) -> None:
    authority = Authority.new()
    root = authority.trusted_root()
    for each in root["certificateAuthorities"]:
        each["validFor"] = {"start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z"}
    signed_by(s, authority, root=root)


@scene("38 an empty trusted root", exit=2, code="SND-CFG-001")
def _(s: Scene) -> None:
    signed_by(s, Authority.new(), root={})


@scene("38 a trusted root of two megabytes", exit=2, code="SND-CFG-001", said="larger than")
def _(s: Scene) -> None:
    signed_by(s, Authority.new(), root={"x": "x" * (2 << 20)})


def _days(count: int) -> Any:
    from datetime import timedelta

    return timedelta(days=count)


def numbers() -> Iterator[int]:
    """The numbers that have a scene."""
    yield from sorted({int(title.split()[0]) for title in SCENES})
