"""A registry may answer anything: each fault ends in an error with a code, and never in a crash or a wrong belief."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from asking import client, in_it
from hypothesis import given, settings
from hypothesis import strategies as st
from registry import OCI_INDEX, OCI_MANIFEST, Registry, Reply
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url
from wire import CONFIG, GOOD, IMAGE, TYPE, head, raw

from sindri_core.context import CancelToken, Deadline
from sindri_core.errors import BadReference, ImageError, ImageNotFound, ImageRefused, RegistryError
from sindri_core.events import Event, RequestSent
from sindri_core.oci import addresses
from sindri_core.oci.client import RegistryClient
from sindri_core.settings import RegistrySettings

CANARY = "canary-77ab01"


BROKEN = {
    "nothing": b"",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "no status": b"HTTP/1.1 \r\n\r\n",
    "an odd status": b"HTTP/1.1 99999 Yes\r\n\r\n",
    "a head without end": b"HTTP/1.1 200 OK\r\nX: y\r\n",
    "a header of 70 kB": head(f"X: {'x' * 70_000}"),
    "500 headers": head(*(f"X-{number}: x" for number in range(500))),
    "a chunk that is cut": head(TYPE, "Transfer-Encoding: chunked") + b"ffff\r\n{",
    "a chunk of no size": head(TYPE, "Transfer-Encoding: chunked") + b"zz\r\n{}\r\n0\r\n\r\n",
    "a negative chunk": head(TYPE, "Transfer-Encoding: chunked") + b"-5\r\n{}\r\n0\r\n\r\n",
    "no last chunk": head(TYPE, "Transfer-Encoding: chunked") + b"2\r\n{}\r\n",
    "two lengths": head(TYPE, "Content-Length: 2", "Content-Length: 500") + b"{}",
    "a negative length": head(TYPE, "Content-Length: -1") + GOOD[:-9],
    "two types": head(TYPE, f"Content-Type: {OCI_INDEX}") + GOOD,
    "a type over two lines": head(f"{TYPE},", f" {OCI_MANIFEST}") + GOOD,
    "two digests": head(TYPE, f"Docker-Content-Digest: sha256:{'a' * 64}", "Docker-Content-Digest: x") + GOOD,
    "gzip": head(TYPE, "Content-Encoding: gzip") + b"\x1f\x8b",
    "two encodings": head(TYPE, "Content-Encoding: identity", "Content-Encoding: gzip") + GOOD,
    "half a character": head(TYPE) + json.dumps({**IMAGE, "config": CONFIG, "artifactType": "\ud800"}).encode(),
    "a number of 5000 digits": head(TYPE) + b'{"schemaVersion":' + b"2" * 5000 + b"}",
    "unchanged, though nothing was there": head(status="304 Not Modified"),
    "a part": head(TYPE, "Content-Range: bytes 0-9/500", status="206 Partial Content") + GOOD,
    "no content": head(TYPE, status="204 No Content"),
    "a switch of protocols": head("Upgrade: h2c", status="101 Switching Protocols"),
    "a way to nowhere": head(status="302 Found"),
    "a way to half an address": head("Location: http://[::1/x", status="302 Found"),
    "a way to an odd name": head(f"Location: http://{'a' * 70}.example/x", status="302 Found"),
    "a way to a name with a hole": head("Location: http://a..b/x", status="302 Found"),
    "a way to a wide name": head("Location: http://exa\xefmple/x", status="302 Found"),
    "two ways": head("Location: /a", "Location: http://127.0.0.1:1/b", status="302 Found"),
    "a realm with an odd name": head(
        f'WWW-Authenticate: Bearer realm="http://{"a" * 70}.example/t"', status="401 Unauthorized"
    ),
    "a realm with half an address": head('WWW-Authenticate: Bearer realm="http://[::1/t"', status="401 Unauthorized"),
    "a busy server that says nonsense": head(f"Retry-After: {'9' * 4000}", status="429 Too Many Requests"),
    "a busy server that says a wrong date": head("Retry-After: Mon, 99 Foo 2026", "X: y", status="429 Too Many"),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_every_broken_answer_is_an_error_with_a_code(
    registry: Registry, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever comes over the wire, the error is one of ours, for the image and for the list of tags."""
    monkeypatch.setattr("sindri_core.oci.transport.PATIENCE", (0.0, 0.0, 0.0))
    registry.misbehave = lambda _: Reply(send=raw(answer))
    with client(registry) as asking:
        for ask in (asking.manifest, asking.tags):
            with pytest.raises(RegistryError) as caught:
                ask(in_it(registry, "app:1"))
            assert caught.value.code in {"SND-IMG-006", "SND-IMG-007", "SND-IMG-008", "SND-IMG-009", "SND-IMG-012"}
            assert caught.value.hint


