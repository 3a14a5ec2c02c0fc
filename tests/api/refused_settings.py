"""Images that must not get through with these settings, this environment, this cosign, these kept verdicts."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from typing import Any

import signing
from cryptography.hazmat.primitives import serialization
from refusals import ISSUER, WORKFLOW, Play, Scene, also, scene, signed_by
from sigstore_authority import Authority


@scene("18 a private key in the settings", exit=2, code="SND-CFG-001", said="private key")
def _(s: Scene) -> None:
    s.sign()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    text = s.key.private_bytes(pem, form, serialization.NoEncryption()).decode()
    (s.folder / "cosign.pub").write_text(text)


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
