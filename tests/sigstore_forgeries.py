"""Bundles that are wrong in one place: how each is made, and which verifier does not mind.

What a verifier accepts here, a policy of our own has to catch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import sigstore_alterations as alter
from sigstore_authority import USUAL, Authority, Terms
from sigstore_certificates import MOMENT, CertificateAuthority, Profile
from sigstore_identities import GITHUB_ISSUER, Claim, Identity, person
from sigstore_keys import Key
from sigstore_layout import image
from sigstore_log import TransparencyLog
from sigstore_material import encoded
from sigstore_roots import trusted_root
from sigstore_timestamps import TimestampAuthority

if TYPE_CHECKING:
    from collections.abc import Callable

    from sigstore_keys import Document

Verifier = Literal["sigstore", "cosign"]
RIGHT = USUAL.identity
"""Whose signature the policies of tests ask for."""
STRANGER = "https://github.com/mallory/app/.github/workflows/release.yml@refs/tags/v1.4.2"
DAY = timedelta(days=1)
STAMPED = Terms(stamped_at=MOMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forged:
    """A wrong bundle, the trusted root to judge it by, and whose signature it would have to be."""

    bundle: Document
    trusted_root: Document
    identity: Identity = RIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgery:
    """A way to be wrong: given an authority and a statement. ``accepted_by`` are verifiers that take it for right."""

    make: Callable[[Authority, Document], Forged]
    accepted_by: frozenset[Verifier] = frozenset()


def altered(change: Callable[[Document], None], *accepted_by: Verifier, terms: Terms = USUAL) -> Forgery:
    """Make a right bundle and change its JSON afterwards."""
    return altered_with(lambda _authority, _statement, bundle: change(bundle), *accepted_by, terms=terms)


def altered_with(
    change: Callable[[Authority, Document, Document], None], *accepted_by: Verifier, terms: Terms = USUAL
) -> Forgery:
    """Make a right bundle and change its JSON afterwards, with what else the authority can make."""

    def make(authority: Authority, statement: Document) -> Forged:
        bundle = authority.bundle(statement, terms)
        change(authority, statement, bundle)
        return Forged(bundle=bundle, trusted_root=authority.trusted_root())

    return Forgery(make=make, accepted_by=frozenset(accepted_by))


def issued(change: Callable[[Profile], Profile], *accepted_by: Verifier) -> Forgery:
    """Make a bundle whose certificate is wrong."""

    def make(authority: Authority, statement: Document) -> Forged:
        terms = Terms(profile=change(authority.profile()))
        return Forged(bundle=authority.bundle(statement, terms), trusted_root=authority.trusted_root())

    return Forgery(make=make, accepted_by=frozenset(accepted_by))


def naming(identity: Identity, *accepted_by: Verifier) -> Forgery:
    """Make a bundle whose certificate is genuine and says something else."""
    return issued(lambda profile: replace(profile, identity=identity), *accepted_by)


def under(terms: Terms, *accepted_by: Verifier) -> Forgery:
    """Make a bundle that is logged or stamped at another time, or not at all."""
    return altered(lambda _bundle: None, *accepted_by, terms=terms)


def made_by(change: Callable[[Authority], Authority], *accepted_by: Verifier, terms: Terms = USUAL) -> Forgery:
    """Make a bundle with an authority of which one part is another's; the trusted root does not know that part."""

    def make(authority: Authority, statement: Document) -> Forged:
        bundle = change(authority).bundle(statement, replace(terms, profile=authority.profile()))
        return Forged(bundle=bundle, trusted_root=authority.trusted_root())

    return Forgery(make=make, accepted_by=frozenset(accepted_by))


def judged_by(root: Callable[[Authority], Document], *accepted_by: Verifier) -> Forgery:
    """Make a right bundle and judge it by another trusted root."""

    def make(authority: Authority, statement: Document) -> Forged:
        return Forged(bundle=authority.bundle(statement), trusted_root=root(authority))

    return Forgery(make=make, accepted_by=frozenset(accepted_by))


