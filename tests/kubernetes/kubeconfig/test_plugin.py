"""Credential plugins as real child processes: what they are told, what they may answer, and how they fail."""

from __future__ import annotations

import json
import os
import pty
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sindri_core.errors import ClusterError
from sindri_kubernetes import kubeconfig
from sindri_kubernetes.kubeconfig import Access

if TYPE_CHECKING:
    import oracle

V1 = "client.authentication.k8s.io/v1"
CANARY = "s3cr3t-canary"
Make = Callable[..., Access]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make an access whose plugin is a Python program of these lines, beside the kubeconfig."""

    def write(*lines: str, cluster: Mapping[str, Any] | None = None, **section: Any) -> Access:
        return kubeconfig.resolve(environment(tmp_path, *lines, cluster=cluster, **section))

    return write


def environment(folder: Path, *lines: str, cluster: Mapping[str, Any] | None = None, **section: Any) -> dict[str, str]:
    """Write a program and a kubeconfig that names it, and return the environment for both."""
    program = folder / "login"
    program.write_text(f"#!{sys.executable} -I\nimport json, os, sys, time\n" + "\n".join(lines) + "\n")
    program.chmod(0o700)
    plugin = {"apiVersion": V1, "command": "./login", "interactiveMode": "Never", **section}
    content = {
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1", **(cluster or {})}}],
        "users": [{"name": "u", "user": {"exec": plugin}}],
        "contexts": [{"name": "k", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "k",
    }
    (folder / "config").write_text(json.dumps(content))
    return {"KUBECONFIG": str(folder / "config"), "PATH": os.environ["PATH"], "FROM_OUTSIDE": "1", "OWN": "outside"}


def says(status: object = None, version: str = V1) -> str:
    """Write the line that answers."""
    given = {"token": "t"} if status is None else status
    return f"print(json.dumps({{'apiVersion': {version!r}, 'kind': 'ExecCredential', 'status': {given!r}}}))"


def counted(folder: Path) -> str:
    """Write the line that counts the runs."""
    return f"open({str(folder / 'runs')!r}, 'a').write('x')"


def failed(access: Access, seconds: float = 20) -> ClusterError:
    """Ask for the credential, which must fail without showing a secret or a long text."""
    with pytest.raises(ClusterError) as caught:
        access.credential(seconds=seconds)
    text = json.dumps(caught.value.to_dict())
    assert caught.value.code == "SND-K8S-007", text
    assert CANARY not in text
    assert len(text) < 2000
    assert caught.value.hint
    assert "login" in caught.value.message
    assert caught.value.__cause__ is None
    return caught.value


def test_a_token_is_taken(make: Make) -> None:
    """The plainest plugin prints a token."""
    assert make(says()).credential(seconds=20).token == "t"


def test_a_certificate_is_taken(make: Make) -> None:
    """Certificate and key come together."""
    credential = make(says({"clientCertificateData": "c", "clientKeyData": "k"})).credential(seconds=20)
    assert (credential.certificate, credential.key, credential.token) == ("c", "k", "")


@pytest.mark.parametrize(
    ("expires", "runs"),
    [(None, 1), ("2999-01-01T00:00:00Z", 1), ("2000-01-01T00:00:00Z", 3), ("2000-01-01T00:00:00.123456789+02:00", 3)],
)
def test_an_answer_is_kept_until_it_expires(make: Make, tmp_path: Path, expires: str | None, runs: int) -> None:
    """Within one process a plugin runs once, and again when its answer is over."""
    status = {"token": "t", **({"expirationTimestamp": expires} if expires else {})}
    access = make(counted(tmp_path), says(status))
    for _ in range(3):
        access.credential(seconds=20)
    assert (tmp_path / "runs").read_text() == "x" * runs


def test_many_threads_run_it_once(make: Make, tmp_path: Path) -> None:
    """All that ask at the same time wait for one answer."""
    access = make(counted(tmp_path), says())
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(access.credential(seconds=20))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(credential) for credential in found}) == 1
    assert (tmp_path / "runs").read_text() == "x"


def test_a_refused_answer_is_renewed_once_for_all_who_got_it(make: Make, tmp_path: Path) -> None:
    """Two requests that were refused with the same credential run the plugin once."""
    access = make(counted(tmp_path), says())
    first = access.credential(seconds=20)
    second = access.credential(seconds=20, refused=first)
    assert access.credential(seconds=20, refused=first) is second
    assert (tmp_path / "runs").read_text() == "xx"


def test_what_it_says_when_it_fails_is_shown_and_bounded(make: Make) -> None:
    """The end of what it wrote to standard error, where programs say what is wrong."""
    error = failed(
        make("sys.stderr.write('x' * 100000 + ' please run: acme login')", f"print({CANARY!r})", "sys.exit(3)")
    )
    assert "exit code 3" in error.message
    assert error.details[0][1].endswith("please run: acme login")
    assert len(error.details[0][1]) <= 500


@pytest.mark.parametrize(
    "line",
    [
        f"print('not JSON {CANARY}')",
        "sys.stdout.buffer.write(bytes(range(256)))",
        "print('[]')",
        "print('null')",
        "print('[' * 100000)",
        "pass",
        "print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1', 'kind': 'ExecCredential'}))",
        f"print(json.dumps({{'apiVersion': {V1!r}, 'kind': 'Status', 'status': {{'token': {CANARY!r}}}}}))",
        says({}),
        says([]),
        says({"token": ["x"], "note": CANARY}),
        says({"token": CANARY, "clientCertificateData": "c"}),
        says({"token": CANARY, "clientKeyData": "c"}),
        says({"token": CANARY, "expirationTimestamp": "tomorrow"}),
        says({"token": CANARY}, version="client.authentication.k8s.io/v1beta1"),
    ],
)
def test_an_answer_that_is_none_is_refused(make: Make, line: str) -> None:
    """Garbage, halves and other versions are errors, and nothing that it printed is repeated."""
    failed(make(line))


def test_a_flood_is_not_kept(make: Make) -> None:
    """A plugin that never stops printing ends with the deadline or the limit, not with our memory."""
    failed(make("while True:", "    sys.stdout.write('x' * 65536)"), seconds=5)


@pytest.mark.parametrize("then", ["time.sleep(600)", "pass"])
def test_one_that_hangs_is_ended_with_all_that_it_started(make: Make, tmp_path: Path, then: str) -> None:
    """At the deadline the whole process group goes, also a child that holds our pipes and outlived its parent."""
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    reader = os.open(alive, os.O_RDONLY | os.O_NONBLOCK)
    child = f"import time; f = open({str(alive)!r}, 'w'); print('ready', file=f, flush=True); time.sleep(600)"
    access = make("import subprocess", f"subprocess.Popen([sys.executable, '-c', {child!r}])", then)
    began = time.monotonic()
    error = failed(access, seconds=2)
    assert time.monotonic() - began < 10
    assert "2 s" in error.message
    os.set_blocking(reader, True)
    while os.read(reader, 100):  # ends when nobody holds the other end any more
        continue
    os.close(reader)


def test_a_helper_that_stays_behind_holds_up_nobody(make: Make) -> None:
    """A plugin may leave a cache or an agent running; with our standard error open it is not waited for."""
    child = "import time; time.sleep(3)"
    line = f"subprocess.Popen([sys.executable, '-c', {child!r}], stdout=subprocess.DEVNULL)"
    began = time.monotonic()
    assert make("import subprocess", line, says()).credential(seconds=20).token == "t"
    assert time.monotonic() - began < 2.5


def test_one_that_is_not_installed_says_how_to_get_it(make: Make) -> None:
    """The kubeconfig's own hint is what the user reads."""
    error = failed(make(says(), command="acme-login-missing", installHint="brew install acme"))
    assert error.hint == "brew install acme"
    assert "not installed" in error.message


