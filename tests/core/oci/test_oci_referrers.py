"""What is attached to an image: both places are read, within limits, and a failure is never an empty list."""

from __future__ import annotations

import json

import pytest
from asking import client, in_it
from registry import OCI_INDEX, OCI_MANIFEST, Registry, Reply

from sindri_core.errors import RegistryError


def test_referrers_on_endless_pages_end_at_the_limit(registry: Registry) -> None:
    """The limit counts while reading: a registry cannot make us keep hundreds of pages first."""
    digest = registry.image("app", "1")

    def page(number: int) -> Reply:
        entry = {"mediaType": OCI_MANIFEST, "size": 2}
        entries = [{**entry, "digest": f"sha256:{number:032x}{each:032x}"} for each in range(20)]
        content = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode()
        link = f'</v2/app/referrers/{digest}?page={number}>; rel="next"'
        return Reply(headers={"Content-Type": OCI_INDEX, "Link": link}, content=content)

    registry.misbehave = lambda asked: page(len(registry.asked)) if "referrers" in asked.path else None
    with client(registry) as asking, pytest.raises(RegistryError, match="more than 50"):
        asking.referrers(in_it(registry, "app"), digest)
    assert len(registry.asked) == 3


def test_a_repository_that_is_missing_does_not_hide_the_signatures_of_others(registry: Registry) -> None:
    """A registry that says "no such name" has the referrers API all the same, and is asked for the next image."""
    digest = registry.image("app", "1")
    attached = registry.attach("app", digest, b"{}")
    unknown = Reply(status=404, content=b'{"errors":[{"code":"NAME_UNKNOWN"}]}')
    registry.misbehave = lambda asked: unknown if "/missing/" in asked.path else None
    with client(registry) as asking:
        assert asking.referrers(in_it(registry, "missing"), digest) == ()
        assert [each.digest for each in asking.referrers(in_it(registry, "app"), digest)] == [attached]


@pytest.mark.parametrize("odd", [b"[]", b"{}", b'{"errors":7}', b'{"errors":[{}]}', b"404 page not found\n", b"\xff"])
def test_any_other_not_found_means_that_there_is_no_such_list(odd: bytes) -> None:
    """The fallback tag is read instead; the registry is asked for its list only once."""
    with Registry(referrers=False) as registry:
        first, second = registry.image("app", "1"), registry.image("app", "2", content=b"2")
        attached = registry.attach("app", second, b"{}")
        registry.misbehave = lambda asked: Reply(status=404, content=odd) if "/referrers/" in asked.path else None
        with client(registry) as asking:
            assert asking.referrers(in_it(registry, "app"), first) == ()
            assert [each.digest for each in asking.referrers(in_it(registry, "app"), second)] == [attached]
        assert sum("/referrers/" in asked.path for asked in registry.asked) == 1


def test_both_places_are_merged_without_doubles(registry: Registry) -> None:
    """What the API and the fallback tag both list is listed once; what only one lists is not lost."""
    digest = registry.image("app", "1")
    both = registry.attach("app", digest, b'{"n":1}')
    old = registry.image("app", content=b"attached in the old way")
    entries = [{"mediaType": OCI_MANIFEST, "digest": each, "size": 2} for each in (both, old)]
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
    registry.put("app", document, digest.replace(":", "-"))
    with client(registry) as asking:
        assert sorted(each.digest for each in asking.referrers(in_it(registry, "app"), digest)) == sorted([both, old])


@pytest.mark.parametrize("suffix", ["", ".sig", ".att"])
@pytest.mark.parametrize("status", [401, 403, 500, 502, 429, 503])
def test_a_failing_tag_of_signatures_is_not_a_missing_one(
    registry: Registry, suffix: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only 404 means that nothing is attached."""
    monkeypatch.setattr("sindri_core.oci.transport.PATIENCE", (0.0, 0.0, 0.0))
    digest = registry.image("app", "1")
    registry.misbehave = lambda asked: Reply(status=status) if "sha256-" in asked.path else None
    with client(registry) as asking, pytest.raises(RegistryError):
        asking.attached(in_it(registry, "app"), digest, suffix)
    registry.misbehave = lambda _: None
    with client(registry) as asking:
        assert asking.attached(in_it(registry, "app"), digest, suffix) is None