def expired_intermediate(authority: Authority, statement: Document) -> Forged:
    """Make a bundle whose certificate was issued by an intermediate that had ended the day before."""
    late = replace(authority, certificates=CertificateAuthority.new(intermediate_until=MOMENT - DAY))
    return Forged(bundle=late.bundle(statement), trusted_root=late.trusted_root())


def other_payload_type(authority: Authority, statement: Document) -> Forged:
    """Make a bundle whose payload is signed as something else than a statement."""
    bundle = authority.bundle(statement, payload_type="application/json")
    return Forged(bundle=bundle, trusted_root=authority.trusted_root())


def other_entry(authority: Authority, statement: Document, logged: Document) -> Forged:
    """Make a bundle with the log's entry for another statement, which the same certificate signed."""
    leaf = authority.leaf()
    bundle, other = authority.bundle(statement, leaf=leaf), authority.bundle(logged, leaf=leaf)
    alter.material(bundle)["tlogEntries"] = alter.material(other)["tlogEntries"]
    return Forged(bundle=bundle, trusted_root=authority.trusted_root())


def unpadded(authority: Authority, statement: Document) -> Forged:
    """Make a bundle whose payload is written in base64 without the padding it should have."""
    payload = encoded(statement)
    bundle = authority.bundle(payload if len(payload) % 3 else payload + b" ")
    alter.unpad_payload(bundle)
    return Forged(bundle=bundle, trusted_root=authority.trusted_root())


def blob(authority: Authority, statement: Document) -> Forged:
    """Make a bundle that signs the manifest of ``image()`` as a blob, and holds no statement."""
    return Forged(bundle=authority.message_bundle(image().manifest), trusted_root=authority.trusted_root())


def address_as_uri(authority: Authority, statement: Document) -> Forged:
    """Make a bundle whose certificate has a wanted e-mail address where URIs stand."""
    wanted = person()
    bundle = authority.bundle(statement, Terms(identity=Identity(uris=wanted.emails, claims=wanted.claims)))
    return Forged(bundle=bundle, trusted_root=authority.trusted_root(), identity=wanted)


def own_root(authority: Authority, *, ct_logs: bool = True, logs: bool = True) -> Document:
    """Return the authority's trusted root without its logs."""
    return trusted_root(
        authorities=[authority.certificates.chain],
        logs=[authority.log.key] if logs else [],
        ct_logs=[authority.ct_log] if ct_logs else [],
    )


def ended_root(authority: Authority) -> Document:
    """Return the authority's trusted root as it was in force until the day before the signature."""
    return trusted_root(
        authorities=[authority.certificates.chain],
        logs=[authority.log.key],
        ct_logs=[authority.ct_log],
        until=MOMENT - DAY,
    )


