"""What is kept on disk: it may be anything at any time, and it never stands in for what the registry says now."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from asking import client, in_it
from registry import CONFIG, OCI_INDEX, OCI_MANIFEST, Registry, Reply

from sindri_core.errors import ImageNotFound, RegistryError
from sindri_core.oci.documents import digest_of
from sindri_core.oci.store import Store

if TYPE_CHECKING:
    from sindri_core.oci.client import RegistryClient


def asked(registry: Registry) -> list[str]:
    """What was asked, in order; and forget it."""
    found = [f"{each.method} {each.path.removeprefix('/v2/')}" for each in registry.asked]
    registry.asked.clear()
    return found


def everything(asking: RegistryClient, registry: Registry, digest: str) -> tuple[object, ...]:
    """Ask for all that there is of an image."""
    name = in_it(registry, "app")
    document = asking.manifest(in_it(registry, "app:1"))
    assert document.config is not None
    return (
        document,
        asking.blob(name, document.config.digest, limit=1000),
        asking.tags(name),
        [asking.manifest(in_it(registry, f"app@{each.digest}")) for each in asking.referrers(name, digest)],
    )


def test_a_digest_that_was_deleted_is_not_found(registry: Registry, tmp_path: Path) -> None:
    """An image on disk does not hide that its repository no longer has it."""
    digest = registry.image("app", "1")
    with client(registry, cache_dir=tmp_path) as asking:
        asking.manifest(in_it(registry, f"app@{digest}"))
    assert asked(registry) == [f"GET app/manifests/{digest}"]
    with client(registry, cache_dir=tmp_path) as asking:
        asking.manifest(in_it(registry, f"app@{digest}"))
    assert asked(registry) == [f"HEAD app/manifests/{digest}"]
    del registry.repositories["app"][digest]
    with client(registry, cache_dir=tmp_path) as asking, pytest.raises(ImageNotFound) as caught:
        asking.manifest(in_it(registry, f"app@{digest}"))
    assert caught.value.code == "SND-IMG-005"


def test_who_is_no_longer_let_in_gets_nothing_from_disk(registry: Registry, tmp_path: Path) -> None:
    """Neither images nor their content nor what refers to them, of a repository that is private now."""
    digest = registry.image("app", "1")
    with client(registry, cache_dir=tmp_path) as asking:
        config = asking.manifest(in_it(registry, f"app@{digest}")).config
        assert config is not None
        asking.blob(in_it(registry, "app"), config.digest, limit=1000)
    registry.user = "user:password"
    name = in_it(registry, "app")
    questions: tuple[Callable[[RegistryClient], object], ...] = (
        lambda asking: asking.manifest(in_it(registry, "app:1")),
        lambda asking: asking.manifest(in_it(registry, f"app@{digest}")),
        lambda asking: asking.blob(name, config.digest, limit=1000),
        lambda asking: asking.referrers(name, digest),
    )
    for ask in questions:
        with client(registry, cache_dir=tmp_path) as asking, pytest.raises(RegistryError) as caught:
            ask(asking)
        assert caught.value.code == "SND-IMG-006"


def test_a_second_run_reads_content_from_disk(registry: Registry, tmp_path: Path) -> None:
    """One question for the tag, one for what refers to it, and what these name is at hand."""
    digest = registry.image("app", "1")
    registry.attach("app", digest, b"{}")
    with client(registry, cache_dir=tmp_path) as asking:
        first = everything(asking, registry, digest)
    asked(registry)
    with client(registry, cache_dir=tmp_path) as asking:
        assert everything(asking, registry, digest) == first
    tag = digest.replace(":", "-")
    expected = ["HEAD app/manifests/1", f"GET app/referrers/{digest}", f"GET app/manifests/{tag}"]
    assert asked(registry) == expected


@pytest.mark.parametrize("status", [400, 405, 501])
def test_a_registry_without_head_is_asked_for_the_content(registry: Registry, tmp_path: Path, status: int) -> None:
    """What does not know the method still knows the image."""
    digest = registry.image("app", "1")
    registry.misbehave = lambda asked: Reply(status=status) if asked.method == "HEAD" else None
    for name in ("app:1", f"app@{digest}", "app:1", f"app@{digest}"):
        with client(registry, cache_dir=tmp_path) as asking:
            assert asking.manifest(in_it(registry, name)).digest == digest


@pytest.mark.parametrize("said", ["", "sha256:x", "sha256:" + "b" * 64])
def test_a_head_that_names_another_digest_is_not_believed(registry: Registry, tmp_path: Path, said: str) -> None:
    """The content decides."""
    digest = registry.image("app", "1")
    with client(registry, cache_dir=tmp_path) as asking:
        asking.manifest(in_it(registry, "app:1"))
    registry.misbehave = lambda asked: (
        Reply(headers={"Docker-Content-Digest": said}) if asked.method == "HEAD" else None
    )
    for name in ("app:1", f"app@{digest}"):
        with client(registry, cache_dir=tmp_path) as asking:
            assert asking.manifest(in_it(registry, name)).digest == digest
        assert asked(registry)[-1].startswith("GET")


def damages(content: bytes) -> Iterator[bytes]:
    """What may have become of a file."""
    yield from (b"", b"\n", content[:-1], content + b"x", b"x" + content, content.replace(b"a", b"b"), b"{}")
    _kind, newline, rest = content.partition(b"\n")
    for other in (OCI_INDEX, "text/plain", "", "\x1b[2J", OCI_MANIFEST):
        yield other.encode() + newline + rest
    yield b"[" * 100_000


def test_no_damage_to_a_file_changes_an_answer(registry: Registry, tmp_path: Path) -> None:
    """Each file in turn, in each way: the answers stay the same, and the run after it is whole again."""
    digest = registry.image("app", "1")
    registry.attach("app", digest, b"{}")
    with client(registry, cache_dir=tmp_path) as asking:
        first = everything(asking, registry, digest)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) == 5
    for file in files:
        content = file.read_bytes()
        for damage in damages(content):
            file.write_bytes(damage)
            with client(registry, cache_dir=tmp_path) as asking:
                assert everything(asking, registry, digest) == first
    asked(registry)
    with client(registry, cache_dir=tmp_path) as asking:
        everything(asking, registry, digest)
    assert asked(registry)[0] == "HEAD app/manifests/1"


@pytest.mark.parametrize(
    "kept",
    [
        {"tags": ["1"], "at": 10**400, "etag": ""},
        {"tags": ["1"], "at": float("nan"), "etag": ""},
        {"tags": ["1"], "at": float("inf"), "etag": ""},
        {"tags": ["1"], "at": True, "etag": ""},
        {"tags": ["1"], "at": 0.0, "etag": "a\r\nAuthorization: x"},
        {"tags": ["1"], "at": 0.0, "etag": "\u2028"},
        {"tags": ["../../x"], "at": 4e9, "etag": ""},
        {"tags": [1], "at": 0.0, "etag": ""},
        {"tags": "1", "at": 0.0, "etag": ""},
        {"tags": ["1"], "etag": ""},
        [],
        None,
    ],
)
def test_a_list_of_tags_on_disk_may_hold_anything(registry: Registry, tmp_path: Path, kept: object) -> None:
    """Nothing of it becomes a header or a tag, and nothing ends in a crash."""
    registry.image("app", "2.0.0")
    name = in_it(registry, "app")
    with client(registry, cache_dir=tmp_path) as asking:
        asking.tags(name)
    [file] = [file for file in tmp_path.rglob("*") if file.is_file()]
    file.write_text(json.dumps(kept))
    with client(registry, cache_dir=tmp_path) as asking:
        assert asking.tags(name) == ("2.0.0",)
    assert not any("authorization" in each.headers for each in registry.asked)


def test_a_list_of_tags_has_its_time(tmp_path: Path) -> None:
    """Fresh for a minute; neither old nor from the future."""
    now = 1_000_000.0
    store = Store(tmp_path, clock=lambda: now)
    store.keep_tags("r/app", ("1",), '"x"')
    for later, fresh in ((0, True), (59, True), (61, False), (-1, False)):
        found = Store(tmp_path, clock=lambda later=later: now + later).tags("r/app")  # type: ignore[misc] # bound now
        assert found is not None
        assert (found.fresh, found.etag) == (fresh, '"x"')


def test_an_etag_that_is_no_header_is_not_kept(registry: Registry, tmp_path: Path) -> None:
    """What a registry names its list is sent back only if it is plain text."""
    registry.misbehave = lambda _: Reply(headers={"ETag": "\xe9" * 10}, content=b'{"tags":["1"]}')
    for _ in range(2):
        with client(registry, cache_dir=tmp_path) as asking:
            assert asking.tags(in_it(registry, "app")) == ("1",)
    found = Store(tmp_path).tags(f"{registry.host}/app")
    assert found is not None
    assert found.etag == ""


def test_a_folder_that_cannot_be_written_costs_only_time(registry: Registry, tmp_path: Path) -> None:
    """A file where the folder should be, and a folder where a file should be."""
    digest = registry.image("app", "1")
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere")):
        with client(registry, cache_dir=folder) as asking:
            assert asking.manifest(in_it(registry, "app:1")).digest == digest
    key = hashlib.sha256(f"{registry.host}/app\0content\0{digest}".encode()).hexdigest()
    (tmp_path / "oci" / key[:2] / key[2:]).mkdir(parents=True)
    for _ in range(2):
        with client(registry, cache_dir=tmp_path) as asking:
            assert asking.manifest(in_it(registry, "app:1")).digest == digest


def test_pruning_deletes_what_is_oldest_and_passes_over_what_is_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too many bytes, too many entries, and odd things lying about, which do not stop it."""
    monkeypatch.setattr("sindri_core.oci.store.PRUNE_EVERY", 2)
    monkeypatch.setattr("sindri_core.oci.store.MOST_BYTES", 10_000)
    (tmp_path / "oci").mkdir()
    (tmp_path / "oci" / "stray").write_text("not a folder")
    (tmp_path / "oci" / "aa").mkdir()
    (tmp_path / "oci" / "aa" / "dangling").symlink_to("/nowhere")
    (tmp_path / "oci" / "aa" / "folder").mkdir()
    left_behind = tmp_path / "oci" / "aa" / ".part-of-a-run-that-was-killed"
    left_behind.write_bytes(b"x" * 9000)
    os.utime(left_behind, (1, 1))
    store = Store(tmp_path)
    contents = [bytes([n]) * 1000 for n in range(30)]
    for age, content in enumerate(contents):
        store.keep_content("r/app", digest_of(content), content)
        for file in (tmp_path / "oci").glob("*/*"):
            if file.is_file() and file.stat().st_mtime > 1e6:
                os.utime(file, (1000 + age, 1000 + age))
    assert not left_behind.exists()
    found = [store.content("r/app", digest_of(content)) for content in contents]
    assert found[-1]
    assert not found[0]
    assert 5 <= sum(each is not None for each in found) <= 12
    monkeypatch.setattr("sindri_core.oci.store.MOST_ENTRIES", 3)
    for content in (b"one", b"two", b"three", b"four"):
        store.keep_content("r/app", digest_of(content), content)
    assert sum(file.is_file() for file in (tmp_path / "oci").glob("*/*")) <= 5