@pytest.mark.parametrize("lengths", [["Transfer-Encoding: chunked"], []])
def test_a_body_in_chunks_or_until_the_end_is_read(registry: Registry, lengths: list[str]) -> None:
    """All three ways in which HTTP ends a body."""
    body = b"".join(b"%x\r\n%s\r\n" % (1, bytes([byte])) for byte in GOOD) + b"0\r\n\r\n" if lengths else GOOD
    registry.misbehave = lambda _: Reply(send=raw(head(TYPE, *lengths, "Connection: close") + body))
    with client(registry) as asking:
        assert asking.manifest(in_it(registry, "app:1")).content == GOOD


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_noise_is_an_error_with_a_code(noise: bytes) -> None:
    """Any bytes in the place of an answer, and any bytes as a list of tags."""
    with Registry() as registry, client(registry) as asking:
        for answer in (noise, head("Content-Type: application/json") + noise):
            registry.misbehave = lambda _, answer=answer: Reply(send=raw(answer))  # type: ignore[misc] # bound now
            name = f"app{len(registry.asked)}"
            with pytest.raises(RegistryError):
                asking.tags(in_it(registry, name))


def test_a_link_of_brackets_costs_no_time(registry: Registry) -> None:
    """A header on which a careless expression would try every pair is refused at once."""
    registry.image("app", "1")
    registry.misbehave = lambda _: Reply(headers={"Link": "<" * 60_000}, content=b'{"tags":["1"]}')
    with client(registry, seconds=5) as asking, pytest.raises(RegistryError) as caught:
        asking.tags(in_it(registry, "app"))
    assert caught.value.code == "SND-IMG-008"


@pytest.mark.parametrize(("rel", "pages"), [('"next"', 2), ("next", 2), ('"next-archive"', 1), ('"prev"', 1)])
def test_only_the_next_page_is_followed(registry: Registry, rel: str, pages: int) -> None:
    """Other relations of a link lead nowhere."""
    link = f"</v2/app/tags/list?last=1>; rel={rel}"
    registry.misbehave = lambda asked: Reply(headers={} if asked.query else {"Link": link}, content=b'{"tags":["1"]}')
    with client(registry) as asking:
        assert asking.tags(in_it(registry, "app")) == ("1",)
    assert len(registry.asked) == pages


@pytest.mark.parametrize("listed", ["false", "0", '""', "{}"])
def test_what_is_nothing_like_a_list_is_not_an_empty_list(registry: Registry, listed: str) -> None:
    """Only null and [] mean that there are no tags."""
    registry.misbehave = lambda _: Reply(content=f'{{"tags":{listed}}}'.encode())
    with client(registry) as asking, pytest.raises(RegistryError):
        asking.tags(in_it(registry, "app"))
    registry.misbehave = lambda _: Reply(content=b'{"tags":null}')
    with client(registry) as asking:
        assert asking.tags(in_it(registry, "app")) == ()


