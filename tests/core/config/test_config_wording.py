"""What people read when a configuration is wrong: our words, never pydantic's, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from sindri_core.config.document import Document, read_document
from sindri_core.config.models import FileModel
from sindri_core.config.naming import LONGEST_NAME, NAME, complaint, fitted
from sindri_core.config.validation import validate
from sindri_core.errors import ConfigError
from sindri_core.types import ConfigSection, Issue, Severity
from sindri_kubernetes.models import KubernetesSection, LocalClusterSection

SECTIONS = (
    ("kubernetes", ConfigSection(path="providers.kubernetes", model="sindri_kubernetes.models:KubernetesSection")),
    ("kubernetes", ConfigSection(path="providers.k8s", model="sindri_kubernetes.models:LocalClusterSection")),
)
RAW = re.compile(
    r"[Ii]nput should|should be|should have|Extra inputs|[Ff]ield required|Value error|Assertion failed|type=|"
    r"valid (string|integer|list|dict|number|boolean)|errors\.pydantic|\^\["
)
WRONG: tuple[Any, ...] = (
    *(None, True, 7, -1, 10**15, 0.5, "", "?", "-x", "x" * 5000, [], ["?"], [None], [1] * 500, {}, {"zzz": 1}),
    *([{}], [{"zzz": 1}], [["x"]], {"enabled": "x"}, "10GiB", "4", "1e3"),
)


def paths(model: type[BaseModel], before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """List every key of a model and of those inside it."""
    for name, field in model.model_fields.items():
        yield (*before, name)
        candidates = [field.annotation, *get_args(field.annotation)]
        for inner in candidates:
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from paths(inner, (*before, name))


PATHS = [
    *paths(FileModel),
    *paths(KubernetesSection, ("providers", "kubernetes")),
    *paths(LocalClusterSection, ("providers", "k8s")),
    *[("providers", "kubernetes", "tolerations", key) for key in ("key", "operator", "value", "effect")],
    *[("providers",), ("providers", "kubernetes"), ("providers", "k8s"), ("zzz",)],
]


def issues(data: dict[str, Any], providers: tuple[str, ...] = ()) -> list[Issue]:
    """Validate plain data, and return the problems; none when it is accepted."""
    try:
        config = validate(Document(data=data), SECTIONS, providers=providers)
    except ConfigError as error:
        return list(error.issues)
    return list(config.warnings)


def nested(path: tuple[str, ...], value: object) -> dict[str, Any]:
    """Put a value where the path leads; a toleration stands in a list."""
    inner: Any = value
    for step in reversed(path):
        inner = {step: inner}
        if step in {"key", "operator", "value", "effect"} and "tolerations" in path:
            inner = [inner]
    made: dict[str, Any] = inner
    return made


@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_every_key_refuses_in_our_words(path: tuple[str, ...]) -> None:
    """Each key with each kind of wrong value: some are refused, and no message is one of pydantic's."""
    found = [issue for value in WRONG for issue in issues(nested(path, value))]
    assert found
    assert [i.message for i in found if RAW.search(i.message)] == []
    assert all(len(i.message) < 320 for i in found)


