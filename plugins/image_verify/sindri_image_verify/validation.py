"""Settings that no check could use, said before anything is asked of a registry, each with what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sindri_core.errors import BadReference, ConfigError
from sindri_core.oci.reference import parse
from sindri_core.settings import KEY_SERVICES
from sindri_core.types import Issue, Severity
from sindri_image_verify import keys, regexps, roots, uris
from sindri_image_verify import policy as policies
from sindri_image_verify.policy import setting

if TYPE_CHECKING:
    from sindri_core.settings import TrustPolicy

CODE = "SND-VER-001"
ID = "image-verify"
ENGINES = ("auto", "cosign", "native")
RUNNERS = ("", "github-hosted", "self-hosted")
_KEY = "public_keys: [cosign.pub]"
_IDENTITY = "certificate_identity: https://github.com/my-org/app/.github/workflows/release.yml@refs/heads/main"
_ISSUER = f"certificate_oidc_issuer: {policies.GITHUB_ISSUER}"
_TEXTS = (
    *("certificate_identity", "certificate_oidc_issuer", "source_repository", "source_ref", "source_commit"),
    *("workflow", "builder_id", "build_type", "trusted_root"),
)
_LISTS = ("provenance_types", "triggers", "parameters", "allowed_repositories")


def issues(policy: TrustPolicy, repository: str) -> list[Issue]:
    """List what is wrong with a policy. ``repository`` is the one that it is about, empty for one with patterns."""
    return [
        Issue(
            code=CODE,
            severity=severity,
            path=f"{policy.path}.{field}" if policy.path else field,
            message=message,
            hint=hint,
            file=policy.source if policy.rank else "",
        )
        for find in (_whose, _contradictions, _texts, _expressions, _keys, _root, _choices)
        for severity, field, message, hint in find(policy, repository)
    ]


def require_usable(policy: TrustPolicy, repository: str) -> None:
    """Raise ``ConfigError`` for a policy that cannot be used."""
    wrong = [issue for issue in issues(policy, repository) if issue.severity == Severity.ERROR]
    if wrong:
        message = f"{wrong[0].path}: {wrong[0].message}"
        raise ConfigError(CODE, f"{policy.source}: {message}", hint=wrong[0].hint, issues=wrong)


_Problem = tuple[Severity, str, str, str]
_Found = Iterator[_Problem]


def _whose(policy: TrustPolicy, repository: str) -> _Found:
    """Somebody must be named, or be known from where the image lies."""
    if policy.names_somebody:
        return
    places = [repository] if repository else policy.images
    if places and all(map(_of_github, places)):
        return
    claims = " and ".join(sorted(policy.claims)) or "a signature"
    about = repository or " and ".join(policy.images) or "the image"
    yield (
        Severity.ERROR,
        "public_keys",
        f"{claims} of {about} is required, and nothing says whose word counts",
        f"{_KEY}\nor\n{_IDENTITY}\n{_ISSUER}",
    )


def _of_github(place: str) -> bool:
    if place.endswith("/*"):
        return place.startswith(f"{policies.GITHUB_REGISTRY}/")
    try:
        return bool(policies.github_repository(parse(place)))
    except BadReference:
        return False


def _contradictions(policy: TrustPolicy, _: str) -> _Found:
    identity = policy.certificate_identity or policy.certificate_identity_regexp
    issuer = policy.certificate_oidc_issuer or policy.certificate_oidc_issuer_regexp
    if policy.public_keys and (identity or issuer):
        field = "certificate_identity" if identity else "certificate_oidc_issuer"
        yield (
            Severity.ERROR,
            field,
            "a key and an identity are two different demands",
            f"{_KEY}\nor\n{_IDENTITY}\n{_ISSUER}",
        )
    elif identity and not issuer:
        hint = f"{_ISSUER}"
        yield Severity.ERROR, "certificate_oidc_issuer", "an identity means nothing without who vouches for it", hint
    elif issuer and not identity:
        yield Severity.ERROR, "certificate_identity", "an issuer vouches for many: say for whom", _IDENTITY
    for name in ("certificate_identity", "certificate_oidc_issuer"):
        if getattr(policy, name) and getattr(policy, f"{name}_regexp"):
            yield Severity.ERROR, f"{name}_regexp", f"{name} and {name}_regexp cannot both count", "remove one of them"
    if policy.public_keys and policy.ignore_sct:
        yield Severity.ERROR, "ignore_sct", "a key has no certificate whose log could be ignored", "remove ignore_sct"
    if policy.public_keys and policy.use_signed_timestamps and not policy.trusted_root:
        hint = "trusted_root: trusted_root.json"
        yield Severity.ERROR, "use_signed_timestamps", "no file says which timestamp authority is trusted", hint
    if policy.engine == "native" and any(key.startswith(KEY_SERVICES) for key in policy.public_keys):
        yield Severity.ERROR, "engine", "only cosign can ask a key service", "engine: auto"


def _texts(policy: TrustPolicy, _: str) -> _Found:
    texts = [(name, getattr(policy, name)) for name in _TEXTS]
    texts += [(name, text) for name in _LISTS for text in getattr(policy, name)]
    for name, text in texts:
        if text.startswith("-") or not (text.isprintable() and text.isascii()):
            hint = f"write {name} without it"
            yield Severity.ERROR, name, f"{text!r} starts with a hyphen or has characters that nobody sees", hint
    if policy.source_repository:
        try:
            uris.parse(policy.source_repository)
        except ValueError as error:
            yield Severity.ERROR, "source_repository", str(error), "source_repository: https://github.com/my-org/app"
    if "{" in policy.source_ref.replace("{tag}", ""):
        yield Severity.ERROR, "source_ref", "only {tag} can be filled in", "source_ref: refs/tags/{tag}"


def _expressions(policy: TrustPolicy, _: str) -> _Found:
    for name in ("certificate_identity_regexp", "certificate_oidc_issuer_regexp"):
        text = getattr(policy, name)
        if not text:
            continue
        try:
            regexps.compiled(text)
        except ValueError as error:
            hint = f"write {name.removesuffix('_regexp')}, or an expression in the syntax of RE2 that matches all of it"
            yield Severity.ERROR, name, f"{text!r} cannot be used: {error}", hint
            continue
        if host := regexps.unescaped(text):
            escaped = host.replace(".", r"\.")
            yield Severity.WARNING, name, f"the dot in {host} stands for any character", f"write {escaped}"


def _keys(policy: TrustPolicy, _: str) -> _Found:
    for key in policy.public_keys:
        yield from _loading("public_keys", lambda key=key: keys.load(key), _KEY)  # type: ignore[misc]


def _root(policy: TrustPolicy, _: str) -> _Found:
    if policy.trusted_root:
        hint = "cosign trusted-root create --out trusted_root.json"
        yield from _loading("trusted_root", lambda: roots.read(Path(policy.trusted_root)), hint)


def _loading(field: str, load: Callable[[], object], hint: str) -> _Found:
    try:
        load()
    except ValueError as error:
        yield Severity.ERROR, field, str(error), hint


def _choices(policy: TrustPolicy, _: str) -> _Found:
    options: Sequence[tuple[str, str, Sequence[str]]] = (
        ("engine", policy.engine, ENGINES),
        ("runner", policy.runner, RUNNERS),
    )
    for name, value, known in options:
        if value not in known:
            names = ", ".join(filter(None, known))
            yield Severity.ERROR, name, f"{value!r} is not known", setting(name, known[-1]) + f"  # one of {names}"
