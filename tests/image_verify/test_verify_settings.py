"""Settings that no check could use: found in the file, and again at the check itself, each with what to write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import dsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from keysigned import private, public_pem, write_public
from verifybench import Bench, config

from sindri_core.context import Context
from sindri_core.errors import ConfigError
from sindri_core.oci.reference import parse
from sindri_core.requests import ValidateRequest
from sindri_core.settings import TrustPolicy
from sindri_core.types import Claim, Issue, Severity
from sindri_image_verify import plugin
from sindri_image_verify.policy import completed, quoted, setting
from sindri_image_verify.roots import LARGEST

WORKFLOW = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main"
ISSUER = "https://token.actions.githubusercontent.com"
KEYLESS = {"certificate_identity": WORKFLOW, "certificate_oidc_issuer": ISSUER}
REPOSITORY = "registry.example/app"


def policy(**terms: Any) -> TrustPolicy:
    """A policy that demands a signature."""
    return TrustPolicy(path="deployment.image_config", claims=frozenset({Claim.SIGNATURE}), **terms)


def issues(given: TrustPolicy, repository: str = REPOSITORY) -> Sequence[Issue]:
    """What the plugin finds when the file is validated."""
    request = ValidateRequest(demands=((repository, given),))
    return plugin.sindri_validate_config(Context(config=config()), request)


def wrong(given: TrustPolicy, field: str, repository: str = REPOSITORY) -> Issue:
    """Expect one error about a field, and the same error at the check."""
    found = [issue for issue in issues(given, repository) if issue.severity == Severity.ERROR]
    assert [issue.path for issue in found] == [f"deployment.image_config.{field}"]
    assert found[0].code == "SND-VER-001"
    assert found[0].hint
    return found[0]


def pem(key: Any) -> str:
    """Any public key as PEM."""
    return str(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def secret(key: Any) -> str:
    """A private key as PEM."""
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({}, "public_keys"),
        ({"certificate_identity": WORKFLOW}, "certificate_oidc_issuer"),
        ({"certificate_oidc_issuer": ISSUER}, "certificate_identity"),
        (KEYLESS | {"certificate_identity_regexp": WORKFLOW}, "certificate_identity_regexp"),
        (KEYLESS | {"certificate_oidc_issuer_regexp": ISSUER}, "certificate_oidc_issuer_regexp"),
        (KEYLESS | {"public_keys": (public_pem(private()),)}, "certificate_identity"),
        ({"public_keys": (public_pem(private()),), "certificate_oidc_issuer": ISSUER}, "certificate_oidc_issuer"),
        (KEYLESS | {"engine": "gpg"}, "engine"),
        (KEYLESS | {"runner": "any"}, "runner"),
        (KEYLESS | {"builder_id": "--key=x"}, "builder_id"),
        (KEYLESS | {"parameters": ("-x",)}, "parameters"),
        (KEYLESS | {"certificate_identity": "a\nb"}, "certificate_identity"),
        (KEYLESS | {"source_repository": "https://user@github.com/acme/app"}, "source_repository"),
        (KEYLESS | {"source_ref": "refs/tags/{version}"}, "source_ref"),
        ({"public_keys": (public_pem(private()),), "ignore_sct": True}, "ignore_sct"),
        ({"public_keys": (public_pem(private()),), "use_signed_timestamps": True}, "use_signed_timestamps"),
        ({"public_keys": ("awskms:///alias/x",), "engine": "native"}, "engine"),
    ],
)
def test_settings_that_contradict_or_say_nothing(terms: dict[str, Any], field: str) -> None:
    """Each is an error of the configuration that names the field and what to write."""
    wrong(policy(**terms), field)


@pytest.mark.parametrize("text", [".*", ".+", "^.*$", "(.*)", "(?:.*)+", "[^x]*", r"https://[^ ]+", ".*|x", r"\S*"])
def test_an_expression_that_matches_anybody_is_refused(text: str) -> None:
    """However it is written."""
    terms = KEYLESS | {"certificate_identity": "", "certificate_identity_regexp": text}
    wrong(policy(**terms), "certificate_identity_regexp")


@pytest.mark.parametrize(
    "text",
    [
        r"(?=a)b",
        r"(?!a)b",
        r"(?<=a)b",
        r"(a)\1",
        r"a*+b",
        r"(?>a)b",
        r"(?P=x)",
        r"a\Z",
        r"\pL",
        r"a{1001}",
        "(",
        "[[:alpha:]]",
        "a{,3}",
        "(?s)a",
        "(a+)+b",
        "ä",
    ],
)
def test_an_expression_that_engines_read_differently_is_refused(text: str) -> None:
    """Only what Python and RE2 both have is taken."""
    terms = KEYLESS | {"certificate_identity": "", "certificate_identity_regexp": text}
    assert "cannot be used" in wrong(policy(**terms), "certificate_identity_regexp").message


def test_an_unescaped_dot_is_a_warning() -> None:
    """The dot of a host name that stands for any character is said, and the escaped one is not."""
    terms = {"certificate_identity_regexp": "https://github.com/acme/.+", "certificate_oidc_issuer": ISSUER}
    (issue,) = issues(policy(**terms))
    assert issue.severity == Severity.WARNING
    assert r"github\.com" in issue.hint
    terms["certificate_identity_regexp"] = r"https://github\.com/acme/[^/]+\.yml@refs/heads/.*"
    assert issues(policy(**terms)) == []


KEYS = {
    "weak RSA": pem(private("rsa1024")),
    "unknown curve": pem(private("k256")),
    "exchange only": pem(x25519.X25519PrivateKey.generate()),
    "DSA": pem(dsa.generate_private_key(2048)),
    "private": secret(private()),
    "cosign's private": "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nx\n-----END SIGSTORE PRIVATE KEY-----",
    "two": pem(private()) * 2,
    "certificate": "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----",
    "damaged": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
    "symmetric": "-----BEGIN SYMMETRIC KEY-----\nAAAA\n-----END SYMMETRIC KEY-----",
}


@pytest.mark.parametrize("text", KEYS.values(), ids=KEYS)
def test_a_key_that_cannot_be_used(tmp_path: Path, text: str) -> None:
    """Private, symmetric, weak and unknown keys are errors, written out or in a file, and never shown."""
    file = tmp_path / "cosign.pub"
    file.write_text(text)
    for key in (text, str(file)):
        issue = wrong(policy(public_keys=(key,)), "public_keys")
        assert text.splitlines()[1] not in issue.message


def test_a_key_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, a folder, a large file and an unknown key service are errors that name it."""
    large = tmp_path / "large.pub"
    large.write_bytes(b" " * 20000)
    for key in (str(tmp_path / "missing.pub"), str(tmp_path), str(large), "gitlab://acme/app", "-key.pub"):
        assert key in wrong(policy(public_keys=(key,)), "public_keys").message


