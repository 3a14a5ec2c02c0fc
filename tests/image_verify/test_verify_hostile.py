"""Whatever strangers write, it is read as one thing or refused: no reader fails in any other way."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keysigned import Maker
from sigstore_authority import USUAL, Authority, Terms
from sigstore_identities import Claim, Identity, Workflow, person

from sindri_image_verify import bundle, certificate, simplesigning, statement, uris
from sindri_image_verify.candidates import ATTESTATION, BUNDLE, SIGNATURE, Candidate, read
from sindri_image_verify.refusals import Refused, printable
from sindri_image_verify.strictjson import decoded, mapping

if TYPE_CHECKING:
    from sindri_image_verify.certificate import Certificate

DIGEST = "sha256:" + "a" * 64
AUTHORITY = Authority.new()
BYTES = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), min_size=1, max_size=4)


def der_of(identity: Identity) -> bytes:
    """A certificate for an identity."""
    made = AUTHORITY.bundle(b"{}", Terms(identity=identity))
    return base64.b64decode(made["verificationMaterial"]["certificate"]["rawBytes"])


def parsed(identity: Identity) -> Certificate:
    """What is read from a certificate for an identity."""
    return certificate.parse(der_of(identity))


DER = der_of(USUAL.identity)


def damaged(content: bytes, places: list[tuple[int, int]]) -> bytes:
    """The content with some bytes replaced."""
    changed = bytearray(content)
    for place, value in places:
        changed[place % len(changed)] = value
    return bytes(changed)


@given(BYTES)
@settings(max_examples=400, deadline=None)
def test_a_damaged_certificate_is_refused_or_read(places: list[tuple[int, int]]) -> None:
    """No byte of a certificate makes its reader fail in a way that nobody expects."""
    try:
        certificate.parse(damaged(DER, places))
    except ValueError:
        return


@given(BYTES, st.sampled_from([BUNDLE, SIGNATURE, ATTESTATION]))
@settings(max_examples=200, deadline=None)
def test_a_damaged_candidate_is_refused_or_read(places: list[tuple[int, int]], form: str) -> None:
    """Nor does any byte of a bundle, a signature or an attestation."""
    whole = json.dumps(AUTHORITY.bundle({"_type": "x"})).encode() if form == BUNDLE else Maker().simple(DIGEST)[0]
    notes = {"dev.sigstore.cosign/certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}
    with pytest.raises(Refused):
        read(Candidate(form=form, digest=DIGEST, content=damaged(whole, places), annotations=notes), DIGEST)


MEMBERS = [
    *("_type", "subject", "digest", "sha256", "predicateType", "predicate", "critical", "image", "identity", "type"),
    *("mediaType", "verificationMaterial", "certificate", "rawBytes", "tlogEntries", "dsseEnvelope", "payload"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("0" * 64),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
@settings(max_examples=300, deadline=None)
def test_any_document_is_refused_or_read(data: Any) -> None:
    """Documents of any shape are read or refused by every reader."""
    content = json.dumps(data).encode()
    for parse in (bundle.parse, statement.parse, simplesigning.parse):
        try:
            parse(content)
        except ValueError:
            continue


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": 1, "a": 1}',
        b'{"a": {"b": 1, "b": 2}}',
        b"[" * 100000,
        b'{"a": NaN}',
        b"\xff",
        b"",
        b"[]",
        b'{"a": 1} x',
        b'{"a":' + b"9" * 5000 + b"}",
    ],
)
def test_json_that_could_mean_two_things_is_refused(content: bytes) -> None:
    """A key that stands twice, endless nesting, numbers that are none and text after the end."""
    with pytest.raises(ValueError):
        mapping(content, "document")


@pytest.mark.parametrize("text", ["", "YQ", "YQ=", "YR==", "YQ==\n", " YQ==", "Y-Q=", "YQ===", "é"])
def test_base64_has_one_spelling(text: str) -> None:
    """Padding, line ends, the alphabet for addresses and stray bits are refused."""
    with pytest.raises(ValueError):
        decoded(text, "text")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "http://github.com/a/b",
            "https://user@github.com/a/b",
            "https://github.com:443/a/b",
            "https://github.com/a/b?x",
        ),
        *(
            "https://github.com/a/b#x",
            "https://github.com/../b",
            "https://github.com",
            "https://github.com//b",
            "git+ssh://x/a/b",
        ),
        *(
            "https://github.com/a/b@",
            "https://github.com/a/b@x y",
            "https://[::1]/a",
            "https://g\u0131thub.com/a/b",
            "HTTPS://github.com/a/b",
        ),
    ],
)
def test_a_source_has_a_plain_address(text: str) -> None:
    """User names, ports, queries, fragments, other schemes and paths that lead elsewhere are refused."""
    with pytest.raises(ValueError):
        uris.parse(text)
    assert not uris.same(text, text)


def test_one_source_has_several_spellings() -> None:
    """Scheme of git, ending and the case of host and, at GitHub, of names do not tell repositories apart."""
    for text in (
        "git+https://github.com/acme/app@refs/tags/v1",
        "https://GitHub.com/Acme/App.git",
        "https://github.com/acme/app/",
    ):
        assert uris.same(text, "https://github.com/acme/app")
    assert not uris.same("https://gitlab.com/Acme/app", "https://gitlab.com/acme/app")


@pytest.mark.parametrize(
    "identity",
    [
        person("https://github.com/acme/app"),
        Identity(uris=("ada@acme.example",), claims=USUAL.identity.claims),
        Identity(uris=("https://a b",), claims=USUAL.identity.claims),
        Identity(uris=("https://a/", "https://b/"), claims=USUAL.identity.claims),
        Identity(uris=("https://a/",), emails=("ada@acme.example",), claims=USUAL.identity.claims),
        USUAL.identity.claiming({Claim.ISSUER: None, Claim.ISSUER_V1: None}),
        USUAL.identity.claiming({Claim.ISSUER: "https://evil.example"}),
    ],
)
def test_a_certificate_that_could_mean_two_things_is_refused(identity: Identity) -> None:
    """Names of one kind where another belongs, several names, no issuer or two."""
    with pytest.raises(ValueError):
        parsed(identity)


def test_a_certificate_says_who_and_what() -> None:
    """All that the issuer knew of the run is read."""
    workflow = Workflow()
    found = parsed(workflow.identity)
    assert (found.identity, found.kind) == (workflow.signer_uri, "uri")
    assert (found.source_repository, found.source_ref) == (workflow.repository_uri, workflow.ref)
    assert (found.source_commit, found.trigger, found.runner) == (workflow.commit, "push", "github-hosted")
    assert uris.workflow_path(found.workflow) == workflow.path
    assert parsed(person()).kind == "email"


def test_what_strangers_write_is_printable() -> None:
    """Control characters and long texts do not reach a terminal."""
    assert printable("a\x1b[31m\n\u202e" + "b" * 300) == "a?[31m??" + "b" * 192 + "…"