@pytest.mark.parametrize(
    ("data", "path", "message"),
    [
        (
            {"deployment": {"resources": {"memory": "4XB"}}},
            "deployment.resources.memory",
            '"4XB" is no amount of memory: write e.g. 4GB, 4Gi or 512MB',
        ),
        ({"deployment": {"resources": {"memory": "10GiB"}}}, "deployment.resources.memory", "write 10Gi"),
        ({"deployment": {"resources": {"memory": 4}}}, "deployment.resources.memory", "write 4GB or 4MB"),
        ({"deployment": {"resources": {"memry": "4GB"}}}, "deployment.resources.memry", "did you mean memory?"),
        ({"deployment": {"resources": {"gpu": {"count": "a"}}}}, "deployment.resources.gpu.count", "from 1 to 64"),
        ({"deployment": {"resources": {"gpu": {"count": 99}}}}, "deployment.resources.gpu.count", "from 1 to 64"),
        ({"deployment": {"resources": {"gpu": {"enabled": "yes"}}}}, "deployment.resources.gpu.enabled", "true or fa"),
        ({"deployment": {"resources": {"gpu": {"type": "nvida"}}}}, "deployment.resources.gpu.type", "mean nvidia?"),
        ({"deployment": {"resources": None}}, "deployment.resources", "is empty: write keys below it (cpus, gpu, mem"),
        ({"deployment": {"buildFromSource": {"enabled": True}}}, "deployment.buildFromSource.enabled", "push it"),
        ({"deployment": {"image_config": {}}}, "deployment.image_config.registry", "is missing: write registry and"),
        ({"deployment": {"image_config": {"registry": "a", "version": 1.0}}}, "deployment.image_config.version", "quo"),
        ({"deployment": {"provider": "Kubernetes"}}, "deployment.provider", "the id of a plugin"),
        ({"extensions": {"profile": "fulstack"}}, "extensions.profile", "did you mean fullstack?"),
        ({"extensions": {"active": "nodejs"}}, "extensions.active", 'write ["nodejs"]'),
        ({"extensions": {"active": ["nodejs", 3]}}, "extensions.active[1]", "put it in quotes"),
        ({"providers": {"kubernetes": {"namespace": "A_b"}}}, "providers.kubernetes.namespace", "such as dev-user-a"),
        ({"providers": {"kubernetes": {"storageclass": "x"}}}, "providers.kubernetes.storageclass", "storageClass?"),
        ({"providers": {"kubernets": {}}}, "providers.kubernets", "did you mean kubernetes?"),
        ({"providers": {"kubernetes": {"ingress": {}}}}, "providers.kubernetes.ingress", "kubectl port-forward"),
        ({"providers": {"docker": {}}}, "providers.docker", "earlier program"),
        ({"secrets": None}, "secrets", "providers.kubernetes.secrets"),
        ({"deployment": {"provider": "kubernets"}}, "deployment.provider", "did you mean kubernetes?"),
        ({"deployment": {"provider": "docker"}}, "deployment.provider", "write provider: kubernetes"),
        ({"deployment": {"provider": "aws"}}, "deployment.provider", "providers.kubernetes.context"),
    ],
)
def test_a_mistake_is_said_once_with_what_to_write(data: dict[str, Any], path: str, message: str) -> None:
    """One problem, one line, at the key, with the way out."""
    found = issues(data, providers=("kubernetes",))
    assert [issue.path for issue in found] == [path]
    assert message in found[0].message
    assert found[0].severity is Severity.ERROR


def test_a_section_without_its_plugin_is_a_warning_that_says_what_to_do() -> None:
    """It may belong to a colleague's plugin; this environment does not need it."""
    (found,) = issues({"providers": {"acme": {}}})
    assert (found.code, found.severity) == ("SND-CFG-104", Severity.WARNING)
    assert "install the plugin" in found.message


def test_what_stands_in_a_wrong_list_or_mapping_is_not_repeated() -> None:
    """A secret that was pasted into the wrong place stays where it is."""
    found = issues(
        {"providers": {"kubernetes": {"secrets": [{"name": "x", "value": "canary"}], "context": ["canary"]}}}
    )
    assert len(found) == 2
    assert "canary" not in str(found)


@given(st.text(max_size=300))
def test_any_folder_gives_a_valid_name(folder: str) -> None:
    """Whatever a folder is called, also in bytes that are no text, the default name needs no correction."""
    assert complaint(fitted(folder)) == ""


@given(st.from_regex(NAME, fullmatch=True))
def test_a_name_is_its_own_proposal(name: str) -> None:
    """What is valid is left as it is, and every name made of it is a DNS label."""
    if len(name) <= LONGEST_NAME:
        assert fitted(name) == name
        assert len(f"{name}-home-pvc") <= 63


@pytest.mark.parametrize(
    ("name", "proposed"),
    [
        *(("08", "env-08"), ("1e3", "env-1e3"), ("My App", "my-app"), ("a_b-", "a-b"), ("Übung", "ubung")),
        *(("-", "sindri"), ("\u65e5\u672c", "sindri"), ("x" * 55, "x" * 54), ("a\nb", "a-b")),
    ],
)
def test_what_is_no_name_gets_a_proposal(name: str, proposed: str) -> None:
    """The message ends with a name that can be written instead."""
    (found,) = issues({"name": name})
    assert found.path == "name"
    assert found.message.endswith(f"write e.g. {proposed}")


@pytest.mark.parametrize(("written", "name"), [("true", "true"), ("null", "null"), ("no", "no"), ('"null"', "null")])
def test_words_that_yaml_takes_for_something_else_are_names(written: str, name: str, tmp_path: Path) -> None:
    """The name and the version are text, whatever they look like; an empty name is the folder's."""
    file = tmp_path / "sindri.yaml"
    file.write_text(f"name: {written}\nversion: 1.0\n")
    assert validate(read_document(file), SECTIONS).name == name
    file.write_text("name:\n")
    assert validate(read_document(file), SECTIONS).name == fitted(tmp_path.name)
