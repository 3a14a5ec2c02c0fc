"""Our resolution against kubectl's own: the same entries for the same files, and what it refuses is refused."""

from __future__ import annotations

import base64
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import oracle
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sindri_core.errors import ClusterError
from sindri_kubernetes import kubeconfig

PEM = "-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n"
DATA = base64.b64encode(PEM.encode()).decode()
LOCALHOST = "The connection to the server localhost:8080"
CONNECTED = ("refused", "lookup", "timeout", "dial")
CLUSTER: dict[str, Any] = {"server": "https://one.test:6443"}


def config(cluster: Any = None, user: Any = None, context: Any = None, **more: Any) -> dict[str, Any]:
    """Write a kubeconfig with one context ``k``."""
    return {
        "clusters": [{"name": "c", "cluster": CLUSTER if cluster is None else cluster}],
        "users": [{"name": "u", "user": {"token": "t"} if user is None else user}],
        "contexts": [{"name": "k", "context": {"cluster": "c", "user": "u", **(context or {})}}],
        "current-context": "k",
        **more,
    }


def plugin(**more: Any) -> dict[str, Any]:
    """Write a user with a credential plugin."""
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "tool", **more}}


def agree(kubectl: oracle.Oracle, environ: dict[str, str], context: str = "", cwd: Path | None = None) -> Any:
    """Ask both, and fail unless they agree. Returns what they chose, or our error's text.

    ``config view`` checks less than a request does: what only we refuse, kubectl must refuse for a request, before it
    connects.
    """
    theirs = kubectl.view(environ, context, cwd)
    mine = chosen(environ, context)
    if isinstance(mine, str) and theirs is not None:
        wish = ["--context", context] if context else []
        done = kubectl.run(environ, *wish, "--request-timeout=2s", "get", "--raw", "/", cwd=cwd)
        assert done.returncode, (mine, theirs)
        guessed = LOCALHOST in done.stderr  # for a context without a server; nobody means that
        assert guessed or not any(word in done.stderr for word in CONNECTED), (mine, done.stderr)
    else:
        assert (None if isinstance(mine, str) else mine) == theirs
    return mine


def chosen(environ: dict[str, str], context: str) -> Any:
    """Return what we choose, or our error's text."""
    try:
        return oracle.ours(kubeconfig.resolve(environ, context=context))
    except ClusterError as error:
        return error.message


def write(folder: Path, *configs: Any) -> dict[str, str]:
    """Write the files ``0``, ``1``, … and name them all in KUBECONFIG."""
    paths = []
    for number, content in enumerate(configs):
        path = folder / str(number)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content is not None:
            path.write_text(
                content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), encoding="utf-8"
            )
        paths.append(str(path))
    return {"KUBECONFIG": os.pathsep.join(paths)}