def test_many_runs_may_share_the_folder(registry: Registry, tmp_path: Path) -> None:
    """Twenty clients that write and read the same things, with one that deletes: every answer is right."""
    import shutil

    digest = registry.image("app", "1")
    registry.attach("app", digest, b"{}")

    def run(number: int) -> tuple[object, ...]:
        if number % 5 == 4:
            with suppress(OSError):  # somebody else may be deleting the same
                shutil.rmtree(tmp_path / "oci", ignore_errors=True)
        with client(registry, cache_dir=tmp_path) as asking:
            return everything(asking, registry, digest)

    with ThreadPoolExecutor(8) as pool:
        first, *others = pool.map(run, range(20))
    assert all(other == first for other in others)
    assert not list(tmp_path.rglob(".part-*"))


def test_content_is_kept_apart_by_host_too(registry: Registry, tmp_path: Path) -> None:
    """The same repository of two registries is two."""
    config = registry.blob("app", b"secret", CONFIG)
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []}
    digest = registry.put("app", document, "1")
    with Registry() as other:
        other.put("app", document, "1")
        with client(registry, other, cache_dir=tmp_path) as asking:
            asking.manifest(in_it(registry, f"app@{digest}"))
            asking.blob(in_it(registry, "app"), config["digest"], limit=10)
            asking.manifest(in_it(other, f"app@{digest}"))
            with pytest.raises(ImageNotFound):
                asking.blob(in_it(other, "app"), config["digest"], limit=10)
