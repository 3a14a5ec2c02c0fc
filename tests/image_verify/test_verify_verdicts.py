"""Verdicts that are kept: only positive ones, under everything that decided, in files that only we can write."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from keysigned import Maker, private, write_public

from sindri_core.types import Claim, Verdict
from sindri_image_verify import verdicts

if TYPE_CHECKING:
    from verifybench import Bench


@pytest.fixture
def kept(bench: Bench) -> Bench:
    """An image whose good verdict is kept, and that nobody could check any more."""
    bench.cache_dir = bench.folder / "cache"
    bench.registry.attach(bench.digest, bench.maker.signed(bench.digest))
    bench.accepted()
    bench.registry.referring.clear()
    bench.registry.asked.clear()
    return bench


def file_of(bench: Bench) -> Path:
    """The one file that holds a verdict."""
    (file,) = (bench.folder / "cache" / "verdicts").iterdir()
    return file


def test_a_kept_verdict_needs_no_registry(kept: Bench) -> None:
    """The same question is answered from the cache, also offline, and says so; only whether it is there is asked."""
    assert "checked within the last day" in kept.accepted().evidence
    assert kept.registry.asked == ["manifest"]
    (answer,) = kept.answers(Claim.SIGNATURE, offline=True)
    assert answer.verdict == Verdict.ACCEPTED


def test_nothing_negative_is_kept(bench: Bench) -> None:
    """A refusal is asked again the next time."""
    bench.cache_dir = bench.folder / "cache"
    bench.refused()
    bench.registry.attach(bench.digest, bench.maker.signed(bench.digest))
    bench.accepted()


CHANGES: dict[str, Callable[[Bench], object]] = {
    "repository": lambda bench: setattr(bench, "repository", "registry.example/other"),
    "digest": lambda bench: setattr(bench, "digest", bench.registry.image("other")),
    "tag": lambda bench: setattr(bench, "tag", "1.0.0"),
    "key": lambda bench: write_public(bench.folder, private(name="other")),
    "policy": lambda bench: bench.demand(allowed_repositories=("*",)),
    "source": lambda bench: bench.demand(source_repository="https://github.com/acme/app"),
    "another claim": lambda bench: bench.demand(claims=frozenset({Claim.PROVENANCE})),
    "engine": lambda bench: bench.demand(engine="cosign"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_changes_is_checked_anew(kept: Bench, change: Callable[[Bench], object]) -> None:
    """Another repository, digest, tag, key, policy or engine finds no verdict, and here nothing to check either."""
    change(kept)
    kept.refused()


def test_another_claim_is_checked_anew(kept: Bench) -> None:
    """A verdict about the signature says nothing about provenance."""
    kept.refused(Claim.PROVENANCE)


def changed(content: dict[str, Any], **parts: Any) -> bytes:
    """The content with parts replaced and the checksum left as it was."""
    return json.dumps(content | parts).encode()


def sealed(content: dict[str, Any], **parts: Any) -> bytes:
    """The content with parts replaced and a checksum that fits."""
    made = content | parts
    made.pop("checksum")
    return json.dumps(made | {"checksum": verdicts._checksum(made)}).encode()


POISONS: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "empty": lambda content: b"",
    "truncated": lambda content: json.dumps(content).encode()[:-5],
    "no JSON": lambda content: b"\xff",
    "no mapping": lambda content: b"[]",
    "other evidence": lambda content: changed(content, evidence=["key other.pub"]),
    "longer": lambda content: changed(content, until="99999999999"),
    "other key": lambda content: sealed(content, key="0" * 64),
    "other format": lambda content: sealed(content, format=0),
    "its time is over": lambda content: sealed(content, until="1000000000"),
    "no time": lambda content: sealed(content, until="soon"),
    "huge": lambda content: sealed(content, evidence=["x" * 100000]),
    "evidence is no list": lambda content: sealed(content, evidence={"a": 1}),
}


@pytest.mark.parametrize("poison", POISONS.values(), ids=POISONS)
def test_a_poisoned_verdict_is_deleted(kept: Bench, poison: Callable[[dict[str, Any]], bytes]) -> None:
    """A file that is damaged, too old or about something else counts for nothing and goes."""
    file = file_of(kept)
    file.write_bytes(poison(json.loads(file.read_bytes())))
    kept.refused()
    assert not file.exists()


@pytest.mark.parametrize("mode", [0o666, 0o640, 0o602, 0o604])
def test_a_verdict_that_others_could_write_is_deleted(kept: Bench, mode: int) -> None:
    """Only a file of mode 0600 counts."""
    file = file_of(kept)
    file.chmod(mode)
    kept.refused()
    assert not file.exists()


def test_a_folder_that_others_can_write_is_not_used(kept: Bench) -> None:
    """Whoever can write the folder could put files there: nothing is read from it or written to it."""
    folder = file_of(kept).parent
    folder.chmod(0o777)
    kept.refused()
    file_of(kept).unlink()
    kept.registry.attach(kept.digest, kept.maker.signed(kept.digest))
    kept.accepted()
    assert list(folder.iterdir()) == []


def test_a_link_is_not_followed(kept: Bench) -> None:
    """A verdict is a file in our own folder, not a link to another one."""
    file = file_of(kept)
    moved = kept.folder / "moved"
    file.rename(moved)
    file.symlink_to(moved)
    kept.refused()
    assert moved.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_a_verdict_of_another_user_is_deleted(kept: Bench) -> None:
    """Somebody else's file counts for nothing."""
    file = file_of(kept)
    os.chown(file, 65534, 65534)
    kept.refused()
    assert not file.exists()


def test_files_and_folder_are_ours_alone(kept: Bench) -> None:
    """What is written has the modes that are demanded when it is read."""
    file = file_of(kept)
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_cache_that_cannot_be_written_costs_nothing(bench: Bench) -> None:
    """A file where the folder should be keeps nothing, and the image is accepted all the same."""
    bench.cache_dir = bench.folder / "cosign.pub"
    bench.registry.attach(bench.digest, bench.maker.signed(bench.digest))
    bench.accepted()


def test_the_key_decides_by_its_content(kept: Bench) -> None:
    """Another key under the same name finds no verdict; the first key under another name decides alike."""
    path = write_public(kept.folder, Maker(key=private(name="third")).key)
    kept.policy = replace(kept.policy, public_keys=(path,))
    kept.refused()
