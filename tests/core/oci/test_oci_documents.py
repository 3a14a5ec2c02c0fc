"""Manifests and indexes: read strictly or refused, whatever the bytes are."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sindri_core.errors import RegistryError
from sindri_core.oci import documents
from sindri_core.oci.documents import DOCKER_INDEX, DOCKER_MANIFEST, IMAGE, INDEX, OCI_INDEX, OCI_MANIFEST
from sindri_core.oci.reference import DIGEST

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": A, "size": 2}
LAYER = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": B, "size": 5, "annotations": {"k": "v"}}
MANIFEST: dict[str, Any] = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": CONFIG, "layers": [LAYER]}


def entry(platform: str = "linux/amd64", media_type: str = OCI_MANIFEST, digest: str = A) -> dict[str, Any]:
    """An entry of an index."""
    system, architecture, *variant = platform.split("/")
    named = {"os": system, "architecture": architecture} | ({"variant": variant[0]} if variant else {})
    return {"mediaType": media_type, "digest": digest, "size": 7, "platform": named}


def index(*entries: dict[str, Any]) -> documents.Document:
    """An index of these entries, read."""
    return read({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}, OCI_INDEX)


def read(data: Any, media_type: str) -> documents.Document:
    """Read a document from its data."""
    return documents.parse(json.dumps(data).encode(), media_type)


@pytest.mark.parametrize("media_type", [OCI_MANIFEST, DOCKER_MANIFEST, OCI_INDEX, DOCKER_INDEX])
@pytest.mark.parametrize("decoration", ["{}", "{}; charset=utf-8", " {} "])
@pytest.mark.parametrize("says_it", [True, False])
def test_both_families_of_types_are_read(media_type: str, decoration: str, *, says_it: bool) -> None:
    """OCI's and Docker's, with a parameter behind the type, and without the type in the document itself."""
    is_index = media_type in {OCI_INDEX, DOCKER_INDEX}
    data = {"schemaVersion": 2, "manifests": [entry()]} if is_index else {**MANIFEST}
    data.pop("mediaType", None)
    found = read(data | ({"mediaType": media_type} if says_it else {}), decoration.format(media_type))
    assert (found.kind, found.media_type) == (INDEX if is_index else IMAGE, media_type)


def test_a_manifest_is_what_it_says() -> None:
    """Every part of it, with the digest of exactly its bytes."""
    content = json.dumps({**MANIFEST, "subject": {**LAYER, "mediaType": OCI_MANIFEST}, "artifactType": "x/y"}).encode()
    found = documents.parse(content, OCI_MANIFEST)
    assert found.digest == documents.digest_of(content)
    assert found.content == content
    assert found.config is not None
    assert (found.config.digest, found.config.size) == (A, 2)
    assert [(layer.digest, layer.annotations) for layer in found.layers] == [(B, {"k": "v"})]
    assert found.subject is not None
    assert (found.subject.digest, found.artifact_type) == (B, "x/y")


ODD: dict[str, Any] = {
    "a digest of another algorithm": {**CONFIG, "digest": "sha512:" + "a" * 128},
    "a short digest": {**CONFIG, "digest": A[:-1]},
    "a digest with a newline": {**CONFIG, "digest": A + "\n"},
    "a digest in wide digits": {**CONFIG, "digest": "sha256:" + "\u0661" * 64},
    "no digest": {"mediaType": "x", "size": 1},
    "an absurd size": {**CONFIG, "size": 1 << 60},
    "a size with a point": {**CONFIG, "size": 1.5},
    "a size in words": {**CONFIG, "size": "2"},
    "no type": {**CONFIG, "mediaType": ""},
    "a type that is a number": {**CONFIG, "mediaType": 5},
    "annotations that are numbers": {**CONFIG, "annotations": {"k": 1}},
    "annotations that are a list": {**CONFIG, "annotations": ["k"]},
    "a platform that is a text": {**CONFIG, "platform": "linux/amd64"},
    "a platform of numbers": {**CONFIG, "platform": {"os": 1, "architecture": 2}},
    "a list": [CONFIG],
    "null": None,
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_descriptor_is_refused_wherever_it_stands(odd: Any) -> None:
    """As configuration, layer, subject, or entry of an index."""
    for data, media_type in (
        ({**MANIFEST, "config": odd}, OCI_MANIFEST),
        ({**MANIFEST, "layers": [LAYER, odd]}, OCI_MANIFEST),
        ({"schemaVersion": 2, "manifests": [entry(), odd]}, OCI_INDEX),
    ):
        with pytest.raises(RegistryError) as caught:
            read(data, media_type)
        assert caught.value.code == "SND-IMG-008"
    if odd is not None:
        with pytest.raises(RegistryError):
            read({**MANIFEST, "subject": odd}, OCI_MANIFEST)


@pytest.mark.parametrize("version", [1, 3, "2", True, None, [2], 2.5])
def test_there_is_one_version_of_the_format(version: Any) -> None:
    """And it is 2."""
    with pytest.raises(RegistryError):
        read({**MANIFEST, "schemaVersion": version}, OCI_MANIFEST)


@pytest.mark.parametrize(
    "content",
    [
        b'{"schemaVersion":2,"schemaVersion":2}',
        json.dumps(MANIFEST).replace('"size": 2', '"size": 2, "size": 2').encode(),
        json.dumps(MANIFEST).replace('{"k": "v"}', '{"k": "v", "k": "v"}').encode(),
        b"\xef\xbb\xbf" + json.dumps(MANIFEST).encode(),
        json.dumps(MANIFEST).encode("utf-16"),
        json.dumps(MANIFEST).encode() + b"{}",
        json.dumps({**MANIFEST, "x": 0}).replace('"x": 0', '"x": Infinity').encode(),
        json.dumps({**MANIFEST, "x": 0}).replace('"x": 0', '"x": ' + "9" * 5000).encode(),
        json.dumps({**MANIFEST, "x": "\udfff"}).encode(),
        json.dumps({**MANIFEST, "\ud800": "x"}).encode(),
        b'{"a":' * 100_000,
    ],
)
def test_what_two_readers_could_read_in_two_ways_is_refused(content: bytes) -> None:
    """Keys that stand twice at any depth, other encodings, what is not JSON, and texts that nobody can write."""
    with pytest.raises(RegistryError) as caught:
        documents.parse(content, OCI_MANIFEST)
    assert caught.value.code == "SND-IMG-008"


def test_a_whole_character_in_two_halves_is_one() -> None:
    """JSON writes characters beyond the basic plane as two escapes; that is no fault."""
    found = documents.parse(json.dumps({**MANIFEST, "annotations": {"a": "\U0001f600"}}).encode(), OCI_MANIFEST)
    assert found.annotations == {"a": "\U0001f600"}


def _places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in some data."""
    found = [path] if path else []
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        found += _places(value, (*path, key))
    return found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from([A, OCI_INDEX]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
WHOLE = [
    ({**MANIFEST, "subject": {**LAYER}, "annotations": {"k": "v"}}, OCI_MANIFEST),
    ({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry(), entry("linux/arm/v7")]}, OCI_INDEX),
]


