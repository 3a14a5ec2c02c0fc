"""Images that must not get through because what was signed, by whom and when, is not what is demanded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import signing
from refusals import ISSUER, WORKFLOW, Scene, also, scene, signed_by
from sigstore_authority import Authority, Terms
from sigstore_certificates import MOMENT, Profile
from sigstore_identities import Workflow, person
from sigstore_statements import signature_of

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
    signed_by(s, Authority.new(), Terms(logged_at=MOMENT + timedelta(days=2)))


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


@scene("26 a bad signature beside a stranger's")
def _(s: Scene) -> None:
    s.sign_legacy("sha256:" + "1" * 64)
    s.attach(Authority.new().bundle(signature_of(s.digest)))


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