V1 = "client.authentication.k8s.io/v1"
ONE_FILE: dict[str, Any] = {
    "plain": config(),
    "namespace": config(context={"namespace": "mine"}),
    "inline-ca": config({**CLUSTER, "certificate-authority-data": DATA}),
    "ca-twice": config({**CLUSTER, "certificate-authority-data": DATA, "certificate-authority": "ca.crt"}),
    "insecure": config({**CLUSTER, "insecure-skip-tls-verify": True}),
    "insecure-with-ca": config({**CLUSTER, "insecure-skip-tls-verify": True, "certificate-authority-data": DATA}),
    "insecure-as-text": config({**CLUSTER, "insecure-skip-tls-verify": "false"}),
    "server-name": config({**CLUSTER, "tls-server-name": "other", "proxy-url": "http://proxy:3128"}),
    "proxy-of-another-kind": config({**CLUSTER, "proxy-url": "ftp://proxy"}),
    "no-compression": config({**CLUSTER, "disable-compression": True}),
    "no-server": config({}),
    "server-without-scheme": config({"server": "127.0.0.1:6443"}),
    "server-with-slash": config({"server": "https://one.test/k8s/clusters/a/"}),
    "server-with-path-only": config({"server": "one.test/k8s"}),
    "two-tokens": config(user={"token": "a", "tokenFile": "/nowhere/token"}),
    "token-as-number": config(user={"token": 123}),
    "basic": config(user={"username": "a", "password": "b:c"}),
    "basic-and-token": config(user={"username": "a", "password": "b", "token": "t"}),
    "password-and-token": config(user={"password": "b", "token": "t"}),
    "certificate": config(user={"client-certificate-data": DATA, "client-key-data": DATA}),
    "certificate-without-key": config(user={"client-certificate-data": DATA}),
    "impersonation": config(
        user={
            "token": "t",
            "as": "jane",
            "as-uid": "7",
            "as-groups": ["a", "b"],
            "as-user-extra": {"Scope/x": ["1", "2"], "y": []},
        }
    ),
    "groups-without-user": config(user={"token": "t", "as-groups": ["a"]}),
    "uid-without-user": config(user={"token": "t", "as-uid": "a"}),
    "extra-without-user": config(user={"token": "t", "as-user-extra": {"a": ["b"]}}),
    "groups-no-list": config(user={"as": "a", "as-groups": "b"}),
    "exec": config(
        user=plugin(args=["a", "b"], env=[{"name": "A", "value": "1"}], installHint="get it", provideClusterInfo=True)
    ),
    "exec-v1": config(user=plugin(apiVersion=V1, interactiveMode="Never")),
    "exec-v1-without-mode": config(user=plugin(apiVersion=V1)),
    "exec-wrong-mode": config(user=plugin(interactiveMode="Sometimes")),
    "exec-v1alpha1": config(user=plugin(apiVersion="client.authentication.k8s.io/v1alpha1", interactiveMode="Never")),
    "exec-no-version": config(user={"exec": {"command": "tool"}}),
    "exec-no-command": config(user=plugin(command="")),
    "exec-by-path": config(user=plugin(command="./bin/../tool")),
    "exec-env-without-value": config(user=plugin(env=[{"name": "A"}])),
    "exec-env-without-name": config(user=plugin(env=[{"value": "A"}])),
    "exec-env-not-a-list": config(user=plugin(env={"A": "b"})),
    "missing-user": config(users=[]),
    "missing-cluster": config(clusters=[]),
    "context-without-user": config(context={"user": ""}),
    "context-without-cluster": config(context={"cluster": ""}),
    "no-current-context": config(**{"current-context": ""}),
    "wrong-current-context": config(**{"current-context": "nope"}),
    "current-context-as-number": config(**{"current-context": 5}),
    "duplicate-context": config(contexts=[{"name": "k", "context": {"cluster": "c", "user": "u"}}] * 2),
    "duplicate-user": config(users=[{"name": "u", "user": {"token": "a"}}, {"name": "u", "user": {"token": "b"}}]),
    "odd-names": config(
        contexts=[{"name": "arn:aws:eks:eu/ä \U0001f680", "context": {"cluster": "c", "user": "u"}}],
        **{"current-context": "arn:aws:eks:eu/ä \U0001f680"},
    ),
    "date-as-name": "current-context: 2026-01-31\ncontexts: [{name: 2026-01-31, context: {cluster: c, user: u}}]\n"
    "clusters: [{name: c, cluster: {server: 'https://x'}}]\nusers: [{name: u, user: {token: t}}]\n",
    "yes-as-name": config(context={"namespace": True}),
    "fields-of-the-future": config(
        {**CLUSTER, "not-yet": 1}, more={"a": 1}, extensions=[], preferences={"colors": True}
    ),
    "duplicate-key": yaml.safe_dump(config()) + "current-context: nope\n",
    "json": json.dumps(config()),
    "json-with-escaped-surrogates": json.dumps(config(context={"namespace": "\U0001f680"})),
    "byte-order-mark": b"\xef\xbb\xbf" + yaml.safe_dump(config()).encode(),
    "utf-16": yaml.safe_dump(config()).encode("utf-16"),
    "utf-16-json": json.dumps(config()).encode("utf-16"),
    "windows-lines": yaml.safe_dump(config()).replace("\n", "\r\n").encode(),
    "second-document": yaml.safe_dump(config()) + "---\nkind: Other\n",
    "empty": "",
    "comment": "# nothing\n",
    "null": "null\n",
    "list": "[]\n",
    "text": "hello\n",
    "users-no-list": config(users={}),
    "entry-no-mapping": config(users=[{"name": "u", "user": "x"}]),
    "other-kind": {**config(), "kind": "Deployment", "apiVersion": "apps/v1"},
    "config-of-another-version": {**config(), "kind": "Config", "apiVersion": "v2"},
    "said-kind": {**config(), "kind": "Config", "apiVersion": "v1"},
    "binary": bytes(range(256)),
    "broken": "contexts: [",
    "tab": "\t\n",
}


@pytest.mark.parametrize("name", ONE_FILE)
def test_one_file_is_read_as_kubectl_reads_it(kubectl_says: oracle.Oracle, tmp_path: Path, name: str) -> None:
    """Each kind of entry, and each mistake, means to us what it means to kubectl."""
    agree(kubectl_says, write(tmp_path, ONE_FILE[name]))


SEVERAL: dict[str, list[Any]] = {
    "first-wins": [config({"server": "https://a"}), config({"server": "https://b", "proxy-url": "http://p:1"})],
    "no-field-is-mixed-in": [config(user={"as": "jane"}), config(user={"token": "t", "as-groups": ["root"]})],
    "first-current-context": [config(**{"current-context": ""}), config(), config(**{"current-context": "nope"})],
    "later-current-context-empty": [config(), config(**{"current-context": ""})],
    "spread": [config(users=[], clusters=[]), config(contexts=[], clusters=[]), config(users=[], contexts=[])],
    "missing-file": [None, config(), None],
    "empty-first": ["", config()],
    "broken-second": [config(), "contexts: ["],
    "all-missing": [None, None],
    "null-entry-first": [config(contexts=[{"name": "k", "context": None}]), config()],
}


