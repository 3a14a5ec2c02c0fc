"""Every way in which cosign can be missing, wrong or misbehaving ends in a refusal that says so."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from keysigned import Maker, private

from sindri_core.requests import CheckRequest
from sindri_image_verify import plugin
from sindri_image_verify.engines import binary
from sindri_image_verify.engines import cosign as engine

if TYPE_CHECKING:
    from verifybench import Bench

VERSION = '{"gitVersion": "v3.1.1"}'


@pytest.fixture
def signed(bench: Bench) -> Bench:
    """An image that is signed well, which only cosign may judge, and an environment without any cosign."""
    bench.registry.attach(bench.digest, bench.maker.signed(bench.digest))
    bench.demand(engine="cosign")
    bench.environ["PATH"] = str(bench.folder / "bin")
    (bench.folder / "bin").mkdir()
    return bench


def program(bench: Bench, body: str, *, version: str = VERSION) -> Path:
    """Put a program named cosign on PATH that says its version and then does something."""
    file = bench.folder / "bin" / "cosign"
    file.write_text(f"#!/bin/sh\nif [ \"$1\" = version ]; then echo '{version}'; exit 0; fi\n{body}\n")
    file.chmod(0o755)
    return file


def test_without_cosign_it_is_refused(signed: Bench) -> None:
    """No engine is a refusal that says what to install, never a skip."""
    answer = signed.refused()
    assert "cosign is not installed" in answer.reason
    assert any("cosign 3.0.6 or later" in line for line in answer.accept)


@pytest.mark.parametrize("version", ["v3.0.5", "v2.6.4", "v3.0.6-rc.1", "2.5.0", "v1.13.1"])
def test_an_old_cosign_is_refused(signed: Bench, version: str) -> None:
    """A version below the floor is not run, whatever it would say."""
    program(signed, "echo Verified OK >&2", version=json.dumps({"gitVersion": version}))
    assert "known holes" in signed.refused().reason


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v3.0.6", True),
        ("v3.1.1", True),
        ("v3.0.7-0.20260401", True),
        ("v4.0.0", True),
        ("3.0.6+deb1", False),
        ("devel", None),
    ],
)
def test_the_floor(version: str, enough: bool | None) -> None:
    """3.0.6 itself is enough, a build before it is not, and one without numbers is for the probe."""
    assert binary.new_enough(version) is enough


def test_a_real_old_cosign_without_version_is_found_out(signed: Bench, old_cosign: str) -> None:
    """A distribution's cosign 2.5 calls itself devel; the probe shows that it is too old."""
    signed.environ["SINDRI_COSIGN"] = old_cosign
    assert "calls itself 'devel'" in signed.refused().reason


def test_a_real_cosign_without_version_passes_the_probe_once(signed: Bench, cosign: str) -> None:
    """A build that does not say its version is tried on the corpus; the verdict is kept for this very program."""
    log = signed.folder / "log"
    program(signed, f'echo "$1" >> {log}\nexec {cosign} "$@"', version='{"gitVersion": "devel"}')
    signed.cache_dir = signed.folder / "cache"
    assert "engine cosign devel" in signed.accepted().evidence
    assert log.read_text().split() == ["verify-blob-attestation"] * 6
    other = signed.registry.image("other")
    signed.registry.attach(other, signed.maker.signed(other))
    signed.digest = other
    signed.accepted()
    assert len(log.read_text().split()) == 7


def test_a_cosign_without_version_that_accepts_everything_is_found_out(signed: Bench) -> None:
    """The probe holds cases that must fail, too."""
    program(signed, "echo Verified OK >&2", version='{"gitVersion": "devel"}')
    assert "does not judge as cosign" in signed.refused().reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("echo Verified OK >&2; exit 1", "Verified OK"),
        ("echo Verified OK; exit 0", "said nothing of having verified"),
        ("exit 0", "said nothing of having verified"),
        ("echo 'Verified OK' >&2; echo 'not really' >&2; exit 0", "said nothing of having verified"),
        ("kill -SEGV $$", "exit code -11"),
        ("yes", "printed more than anybody reads"),
    ],
    ids=["success with exit 1", "success on the wrong stream", "silence", "more said", "crash", "flood"],
)
def test_a_cosign_that_misbehaves_is_refused(signed: Bench, body: str, reason: str) -> None:
    """Only exit code 0 together with what cosign says on success counts."""
    program(signed, body)
    assert reason in signed.refused().reason


@pytest.mark.parametrize("output", ["", "[]", "[{}, {}]", "{}", "null", '[{"critical": {}}]'])
def test_a_legacy_signature_needs_more_than_exit_code_0(signed: Bench, output: str) -> None:
    """For the older format cosign must print just this image."""
    other = signed.registry.image("legacy")
    signed.registry.tag(other, ".sig", [signed.maker.simple(other)])
    signed.digest = other
    program(signed, f"echo '{output}'")
    assert "ended well" in signed.refused().reason or "another image" in signed.refused().reason