@settings(deadline=None)
@given(st.sampled_from(WHOLE), st.data())
def test_a_document_with_anything_anywhere_is_read_or_refused(whole: tuple[Any, str], data: st.DataObject) -> None:
    """Any value in any place: an error with our code, or a document of plain values that can be asked everything."""
    document, media_type = copy.deepcopy(whole)
    *path, last = data.draw(st.sampled_from(_places(document)))
    at = document
    for key in path:
        at = at[key]
    at[last] = data.draw(JSON)
    content = json.dumps(document).encode()
    try:
        found = documents.parse(content, media_type)
        documents.require_runnable(found, "it")
        documents.platforms(found)
    except RegistryError:
        return
    assert found.digest == documents.digest_of(content)
    assert all(DIGEST.fullmatch(each.digest) for each in (*found.layers, *found.manifests))
    assert all(isinstance(value, str) for value in found.annotations.values())


@given(st.binary(max_size=200), st.sampled_from([*documents.KINDS, "", "text/html"]))
def test_any_bytes_are_read_or_refused(content: bytes, media_type: str) -> None:
    """Nothing but our own error leaves the reader."""
    with pytest.raises(RegistryError):
        documents.parse(content, media_type)


def test_platforms_leave_attestations_out() -> None:
    """What build tools attach to an index is for nobody's machine."""
    found = index(entry("linux/amd64"), entry("linux/arm/v7"), entry("unknown/unknown"), entry("unknown/unknown"))
    assert [str(platform) for platform in documents.platforms(found)] == ["linux/amd64", "linux/arm/v7"]


def test_an_index_with_two_images_for_a_platform_is_refused() -> None:
    """Nobody knows which of them would run; other variants and versions of Windows are other platforms."""
    with pytest.raises(RegistryError, match="two images for one platform"):
        documents.platforms(index(entry("linux/amd64"), entry("linux/amd64", digest=B)))
    assert len(documents.platforms(index(entry("linux/arm/v6"), entry("linux/arm/v7")))) == 2
    assert len(documents.platforms(index(entry("windows/amd64"), entry("windows/amd64", digest=B)))) == 1


@pytest.mark.parametrize(
    "document",
    [
        index(),
        index(entry(media_type=OCI_INDEX)),
        index(entry(), entry("linux/arm64", media_type=DOCKER_INDEX)),
        index(entry(media_type="application/vnd.example.thing")),
        read({**MANIFEST, "config": {**CONFIG, "mediaType": "application/vnd.cncf.helm.config.v1+json"}}, OCI_MANIFEST),
        read({**MANIFEST, "config": {**CONFIG, "mediaType": "application/vnd.oci.empty.v1+json"}}, OCI_MANIFEST),
        read({**MANIFEST, "artifactType": "application/vnd.example"}, OCI_MANIFEST),
    ],
)
def test_what_cannot_run_is_no_image(document: documents.Document) -> None:
    """Empty and nested indexes, charts, signatures and other artifacts."""
    with pytest.raises(RegistryError) as caught:
        documents.require_runnable(document, "it")
    assert caught.value.code == "SND-IMG-008"


@pytest.mark.parametrize("document", [index(entry()), read(MANIFEST, OCI_MANIFEST)])
def test_an_image_and_an_index_of_images_can_run(document: documents.Document) -> None:
    """Nothing is raised for them."""
    documents.require_runnable(document, "it")