def test_megabytes_that_hold_no_tags_end(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages full of what is no tag are bounded too."""
    monkeypatch.setattr("sindri_core.oci.listing.MOST_BYTES", 5000)
    page = json.dumps({"tags": ["-" * 900]}).encode()
    registry.misbehave = lambda _: Reply(
        headers={"Link": f'</v2/app/tags/list?last={len(registry.asked)}>; rel="next"'}, content=page
    )
    with client(registry) as asking, pytest.raises(RegistryError, match="more than"):
        asking.tags(in_it(registry, "app"))
    assert len(registry.asked) < 10


def test_a_tag_with_its_digest_is_one_question(registry: Registry) -> None:
    """The tag's bytes have the digest, so that nothing else has to be asked."""
    digest, other = registry.image("app", "1"), registry.image("app", "2", content=b"2")
    with client(registry) as asking:
        assert asking.manifest(in_it(registry, f"app:1@{digest}")).digest == digest
        assert len(registry.asked) == 1
        with pytest.raises(ImageRefused) as caught:
            asking.manifest(in_it(registry, f"app:1@{other}"))
        assert caught.value.code == "SND-IMG-018"
        assert len(registry.asked) == 1


def test_a_tag_that_changes_with_every_answer_means_one_thing_in_a_run(registry: Registry) -> None:
    """A hundred times: whoever asks for the tag again in the same run gets what it meant first."""
    digests = [registry.image("app", content=content) for content in (b"one", b"two")]
    registry.misbehave = lambda _: Reply(
        headers={"Content-Type": OCI_MANIFEST},
        content=registry.repositories["app"][digests[len(registry.asked) % 2]][1],
    )
    for _ in range(100):
        with client(registry) as asking:
            first = asking.manifest(in_it(registry, "app:1"))
            assert asking.manifest(in_it(registry, "app:1")) == first
            assert asking.manifest(in_it(registry, f"app@{first.digest}")) == first
    assert len(registry.asked) == 100


def test_a_limit_holds_for_what_was_read_before(registry: Registry, tmp_path: Path) -> None:
    """Who asks for less gets no more, whether the content is known in this run or lies on disk."""
    config = registry.blob("app", b"x" * 500, CONFIG["mediaType"])  # type: ignore[arg-type] # a text
    digest = registry.put("app", {**IMAGE, "config": config})
    for _ in range(2):
        with client(registry, cache_dir=tmp_path) as asking:
            asking.manifest(in_it(registry, f"app@{digest}"))
            assert len(asking.blob(in_it(registry, "app"), config["digest"], limit=500)) == 500
            with pytest.raises(RegistryError, match="more than 100 bytes"):
                asking.blob(in_it(registry, "app"), config["digest"], limit=100)


def test_the_secret_part_of_an_address_is_never_said(registry: Registry) -> None:
    """Where content lies is often a signed address: neither errors nor events repeat it."""
    digest = registry.image("app", "1")
    seen: list[Event] = []
    places = [
        f"http://127.0.0.1:1/{digest}?sig={CANARY}",
        f"http://{'a' * 70}.example/?sig={CANARY}",
        f"http://a..b/?sig={CANARY}#{CANARY}",
        f"http://[::1/?{CANARY}",
        f"http://[fe80::1%25eth0]/?{CANARY}",
        f"/elsewhere?sig={CANARY}#{CANARY}",
        f"http://127.0.0.1:99999/?{CANARY}",
    ]
    for place in places:
        registry.misbehave = lambda asked, place=place: (  # type: ignore[misc] # bound now
            Reply(status=307, headers={"Location": place}) if "elsewhere" not in asked.path else Reply(status=500)
        )
        asking = client(registry, emit=seen.append, realm_hosts=("127.0.0.1",))
        with asking, pytest.raises(RegistryError) as caught:
            asking.blob(in_it(registry, "app"), digest, limit=100)
        assert CANARY not in f"{caught.value.to_dict()} {caught.value!r}"
    assert seen
    assert CANARY not in repr(seen)


def test_hints_name_the_registry_with_its_port(registry: Registry) -> None:
    """What the hint says to write into sindri.yaml is the key that counts."""
    with client(registry, insecure=False) as asking, pytest.raises(RegistryError) as caught:
        asking.tags(in_it(registry, "app"))
    assert f"registries: {{{registry.host}: {{insecure: true}}}}" in caught.value.hint
    registry.misbehave = lambda _: Reply(status=429, headers={"Retry-After": "7200"})
    with client(registry) as asking, pytest.raises(RegistryError) as caught:
        asking.tags(in_it(registry, "app"))
    assert f"docker login {registry.host}" in caught.value.hint
    assert "7200 s" in caught.value.hint


def test_an_unavailable_registry_does_not_ask_for_a_login(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 is nobody's missing login; it is tried a few times."""
    monkeypatch.setattr("sindri_core.oci.transport.PATIENCE", (0.0, 0.0, 0.0))
    registry.misbehave = lambda _: Reply(status=503)
    with client(registry) as asking, pytest.raises(RegistryError) as caught:
        asking.tags(in_it(registry, "app"))
    assert caught.value.code == "SND-IMG-009"
    assert "docker login" not in caught.value.hint
    assert len(registry.asked) == 4


@pytest.mark.parametrize("host", ["registry", "myhub", "registry/x"])
def test_settings_for_what_is_no_registry_are_refused(host: str) -> None:
    """A word without a dot or port is a user of Docker Hub: its settings must not become Docker Hub's."""
    with pytest.raises(BadReference):
        RegistryClient(
            registries={host: RegistrySettings(host=host, insecure=True)},
            environ={},
            deadline=Deadline(5),
            cancel=CancelToken(),
            emit=lambda _: None,
        )


def test_what_failed_is_not_asked_again(registry: Registry) -> None:
    """Also what is not there and what fails is asked once in a run, by however many threads."""
    registry.misbehave = lambda asked: Reply(status=500) if "broken" in asked.path else None

    def fails(name: str) -> str:
        try:
            asking.manifest(in_it(registry, f"{name}:1"))
        except ImageError as error:
            return error.code
        return ""

    with client(registry) as asking, ThreadPoolExecutor(10) as pool:
        assert set(pool.map(fails, ["missing"] * 10)) == {"SND-IMG-005"}
        assert set(pool.map(fails, ["broken"] * 10)) == {"SND-IMG-007"}
        with pytest.raises(ImageNotFound):
            asking.manifest(in_it(registry, "missing:1"))
    assert len(registry.asked) == 2


def test_events_tell_of_requests_that_failed_too(registry: Registry) -> None:
    """A request without an answer has the status 0."""
    seen: list[Event] = []
    registry.misbehave = lambda _: Reply(send=raw(b""))
    with client(registry, emit=seen.append) as asking, pytest.raises(RegistryError):
        asking.tags(in_it(registry, "app"))
    assert [event.status for event in seen if isinstance(event, RequestSent)] == [0]


_HOSTILE = st.text("ab1.:/@?#[]%\\;&=+-_~!$'()*, \t\n\x00é。", max_size=25)


@given(_HOSTILE, st.sampled_from(["https://{}", "https://a.example{}", "https://{}a.example/x", "https://127.0.0.1{}"]))
def test_both_readers_of_addresses_see_the_same_host(text: str, form: str) -> None:
    """What is checked and what the HTTP library connects to is one host and one port, or the address is refused."""
    url = form.format(text)
    try:
        parts = addresses.split(url, insecure=False)
    except RegistryError:
        return
    try:
        theirs = parse_url(url)
    except LocationParseError:
        return
    assert (theirs.scheme, theirs.auth) == ("https", None)
    assert (theirs.host or "").strip("[]").lower() == parts.hostname
    assert (theirs.port or 443) == (parts.port or 443)
