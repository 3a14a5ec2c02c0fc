"""Image references."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sindri_core.errors import ImageError
from sindri_core.oci.reference import Reference, parse

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sindri:latest", Reference(path="sindri", tag="latest")),
        ("library/sindri", Reference(path="library/sindri")),
        ("ghcr.io/my-org/app:v1.0.0", Reference(host="ghcr.io", path="my-org/app", tag="v1.0.0")),
        (f"localhost:5001/app@{DIGEST}", Reference(host="localhost:5001", path="app", digest=DIGEST)),
        (f"[::1]:5000/a/b:t@{DIGEST}", Reference(host="[::1]:5000", path="a/b", tag="t", digest=DIGEST)),
        ("localhost/app", Reference(host="localhost", path="app")),
    ],
)
def test_a_reference_is_taken_apart_and_written_again(text: str, expected: Reference) -> None:
    """Every part goes where the grammar says, and writing gives the same text."""
    assert parse(text) == expected
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "-x",
            "--help",
            "UPPER",
            "a//b",
            "a:",
            "a@",
            "a@sha256:abc",
            "a b",
            "a:b:c",
            "a\n",
            "../a",
            "a/../b",
        ),
        *(
            "user@ghcr.io/a",
            "user:pw@ghcr.io/a",
            f"a@{DIGEST}@{DIGEST}",
            "ghcr.io@evil.example/a",
            "ghcr.io\\evil.example/a",
        ),
        *(
            "ghcr.io./a",
            "ghcr.io/a%2fb",
            "ghcr.io/%2e%2e/a",
            "ghcr.io//a",
            "ghcr.io/./a",
            "ghcr.io/a/",
            "/a",
            "ghcr.io:/a",
        ),
        *("ghcr.io:0/a", "ghcr.io:00443/a", "ghcr.io:65536/a", "ghcr.io:99999/a", "ghcr.io:-1/a", "ghcr.io:443:443/a"),
        *(
            "ghcr.io/A/b",
            "ghcr.io/a?b",
            "ghcr.io/a#b",
            "ghcr.io/a;b",
            "g\u04bbcr.io/a",
            "ghcr\u3002io/a",
            "ghcr.io/\uff41",
            "::1/a",
        ),
        *("[::1/a", "::1]/a", "[]/a", "[::g]/a", "[::1]x/a", "[1.2.3.4]/a", "[::1%25eth0]/a", "[[::1]]/a", "-a.io/b"),
        *(
            f"a:t@{DIGEST}x",
            f"a@{DIGEST.upper()}",
            "a@sha256:" + "A" * 64,
            f"a@{DIGEST}:t",
            f"a@{DIGEST}\n",
            "a:-t",
            "a:.t",
        ),
        *("http://ghcr.io/a", "ghcr.io/", "a@sha512:" + "a" * 128, "a:" + "t" * 129, "x/" * 150 + "x", "é", "a\u0000"),
    ],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    """Options, URLs, traversal, control characters and wrong digests never become part of a manifest."""
    with pytest.raises(ImageError) as caught:
        parse(text)
    assert caught.value.code == "SND-IMG-001"
    assert caught.value.hint


@given(st.text(max_size=80))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    """Nothing but ImageError leaves the parser, and what it accepts it writes back unchanged."""
    try:
        reference = parse(text)
    except ImageError:
        return
    assert str(reference) == text


@pytest.mark.parametrize(
    ("text", "host", "path", "canonical"),
    [
        ("alpine", "registry-1.docker.io", "library/alpine", "docker.io/library/alpine"),
        ("alpine:3", "registry-1.docker.io", "library/alpine", "docker.io/library/alpine"),
        ("bitnami/redis", "registry-1.docker.io", "bitnami/redis", "docker.io/bitnami/redis"),
        ("docker.io/alpine", "registry-1.docker.io", "library/alpine", "docker.io/library/alpine"),
        ("DOCKER.IO/alpine", "registry-1.docker.io", "library/alpine", "docker.io/library/alpine"),
        ("docker.io:443/alpine", "registry-1.docker.io", "library/alpine", "docker.io/library/alpine"),
        ("index.docker.io/library/alpine", "registry-1.docker.io", "library/alpine", "docker.io/library/alpine"),
        ("registry-1.docker.io/alpine", "registry-1.docker.io", "library/alpine", "docker.io/library/alpine"),
        ("docker.io.evil.example/alpine", "docker.io.evil.example", "alpine", "docker.io.evil.example/alpine"),
        ("GHCR.io/acme/app", "ghcr.io", "acme/app", "ghcr.io/acme/app"),
        ("ghcr.io:443/acme/app", "ghcr.io:443", "acme/app", "ghcr.io/acme/app"),
        ("ghcr.io:4430/acme/app", "ghcr.io:4430", "acme/app", "ghcr.io:4430/acme/app"),
        ("localhost/app", "localhost", "app", "localhost/app"),
        ("localhost:5000/app", "localhost:5000", "app", "localhost:5000/app"),
        ("[::1]:443/app", "[::1]:443", "app", "[::1]/app"),
        ("[fe80::443]/app", "[fe80::443]", "app", "[fe80::443]/app"),
        ("library/library/x", "registry-1.docker.io", "library/library/x", "docker.io/library/library/x"),
    ],
)
def test_a_repository_has_one_spelling(text: str, host: str, path: str, canonical: str) -> None:
    """Whom to ask for what, and how repositories are compared, whatever short or long form was written."""
    reference = parse(text)
    assert (reference.api_host, reference.api_path, reference.canonical) == (host, path, canonical)
    assert str(reference) == text


_names = st.from_regex(r"[a-z0-9]{1,8}([._-][a-z0-9]{1,4}){0,2}", fullmatch=True)
_hosts = st.sampled_from(
    ["", "ghcr.io", "Ghcr.IO", "ghcr.io:443", "localhost:5000", "docker.io", "index.docker.io", "[::1]:80"]
)


@given(_hosts, st.lists(_names, min_size=1, max_size=3), st.sampled_from(["", ":v1.0", f"@{DIGEST}", f":v1@{DIGEST}"]))
def test_the_one_spelling_is_a_reference_to_the_same(host: str, names: list[str], rest: str) -> None:
    """Writing the canonical name down and reading it again leads to the same repository."""
    path = "/".join(names)
    try:
        reference = parse(f"{host}/{path}{rest}" if host else f"{path}{rest}")
    except ImageError:
        return
    again = parse(reference.canonical)
    assert (again.canonical, again.api_path) == (reference.canonical, reference.api_path)
    assert again.registry == reference.registry


def test_a_policy_is_not_missed_by_another_spelling() -> None:
    """Whoever demands something of ghcr.io/acme demands it by every way to write that registry."""
    from sindri_core.oci.repositories import closeness

    for text in ("ghcr.io/acme/app", "GHCR.IO/acme/app", "ghcr.io:443/acme/app"):
        assert closeness(["ghcr.io/acme/*"], parse(text))
    for text in ("alpine", "docker.io/alpine", "index.docker.io:443/library/alpine"):
        assert closeness(["docker.io/library/*"], parse(text))
