"""The rules of merging, as properties of files that hypothesis makes, and limits of one file."""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sindri_core.errors import ClusterError, SindriError
from sindri_kubernetes import kubeconfig
from sindri_kubernetes.kubeconfig import merge
from sindri_kubernetes.kubeconfig.merge import Merged, files_of

NAMES = st.text("ab/.:#'-ä0\U0001f680 ", max_size=5)
ENTRIES = {
    "cluster": st.fixed_dictionaries({"server": NAMES}, optional={"certificate-authority": NAMES}),
    "user": st.fixed_dictionaries({}, optional={"token": NAMES, "tokenFile": NAMES, "as": NAMES}),
    "context": st.fixed_dictionaries({"cluster": NAMES, "user": NAMES}, optional={"namespace": NAMES}),
}


def listed(kind: str) -> st.SearchStrategy[Any]:
    """Lists of entries with names that occur once, as a file must have."""
    return st.dictionaries(NAMES, ENTRIES[kind], max_size=4).map(
        lambda found: [{"name": name, kind: entry} for name, entry in found.items()]
    )


FILES = st.fixed_dictionaries({}, optional={"current-context": NAMES, **{f"{kind}s": listed(kind) for kind in ENTRIES}})
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=8,
)


def merged(files: list[Any]) -> Merged:
    """Write the files into one folder and merge them."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / str(number) for number in range(len(files))]
        for path, content in zip(paths, files, strict=True):
            path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        found = merge.merge(paths)
        text = json.dumps([found.current, found.clusters, found.users, found.contexts])
        found.current, found.clusters, found.users, found.contexts = json.loads(text.replace(folder, "/folder"))
        found.files = [Path(path.name) for path in found.files]
        return found


@given(st.lists(FILES, max_size=3))
def test_every_entry_is_the_first_files_that_has_it(files: list[dict[str, Any]]) -> None:
    """No entry is lost, none is invented, none is mixed from two files, and the first current context counts."""
    found = merged(files)
    for kind, entries in (("cluster", found.clusters), ("user", found.users), ("context", found.contexts)):
        first: dict[str, Any] = {}
        for file in files:
            for one in file.get(f"{kind}s", []):
                first.setdefault(one["name"], one[kind])
        assert list(entries) == list(first)
        for name, entry in entries.items():
            assert entry.keys() == first[name].keys()
            plain = entry.keys() - {"certificate-authority", "tokenFile"}
            assert {key: entry[key] for key in plain} == {key: first[name][key] for key in plain}
    assert found.current == next((file["current-context"] for file in files if file.get("current-context")), "")


@given(st.lists(FILES, min_size=1, max_size=3))
def test_merging_again_changes_nothing(files: list[dict[str, Any]]) -> None:
    """A file that repeats what came before adds nothing, and one alone is itself."""
    once, twice = merged(files), merged([*files, *files])
    assert (once.current, once.clusters, once.users, once.contexts) == (
        twice.current,
        twice.clusters,
        twice.users,
        twice.contexts,
    )


@given(FILES)
def test_paths_become_absolute(file: dict[str, Any]) -> None:
    """Whatever a path is, it no longer depends on where we stand; an empty one stays empty."""
    found = merged([file])
    for entry in [*found.clusters.values(), *found.users.values()]:
        for key in ("certificate-authority", "tokenFile"):
            assert not entry.get(key) or entry[key].startswith("/")


@given(st.sampled_from(["json", "yaml"]), FILES)
def test_json_and_yaml_mean_the_same(how: str, file: dict[str, Any]) -> None:
    """A name or a token survives either notation."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config"
        text = json.dumps(file, ensure_ascii=False) if how == "json" else yaml.safe_dump(file, allow_unicode=True)
        path.write_text(text, encoding="utf-8")
        assert list(merge.merge([path]).contexts) == list(merged([file]).contexts)


@given(st.sampled_from(["clusters", "users", "contexts", "current-context", "kind"]), ANYTHING, ANYTHING)
def test_nonsense_is_an_error_of_ours(key: str, value: Any, inner: Any) -> None:
    """Whatever stands where something else belongs: our error with its code, never another exception."""
    for content in (value, {key: value}, {key: [{"name": "k", key.rstrip("s"): inner}], "current-context": "k"}):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "config"
            path.write_text(yaml.safe_dump(content), encoding="utf-8")
            with pytest.raises(SindriError) as caught:
                kubeconfig.resolve({"KUBECONFIG": str(path)})
            assert caught.value.code in {"SND-K8S-005", "SND-K8S-006"}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """A file that is no kubeconfig ends with our own error."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config"
        path.write_bytes(content)
        with suppress(ClusterError):
            assert merge.merge([path]).files == [path]


@pytest.mark.parametrize(
    "content",
    [
        "a: [" * 2000,
        "a: &a [1,1,1]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\ncontexts: [*c]\n",
        "contexts: &x [*x]\n",
        "users: !!python/object/apply:os.system [id]\n",
        "users: !!binary x\n",
    ],
)
def test_hostile_files_are_refused(tmp_path: Path, content: str) -> None:
    """Depth, aliases, cycles and tags that make objects end with an error and do nothing."""
    path = tmp_path / "config"
    path.write_text(content)
    with pytest.raises(ClusterError) as caught:
        kubeconfig.resolve({"KUBECONFIG": str(path)})
    assert caught.value.code in {"SND-K8S-005", "SND-K8S-006"}


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    """More than 4 MiB is no kubeconfig."""
    path = tmp_path / "config"
    with path.open("wb") as stream:
        stream.truncate(merge.LARGEST + 1)
    with pytest.raises(ClusterError, match="larger than 4 MiB"):
        merge.merge([path])


@pytest.mark.parametrize("field", ["token", "password", "client-key-data"])
def test_a_wrong_type_is_named_without_its_value(tmp_path: Path, field: str) -> None:
    """The message says which field, and never what stood there."""
    path = tmp_path / "config"
    path.write_text(json.dumps({"users": [{"name": "u", "user": {field: 987654321}}]}))
    with pytest.raises(ClusterError) as caught:
        merge.merge([path])
    assert f"users[0].user.{field}" in caught.value.message
    assert "987654321" not in json.dumps(caught.value.to_dict())


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"KUBECONFIG": "a::b:a:"}, ["a", "b"]),
        ({"KUBECONFIG": "", "HOME": "/h"}, ["/h/.kube/config"]),
        ({"HOME": "/h"}, ["/h/.kube/config"]),
        ({"KUBECONFIG": "a", "HOME": "/h"}, ["a"]),
        ({}, []),
    ],
)
def test_which_files_are_read(environ: dict[str, str], expected: list[str]) -> None:
    """KUBECONFIG lists them, each once; without it there is one in the home folder."""
    assert [str(path) for path in files_of(environ)] == expected