def test_a_cosign_that_hangs_is_ended(signed: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets a limited time, and is ended with what it started."""
    monkeypatch.setattr(engine, "SECONDS", 0.3)
    program(signed, "sleep 600 & wait")
    assert "took too long" in signed.refused().reason


def test_a_cosign_that_does_not_say_its_version_is_refused(signed: Bench) -> None:
    """What cannot say its version in the way of cosign is no cosign."""
    program(signed, "exit 0", version="cosign 3.1.1")
    assert "does not say its version" in signed.refused().reason


def test_a_cosign_that_everybody_can_write_is_refused(signed: Bench) -> None:
    """Nobody else may have put it there: neither the file nor its folder may be writable for all."""
    file = program(signed, "exit 0")
    file.chmod(0o757)
    assert "everybody can write" in signed.refused().reason
    file.chmod(0o755)
    file.parent.chmod(stat.S_ISVTX | 0o777)
    assert f"everybody can write {file.parent}" in signed.refused().reason


def test_a_cosign_in_the_current_folder_is_refused(signed: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program in the checkout at hand does not shadow the real one."""
    file = program(signed, "echo Verified OK >&2")
    monkeypatch.chdir(file.parent)
    for path in ("", ".", str(file.parent)):
        signed.environ["PATH"] = f"{path}:/usr/bin"
        assert "in the current folder" in signed.refused().reason


@pytest.mark.parametrize("named", ["cosign", "./cosign", "-cosign"])
def test_sindri_cosign_is_an_absolute_path(signed: Bench, named: str) -> None:
    """The variable names one program, wherever we are."""
    signed.environ["SINDRI_COSIGN"] = named
    assert "no absolute path" in signed.refused().reason


def test_cosign_gets_nothing_of_our_environment(signed: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs in a private folder with a private home, and sees no variable that could change its verdict."""
    log = signed.folder / "log"
    program(signed, f'{{ env; pwd; stat -c %a .; stat -c %a "$HOME"; }} > {log}; echo Verified OK >&2')
    hostile = ("COSIGN_REPOSITORY", "SIGSTORE_ROOT_FILE", "TUF_ROOT", "HTTPS_PROXY", "AWS_SECRET_ACCESS_KEY")
    for name in hostile:
        monkeypatch.setenv(name, "canary")
        signed.environ[name] = "canary"
    signed.accepted()
    lines = log.read_text().splitlines()
    assert "canary" not in log.read_text()
    assert {line.partition("=")[0] for line in lines if "=" in line} <= {
        "HOME",
        "TMPDIR",
        "PWD",
        "_",
        "OLDPWD",
        "SHLVL",
    }
    assert lines[-2:] == ["700", "700"]
    assert not Path(lines[-3]).exists()


def test_no_value_can_be_taken_for_an_option(signed: Bench) -> None:
    """Each argument is one of ours, with its value behind an equals sign."""
    log = signed.folder / "log"
    program(signed, f"printf '%s\\n' \"$@\" > {log}; echo Verified OK >&2")
    signed.accepted()
    arguments = log.read_text().splitlines()
    assert arguments[0] == "verify-blob-attestation"
    assert all(argument.startswith("--") and "=" in argument for argument in arguments[1:])
    assert f"--digest={signed.digest.removeprefix('sha256:')}" in arguments
    assert any(argument.startswith("--trusted-root=") for argument in arguments)


def test_in_auto_a_key_needs_no_cosign(signed: Bench) -> None:
    """A check by key is ours; cosign is not even looked for."""
    log = signed.folder / "log"
    program(signed, "exit 1", version="$(touch " + str(log) + ")")
    signed.demand(engine="auto")
    assert "engine native" in signed.accepted().evidence
    assert not log.exists()


def test_another_key_after_cosign_looked_is_refused(signed: Bench, cosign: str) -> None:
    """What the real cosign refuses is refused with what it said."""
    signed.environ["SINDRI_COSIGN"] = cosign
    other = signed.registry.image("stranger")
    signed.registry.attach(other, Maker(key=private(name="stranger")).signed(other))
    signed.digest = other
    assert "none of the keys" in signed.refused().reason


def test_doctor_says_which_engines_are_there(signed: Bench) -> None:
    """A missing cosign is no failure, because keys need none; an old one is named with its reason."""
    first, second = plugin.sindri_check(signed.context(), CheckRequest())
    assert first.ok is None
    assert "not installed" in first.detail
    assert second.ok
    program(signed, "exit 0")
    assert plugin.sindri_check(signed.context(), CheckRequest())[0].detail.startswith("3.1.1 at ")
    shutil.rmtree(signed.folder / "bin")
