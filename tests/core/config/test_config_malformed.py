"""Malformed configurations through the real command line: exit code 2, the place, no traceback, no hanging."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from sindri_core.cli.app import run

BOMB = "l0: &l0 [x]\n" + "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 10))
IN_PLACE: Mapping[str, tuple[object, ...]] = {
    "version: {}\n": ("2.0", "1", "x", "'1.0.0'", "1e0", "[]", "{}", "'1.\u0967'"),
    "name: {}\n": (
        *("08", "1e3", "010", "0o7", "1:30", "2026-01-01", "x" * 64, "x" * 55, "-a", "a-", "A", "a_b", "a.b", "a b"),
        *("Ünïcode", "日本", "'\U0001f600'", "[]", "{}", "[a]", "{a: b}", "1.5", "True", ".inf", "~a", "a" * 100_000),
    ),
    "deployment: {}\n": ("[]", "7", "x", "true", "''", "2026-01-01"),
    "deployment:\n  provider: {}\n": (
        "docker",
        "fly",
        "aws",
        "kind",
        "kubernets",
        "Kubernetes",
        "7",
        "[]",
        "no way",
        "''",
    ),
    "deployment:\n  image: {}\n": ("'A B'", "http://x", "7", "[]", "'-x'", "'a:b:c'", "'a@sha256:1'", "'../x'"),
    "deployment:\n  distro: {}\n": ("debian", "no", "7"),
    "deployment:\n  image_config: {}\n": ("{}", "[]", "{registry: 7}", "{registry: ''}", "{registry: a, digest: abc}"),
    "deployment:\n  resources:\n    memory: {}\n": (
        *("4XB", "10GiB", "4", "4.5", "1e3", "1e400", "-1GB", "0GB", "9" * 5000, "4 GB", "[]", "{}", "true", "٤GB"),
        *("99999Ti", "0x10", ".nan", "1:30"),
    ),
    "deployment:\n  resources:\n    cpus: {}\n": (
        *(
            "0",
            "-1",
            "0.0001",
            "1e400",
            "1" + "0" * 5000,
            "99999999",
            ".inf",
            "two",
            "true",
            "[]",
            "1:30",
            "0o7",
            "010",
        ),
    ),
    "deployment:\n  resources:\n    gpu: {}\n": (
        *("7", "{enabled: yes}", "{enabled: 1}", "{count: 0}", "{count: 65}", "{count: 1.5}", "{count: '1'}"),
        *("{type: nvida}", "{memory: 1}", "{tier: huge}"),
    ),
    "extensions: {}\n": ("[]", "x", "{profile: x}", "{active: x}", "{active: [1]}", "{active: [[]]}"),
    "plugins: {}\n": ("[]", "{disabled: x}", "{disabled: [A]}", "{disabled: [null]}"),
    "trust: {}\n": ("[]", "{verifiers: 7}", "{verifiers: ['']}"),
    "providers: {}\n": ("[]", "7", "{docker: {}}", "{kubernets: {}}", "{kubernetes: []}", "{kubernetes: 7}"),
    "providers:\n  kubernetes:\n    {}\n": (
        *("namespace: A_b", "namespace: 7", "namespace: []", f"namespace: {'x' * 64}", "namespace: kube-system"),
        *("ingress: {enabled: true}", "secrets: x", "secrets: [A]", "security: {profile: none}", "context: 7"),
        *("tolerations: [{}, {zzz: 1}]", "storageclass: x", "storageClass: 'a..b'"),
    ),
    "{}": (
        *("secrets: []\n", "zzz: 1\n", "1: a\n", "null: a\n", "? [a]\n: b\n", "<<: {a: b}\n", "a: &a b\na: c\n"),
        *(
            "- a\n",
            "words\n",
            "a: b\n---\nc: d\n",
            "\tname: a\n",
            "name: [a\n",
            "name: 'a\n",
            "name: *x\n",
            "%YAML 9\n",
        ),
        *("name: !!binary aGk=\n", "name: !x y\n", 'name: "\\0"\n', 'name: "\\ud800"\n', "x: " + "[" * 9999, BOMB),
    ),
}
BYTES = [
    *(b"", b"\n", b"# nothing\n", b"\xef\xbb\xbf", b"\x00", b"name: a\x00b\n", b"\xff\xfen\x00", b"\x89PNG\r\n\x1a\n"),
    *(b"\x7fELF\x02", b"name: a\x1b[31m\n", b"name: \xed\xa0\x80\n", b"name: \xc0\x80\n", b"\xef\xbb\xbfname: A\r\n"),
    *(b"a" * 300_000, b"#" * 300_000, b"name: a\r\nzzz: b\r\n", b"name: a\rzzz: b\r", b"{" * 60_000, b"- " * 60_000),
]
MALFORMED = [
    *(template.replace("{}", str(value), 1).encode() for template, values in IN_PLACE.items() for value in values),
    *BYTES,
]


def checked(file: Path, capfd: pytest.CaptureFixture[str]) -> str:
    """Validate a file on the command line, which must refuse it, and return what people read."""
    code = run(["config", "validate", "--config", str(file)])
    out, err = capfd.readouterr()
    assert (code, out) == (2, ""), err
    assert "Traceback" not in err
    assert "unexpected: " not in err
    assert not re.search(r"Input should|Extra inputs|[Ff]ield required|Value error|type=", err)
    return err


def test_there_are_more_than_a_hundred() -> None:
    """The collection is as large as it is meant to be, and nothing stands in it twice."""
    assert len(set(MALFORMED)) == len(MALFORMED) > 170


@pytest.mark.parametrize("content", MALFORMED, ids=range(len(MALFORMED)))
def test_a_malformed_file_is_refused_with_its_place(
    content: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, file, line and column, and only short lines, whatever stands in the file."""
    file = tmp_path / "sindri.yaml"
    file.write_bytes(content)
    said = checked(file, capfd)
    assert re.search(r"sindri\.yaml:[1-9][0-9]*:[1-9][0-9]* ", said)
    assert max(map(len, said.splitlines())) < 600