BOTH: tuple[Verifier, ...] = ("cosign", "sigstore")
FOREIGN = {
    Claim.SOURCE_REPOSITORY_URI: "https://github.com/mallory/app",
    Claim.SOURCE_REPOSITORY_OWNER_URI: "https://github.com/mallory",
    Claim.WORKFLOW_REPOSITORY: "mallory/app",
}
LOOKALIKE = f"{GITHUB_ISSUER}.evil.example"
FORGERIES: dict[str, Forgery] = {
    "payload altered": altered(alter.alter_payload),
    "payload type altered": altered(alter.alter_payload_type),
    "payload signed as another type": Forgery(make=other_payload_type, accepted_by=frozenset({"sigstore"})),
    "a blob instead of a statement": Forgery(make=blob),
    "a second signature, invalid": altered(alter.add_invalid_signature),
    "a second signature, valid": altered(alter.repeat_signature),
    "an empty signature": altered(alter.empty_signature),
    "no signature": altered(alter.remove_signatures),
    "payload without padding": Forgery(make=unpadded, accepted_by=frozenset({"cosign"})),
    "certificate of another authority": made_by(lambda own: replace(own, certificates=CertificateAuthority.new())),
    "certificate of another key": altered_with(alter.swap_certificate),
    "intermediate expired": Forgery(make=expired_intermediate),
    "certificate of an authority": issued(lambda profile: replace(profile, is_authority=True), "cosign"),
    "certificate not for code": issued(lambda profile: replace(profile, code_signing=False)),
    "no promise of a certificate log": issued(lambda profile: replace(profile, scts=())),
    "promise of an unknown certificate log": issued(lambda profile: replace(profile, scts=(Key.new(),))),
    "logged after the certificate's end": under(Terms(logged_at=MOMENT + DAY)),
    "logged before the certificate": under(Terms(logged_at=MOMENT - DAY)),
    "logged nowhere": under(Terms(logged_at=None)),
    "logged nowhere, but stamped": under(Terms(logged_at=None, stamped_at=MOMENT)),
    "stamped after the certificate's end": under(Terms(stamped_at=MOMENT + DAY)),
    "stamped by an unknown authority": made_by(
        lambda own: replace(own, stamper=TimestampAuthority.new()), "sigstore", terms=STAMPED
    ),
    "stamp of another signature": altered_with(alter.splice_stamp, "sigstore", terms=STAMPED),
    "entry of an unknown log": made_by(lambda own: replace(own, log=TransparencyLog(key=Key.new()))),
    "entry of another artifact": Forgery(make=lambda own, about: other_entry(own, about, {**about, "subject": []})),
    "entry of another signature": Forgery(make=lambda own, about: other_entry(own, about, about)),
    "entry twice": altered(alter.repeat_entry),
    "promise of the log stripped": altered(alter.strip_promise),
    "promise of another log": altered(alter.forge_promise),
    "integrated time altered": altered(alter.alter_time),
    "index in the log altered": altered(alter.alter_index),
    "inclusion proof stripped": altered(alter.strip_proof),
    "inclusion proof altered": altered(alter.alter_proof),
    "checkpoint of another log": altered(alter.forge_checkpoint),
    "checkpoint of another tree": altered_with(alter.mix_checkpoint),
    "several names, the wanted one first": naming(replace(RIGHT, uris=(RIGHT.name, STRANGER)), *BOTH),
    "several names, the wanted one last": naming(replace(RIGHT, uris=(STRANGER, RIGHT.name)), "sigstore"),
    "a name that goes on": naming(replace(RIGHT, uris=(f"{RIGHT.name}-evil",))),
    "a name with another line": naming(replace(RIGHT, uris=(f"{RIGHT.name}\n{STRANGER}",))),
    "an address as a URI": Forgery(make=address_as_uri, accepted_by=frozenset(BOTH)),
    "issuer that looks alike": naming(RIGHT.claiming({Claim.ISSUER: LOOKALIKE, Claim.ISSUER_V1: LOOKALIKE})),
    "issuer missing": naming(RIGHT.claiming({Claim.ISSUER: None, Claim.ISSUER_V1: None})),
    "issuer only in the old extension": naming(RIGHT.claiming({Claim.ISSUER: None}), *BOTH),
    "issuer only in the new extension": naming(RIGHT.claiming({Claim.ISSUER_V1: None}), "cosign"),
    "another issuer in the new extension": naming(RIGHT.claiming({Claim.ISSUER: LOOKALIKE}), "sigstore"),
    "another issuer in the old extension": naming(RIGHT.claiming({Claim.ISSUER_V1: LOOKALIKE}), "cosign"),
    "foreign source repository": naming(RIGHT.claiming(FOREIGN), *BOTH),
    "trusted root of another authority": judged_by(lambda own: Authority.new().trusted_root()),
    "trusted root without certificate logs": judged_by(lambda own: own_root(own, ct_logs=False)),
    "trusted root without logs": judged_by(lambda own: own_root(own, logs=False)),
    "trusted root that ended": judged_by(ended_root, "sigstore"),
    "trusted root of nobody": judged_by(lambda own: trusted_root()),
}
"""Each forgery by what is wrong with it."""