AUTHORITY = '{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "tlogs": [%s]}'
ROOTS = {
    "empty": AUTHORITY % "",
    "expired": AUTHORITY % '{"publicKey": {"validFor": {"end": "2020-01-01T00:00:00Z"}}}',
    "no JSON": "{",
    "another document": '{"mediaType": "application/json", "tlogs": [{}]}',
    "large": " " * (LARGEST + 1),
    "missing": None,
}


@pytest.mark.parametrize("content", ROOTS.values(), ids=ROOTS)
def test_a_trusted_root_that_cannot_be_used(tmp_path: Path, content: str | None) -> None:
    """Missing, empty, expired or too large: an error that says how to make one, never a fetch."""
    file = tmp_path / "root.json"
    if content is not None:
        file.write_text(content)
    issue = wrong(policy(**KEYLESS, trusted_root=str(file)), "trusted_root")
    assert issue.hint.startswith("cosign trusted-root create")


def test_the_check_itself_refuses_such_settings(bench: Bench) -> None:
    """Whoever brings a policy past the validation gets an error of the configuration, not a verdict."""
    bench.demand(certificate_identity=WORKFLOW)
    with pytest.raises(ConfigError) as raised:
        bench.answers(Claim.SIGNATURE)
    assert raised.value.code == "SND-VER-001"
    assert "certificate_identity" in raised.value.message


def test_policies_of_other_verifiers_are_not_ours() -> None:
    """A policy that names other plugins, or demands nothing, is passed over."""
    assert issues(replace(policy(), verifiers=("notary",))) == ()
    assert issues(replace(policy(), claims=frozenset())) == ()


def test_the_hint_is_yaml_that_names_somebody() -> None:
    """What the error shows can be written into the file as it is."""
    hint = wrong(policy(), "public_keys").hint
    keyed, keyless = (yaml.safe_load(part) for part in hint.split("\nor\n"))
    assert keyed == {"public_keys": ["cosign.pub"]}
    assert set(keyless) == {"certificate_identity", "certificate_oidc_issuer"}


@pytest.mark.parametrize("repository", ["ghcr.io/acme/app", "ghcr.io/acme/app/sidecar"])
def test_githubs_registry_completes_the_policy(repository: str) -> None:
    """There the workflows of the repository may sign, on branches and tags of it, and nobody else."""
    assert issues(policy(), repository) == []
    made = completed(policy(), parse(repository))
    assert made.source_repository == "https://github.com/acme/app"
    assert made.certificate_oidc_issuer == ISSUER
    assert issues(made, repository) == []


@pytest.mark.parametrize(
    "repository", ["ghcr.io/acme", "ghcr.io.evil.example/acme/app", "docker.io/acme/app", "ghcr.io:5000/acme/app"]
)
def test_elsewhere_nothing_is_known(repository: str) -> None:
    """Other registries, and what only looks like GitHub's, need settings."""
    wrong(policy(), "public_keys", repository)
    assert completed(policy(), parse(repository)) == policy()


@pytest.mark.parametrize(
    ("images", "good"), [(("ghcr.io/acme/*",), True), (("*",), False), (("ghcr.io/acme/*", "quay.io/acme/*"), False)]
)
def test_an_entry_about_several_repositories(images: tuple[str, ...], good: bool) -> None:
    """Without a signer it is complete only where each of its images is one of GitHub's."""
    assert (issues(policy(images=images), "") == []) == good


def test_a_policy_that_names_somebody_is_left_alone(tmp_path: Path) -> None:
    """GitHub's default adds nothing to what the user wrote."""
    for given in (policy(**KEYLESS), policy(public_keys=(write_public(tmp_path, private()),))):
        assert completed(given, parse("ghcr.io/acme/app")) is given


@pytest.mark.parametrize(
    "text", ["plain", "it's", "a: b", "# x", "*", "- x", "yes: no", "https://a/b@c", "{tag}", "null", "true", "1.0", ""]
)
def test_settings_for_people_are_yaml(text: str) -> None:
    """Whatever a stranger calls himself comes back from YAML as that very text."""
    assert yaml.safe_load(setting("name", [text])) == {"name": [text]}
    assert yaml.safe_load(quoted(text)) == text