def test_carriage_returns_tabs_and_a_byte_order_mark_are_no_mistake(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What editors on other systems write loads."""
    file = tmp_path / "sindri.yaml"
    file.write_bytes(b"\xef\xbb\xbfname: demo\t# a tab\r\ndeployment:\r\n  image: a:1\r\n")
    assert run(["config", "validate", "--config", str(file)]) == 0
    assert "is valid" in capfd.readouterr().out


def test_what_is_no_file_is_refused_at_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A folder, a pipe that nobody writes to, an endless device, a loop of links, a name with NUL, nothing at all."""
    pipe, loop = tmp_path / "pipe", tmp_path / "loop"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    for file in (tmp_path, pipe, Path("/dev/zero"), Path("/dev/null"), loop, tmp_path / "none", tmp_path / ("x" * 300)):
        assert str(file) in checked(file, capfd)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The reason is the system's. Root may read everything, so it looks as somebody else."""
    nobody, myself = 65534, os.geteuid()
    file = tmp_path / "sindri.yaml"
    file.write_text("name: 08-")
    assert str(file) in checked(file, capfd)  # everything is imported now, which nobody else may do
    file.chmod(0)
    if myself == 0:
        os.seteuid(nobody)
    try:
        said = checked(file, capfd)
    finally:
        os.seteuid(myself)
    assert "denied" in said


def test_a_process_of_its_own_says_the_same(tmp_path: Path) -> None:
    """Nothing differs outside of the test's process: a bomb ends with exit code 2 and its line."""
    (tmp_path / "sindri.yaml").write_text(BOMB)
    done = subprocess.run(
        [sys.executable, "-m", "sindri_core", "config", "validate"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(r"sindri\.yaml:5:[0-9]+ the file holds more than", done.stderr), done.stderr