def test_one_that_may_not_run_is_named(make: Make, tmp_path: Path) -> None:
    """A file without the right to execute, and one that is no program."""
    access = make(says())
    (tmp_path / "login").chmod(0o600)
    assert "ermission" in failed(access).message


def test_it_is_looked_for_in_the_runs_own_path(make: Make, tmp_path: Path) -> None:
    """A name without a slash is found through the PATH of the run, as kubectl finds it through its own."""
    environ = environment(tmp_path, says(), command="login-by-name")
    (tmp_path / "login").rename(tmp_path / "login-by-name")
    access = kubeconfig.resolve({**environ, "PATH": f"{tmp_path}{os.pathsep}{environ['PATH']}"})
    assert access.credential(seconds=20).token == "t"


def test_always_without_a_terminal_is_an_error(make: Make, tmp_path: Path) -> None:
    """A plugin that must ask cannot run where nobody answers: said at once, not waited for."""
    error = failed(make(counted(tmp_path), says(), interactiveMode="Always"))
    assert "terminal" in error.message
    assert not (tmp_path / "runs").exists()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Let standard input be a terminal, whose other end is given."""
    ours, theirs = pty.openpty()
    saved = os.dup(0)
    os.dup2(theirs, 0)
    with open(0, closefd=False, encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stdin", stream)
        yield ours
    os.dup2(saved, 0)
    for handle in (saved, ours, theirs):
        os.close(handle)


@pytest.mark.parametrize(("mode", "asks"), [("Always", True), ("IfAvailable", True), ("Never", False)])
def test_a_terminal_is_given_to_those_who_may_ask(make: Make, terminal: int, mode: str, asks: bool) -> None:
    """Where there is a terminal, interactiveMode says whether the plugin reads from it; it is told so, too."""
    os.write(terminal, b"typed\n")
    told = "json.loads(os.environ['KUBERNETES_EXEC_INFO'])['spec']['interactive']"
    answer = f"{{'token': (sys.stdin.readline().strip() or 'nothing') + str({told})}}"
    line = f"print(json.dumps({{'apiVersion': {V1!r}, 'kind': 'ExecCredential', 'status': {answer}}}))"
    assert make(line, interactiveMode=mode).credential(seconds=20).token == ("typedTrue" if asks else "nothingFalse")


PEM = "-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("cluster", "provide"),
    [
        ({}, False),
        ({}, True),
        ({"insecure-skip-tls-verify": True, "tls-server-name": "n", "disable-compression": True}, True),
        ({"proxy-url": "http://127.0.0.1:1", "server": "https://127.0.0.1:1/k8s/"}, True),
        (
            {"extensions": [{"name": "client.authentication.k8s.io/exec", "extension": {"a": [1, {"b": None}]}}]},
            True,
        ),
    ],
)
@pytest.mark.parametrize("version", [V1, f"{V1}beta1"])
def test_it_is_told_what_kubectl_tells(
    kubectl_says: oracle.Oracle, tmp_path: Path, cluster: dict[str, Any], provide: bool, version: str
) -> None:
    """Arguments, environment and KUBERNETES_EXEC_INFO are the same as under the real kubectl."""
    lines = (
        f"told = open({str(tmp_path / 'told')!r}, 'w')",
        "named = {name: os.environ.get(name) for name in ('FROM_OUTSIDE', 'OWN', 'EMPTY', 'KUBERNETES_EXEC_INFO')}",
        "json.dump([sys.argv[1:], named, sys.stdin.read()], told)",
        "told.close()",
        says(version=version),
    )
    environ = environment(
        tmp_path,
        *lines,
        cluster=cluster,
        apiVersion=version,
        args=["a b", "", "--c"],
        env=[{"name": "OWN", "value": "1"}, {"name": "OWN", "value": "2"}, {"name": "EMPTY"}],
        provideClusterInfo=provide,
    )

    def told() -> Any:
        arguments, named, stdin = json.loads((tmp_path / "told").read_text())
        info = json.loads(named.pop("KUBERNETES_EXEC_INFO"))
        (tmp_path / "told").unlink()
        return arguments, named, stdin, info

    kubectl_says.run(environ, "get", "--raw", "/", "--request-timeout=2s")
    theirs = told()
    kubeconfig.resolve(environ).credential(seconds=20)
    assert told() == theirs


def test_the_authority_is_told_as_its_content(make: Make, tmp_path: Path) -> None:
    """A plugin gets the certificate authority inline, wherever the kubeconfig has it."""
    (tmp_path / "ca.crt").write_text(PEM)
    access = make(
        "info = json.loads(os.environ['KUBERNETES_EXEC_INFO'])['spec']['cluster']",
        "value = {'token': info['certificate-authority-data']}",
        f"print(json.dumps({{'apiVersion': {V1!r}, 'kind': 'ExecCredential', 'status': value}}))",
        cluster={"certificate-authority": "ca.crt"},
        provideClusterInfo=True,
    )
    assert "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t" in access.credential(seconds=20).token


@pytest.mark.parametrize("field", ["token", "tokenFile", "username", "client-certificate-data"])
def test_a_user_that_says_who_it_is_asks_no_plugin(tmp_path: Path, field: str) -> None:
    """As kubectl: a token, a password or a certificate of the entry goes before the plugin, which does not run."""
    environ = environment(tmp_path, counted(tmp_path), says())
    content = json.loads((tmp_path / "config").read_text())
    (tmp_path / "value").write_text("v")
    content["users"][0]["user"][field] = str(tmp_path / "value") if field == "tokenFile" else "v"
    (tmp_path / "config").write_text(json.dumps(content))
    kubeconfig.resolve(environ).credential(seconds=20)
    assert not (tmp_path / "runs").exists()


def test_no_plugin_runs_for_a_server_without_encryption(make: Make, tmp_path: Path) -> None:
    """Nothing would be sent, so nobody is asked."""
    access = make(counted(tmp_path), says(), cluster={"server": "http://127.0.0.1:1"})
    assert access.credential(seconds=20).token == ""
    assert not (tmp_path / "runs").exists()
    assert stat.S_IMODE((tmp_path / "login").stat().st_mode) == 0o700


def test_credentials_do_not_stand_in_the_texts_of_values(make: Make) -> None:
    """Neither an access nor a credential shows a secret when it is printed or logged."""
    access = make(says({"token": CANARY}), env=[{"name": "A", "value": CANARY}])
    assert CANARY not in repr(access.credential(seconds=20)) + repr(access)