@pytest.mark.parametrize("name", SEVERAL)
def test_several_files_are_merged_as_kubectl_merges_them(
    kubectl_says: oracle.Oracle, tmp_path: Path, name: str
) -> None:
    """The first file that has an entry has all of it; missing files say nothing."""
    agree(kubectl_says, write(tmp_path, *SEVERAL[name]))


def test_relative_paths_belong_to_their_own_file(kubectl_says: oracle.Oracle, tmp_path: Path) -> None:
    """Certificates, keys, token files and plugins are looked for beside the file that names them."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        for file in ("ca.crt", "tls.crt", "tls.key"):
            (tmp_path / name / file).write_text(PEM + name)
        cluster = {**CLUSTER, "certificate-authority": "../one/ca.crt" if name == "two" else "ca.crt"}
        user: dict[str, Any] = {"client-certificate": "tls.crt", "client-key": str(tmp_path / name / "tls.key")}
        user |= {"tokenFile": "sub/../token", **plugin(command="./login")}
        text = yaml.safe_dump(config(cluster, user, users=[{"name": name, "user": user}], context={"user": name}))
        (tmp_path / name / "config").write_text(text)
    paths = [str(tmp_path / "two" / "config"), str(tmp_path / "one" / "config")]
    found = agree(kubectl_says, {"KUBECONFIG": os.pathsep.join(["", *paths, "", paths[0]])})
    assert base64.b64decode(found["cluster"]["certificate-authority-data"]).decode() == PEM + "one"
    assert found["user"]["exec"]["command"] == "login"


def test_a_relative_kubeconfig_is_relative_to_where_we_stand(
    kubectl_says: oracle.Oracle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KUBECONFIG itself may be relative, and so is what its file names."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "ca.crt").write_text(PEM)
    (tmp_path / "sub" / "config").write_text(yaml.safe_dump(config({**CLUSTER, "certificate-authority": "ca.crt"})))
    monkeypatch.chdir(tmp_path)
    found = agree(kubectl_says, {"KUBECONFIG": "sub/config"}, cwd=tmp_path)
    assert found["cluster"]["certificate-authority-data"]


def test_a_path_behind_a_link_is_not_shortened(kubectl_says: oracle.Oracle, tmp_path: Path) -> None:
    """``link/../ca.crt`` is another file than ``ca.crt``: an absolute path is taken as it is written."""
    (tmp_path / "deep" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "deep" / "inner")
    (tmp_path / "deep" / "ca.crt").write_text(PEM)
    cluster = {**CLUSTER, "certificate-authority": f"{tmp_path}/link/../ca.crt"}
    assert agree(kubectl_says, write(tmp_path, config(cluster)))["cluster"]["certificate-authority-data"] == DATA


def test_a_missing_certificate_file_is_named(kubectl_says: oracle.Oracle, tmp_path: Path) -> None:
    """As kubectl refuses to flatten it, we refuse to connect, naming the file."""
    said = agree(kubectl_says, write(tmp_path, config({**CLUSTER, "certificate-authority": "gone.crt"})))
    assert str(tmp_path / "gone.crt") in said


def test_the_context_can_be_chosen(kubectl_says: oracle.Oracle, tmp_path: Path) -> None:
    """--context goes before current-context; one that is not there is refused."""
    contexts = [{"name": name, "context": {"cluster": "c", "user": "u", "namespace": name}} for name in ("k", "other")]
    environ = write(tmp_path, config(contexts=contexts))
    assert agree(kubectl_says, environ, "other")["namespace"] == "other"
    assert agree(kubectl_says, environ)["namespace"] == "k"
    assert "there is no context 'othr'" in agree(kubectl_says, environ, "othr")


def test_without_kubeconfig_it_is_the_home_folders(kubectl_says: oracle.Oracle, tmp_path: Path) -> None:
    """KUBECONFIG unset or empty means ~/.kube/config, and relative paths in it are relative to ~/.kube."""
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "ca.crt").write_text(PEM)
    text = yaml.safe_dump(config({**CLUSTER, "certificate-authority": "ca.crt"}))
    (tmp_path / ".kube" / "config").write_text(text)
    for environ in ({"HOME": str(tmp_path)}, {"HOME": str(tmp_path), "KUBECONFIG": ""}):
        assert agree(kubectl_says, environ)["context"] == "k"
    assert "no cluster is configured" in agree(kubectl_says, {"HOME": str(tmp_path / "none")})


def test_a_folder_is_no_kubeconfig(kubectl_says: oracle.Oracle, tmp_path: Path) -> None:
    """A folder in KUBECONFIG is an error that names it."""
    assert str(tmp_path) in agree(kubectl_says, {"KUBECONFIG": str(tmp_path)})


def test_an_unreadable_file_is_an_error(kubectl_says: oracle.Oracle, tmp_path: Path) -> None:
    """A file that we may not read is not skipped, as with kubectl: it could name the context that is meant."""
    environ = write(tmp_path, config(), config())
    agree(kubectl_says, environ)  # everything is imported now, which nobody else may do
    (tmp_path / "0").chmod(0)
    nobody, myself = 65534, os.geteuid()
    if myself != 0:
        assert "ermission denied" in agree(kubectl_says, environ)
        return
    os.seteuid(nobody)  # root may read every file; kubectl lies where nobody may start it
    try:
        with pytest.raises(ClusterError) as caught:
            kubeconfig.resolve(environ)
    finally:
        os.seteuid(myself)
    assert "ermission denied" in str(caught.value.to_dict())


NAMES = st.sampled_from(["a", "b", "a b", "ä/x", "arn:aws:eks:x", "08", "1e3", "yes", "2026-01-31", ""])
TEXTS = st.sampled_from(["", "x", "08", "1e3", "0o7", "yes", "null", "~", "a: b", "#c", "\U0001f680", " x "])
CLUSTERS = st.fixed_dictionaries(
    {"server": st.sampled_from(["https://h.test", "https://h.test:1/x/", "http://h.test", "h.test:6443"])},
    optional={
        "tls-server-name": TEXTS,
        "insecure-skip-tls-verify": st.booleans(),
        "certificate-authority": st.sampled_from(["ca.crt", "sub/../ca.crt", ""]),
        "certificate-authority-data": st.sampled_from([DATA, ""]),
        "disable-compression": st.booleans(),
        "proxy-url": st.sampled_from(["", "http://p.test:1", "socks5://p.test:2"]),
    },
)
PLUGINS = st.fixed_dictionaries(
    {"command": st.sampled_from(["tool", "./tool", "a/../b", "/abs/tool"])},
    optional={
        "apiVersion": st.sampled_from([V1, f"{V1}beta1", f"{V1}alpha1"]),
        "args": st.lists(TEXTS, max_size=2),
        "env": st.lists(st.fixed_dictionaries({"name": TEXTS, "value": TEXTS}), max_size=2),
        "interactiveMode": st.sampled_from(["Never", "IfAvailable", "Always", ""]),
        "provideClusterInfo": st.booleans(),
        "installHint": TEXTS,
    },
)
USERS = st.fixed_dictionaries(
    {},
    optional={
        "token": TEXTS,
        "tokenFile": st.sampled_from(["token", "/run/token", ""]),
        "username": TEXTS,
        "password": TEXTS,
        "as": TEXTS,
        "as-uid": TEXTS,
        "as-groups": st.lists(TEXTS, max_size=3),
        "as-user-extra": st.dictionaries(TEXTS, st.lists(TEXTS, max_size=2), max_size=2),
        "client-certificate": st.just("ca.crt"),
        "client-key-data": st.just(DATA),
        "exec": PLUGINS,
    },
)
CONTEXTS = st.fixed_dictionaries({"cluster": NAMES, "user": NAMES}, optional={"namespace": st.sampled_from(["n", ""])})


def listed(kind: str, entries: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists of named entries."""
    return st.lists(st.fixed_dictionaries({"name": NAMES, kind: entries}), max_size=5)


FILES = st.fixed_dictionaries(
    {"clusters": listed("cluster", CLUSTERS), "users": listed("user", USERS), "contexts": listed("context", CONTEXTS)},
    optional={"current-context": NAMES},
)


def related(files: list[dict[str, Any]], context: str) -> list[dict[str, Any]]:
    """Let the chosen context lead somewhere, most of the time."""
    for file in files:
        for entry in file["contexts"]:
            for kind in ("cluster", "user"):
                names = [one["name"] for each in files for one in each[f"{kind}s"]]
                if names:
                    entry["context"][kind] = names[len(context) % len(names)]
    return files


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FILES, min_size=1, max_size=3), NAMES, st.booleans())
def test_generated_files_are_merged_as_kubectl_merges_them(
    kubectl_says: oracle.Oracle, files: list[dict[str, Any]], context: str, as_json: bool
) -> None:
    """Whatever the entries are, both choose the same, or both refuse."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "ca.crt").write_text(PEM)
        (Path(folder) / "token").write_text("t\n")
        written = [
            json.dumps(file) if as_json else json.dumps(file, ensure_ascii=False, indent=1)
            for file in related(files, context)
        ]
        agree(kubectl_says, write(Path(folder), *written), context)
