"""sindri.yaml: what loads, what is refused, and how it is said."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sindri_core.cli.render.documents import dump
from sindri_core.config.amounts import parse_cpus, parse_size
from sindri_core.config.document import Document, find_config, read_document
from sindri_core.config.initial import initial_document
from sindri_core.config.schema import json_schema
from sindri_core.config.show import annotated, show
from sindri_core.config.validation import default_config, validate
from sindri_core.errors import ConfigError
from sindri_core.settings import Config, Cpus, Size
from sindri_core.types import Claim, ConfigSection

SECTIONS = (
    ("kubernetes", ConfigSection(path="providers.kubernetes", model="sindri_kubernetes.models:KubernetesSection")),
    ("kubernetes", ConfigSection(path="providers.k8s", model="sindri_kubernetes.models:LocalClusterSection")),
)
DIGEST = "sha256:" + "a" * 64


def load(data: dict[str, Any]) -> Config:
    """Validate plain data with the sections of the Kubernetes plugin."""
    return validate(Document(data=data), SECTIONS)


def refused(text: str | bytes, folder: Path) -> ConfigError:
    """Write a file that must be refused, and return the error."""
    file = folder / "sindri.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        validate(read_document(file), SECTIONS)
    return caught.value


def said(error: ConfigError) -> str:
    """All that the error tells people."""
    issues = (f"{i.file}:{i.line}:{i.column} {i.path} {i.message}" for i in error.issues)
    return "\n".join([error.message, error.hint, *issues])


def accepted_or_refused(file: Path) -> None:
    """The file loads, or ends in a ConfigError that names file, line and column."""
    words = ""
    try:
        validate(read_document(file), SECTIONS)
    except ConfigError as error:
        words = said(error)
    assert not words or re.search(r"sindri\.yaml:[0-9]+:[0-9]+", words), words


def test_an_empty_mapping_has_the_documents_defaults() -> None:
    """Provider kubernetes, 2GB, one processor, 10Gi, and nothing demanded of the image."""
    config = default_config(SECTIONS)
    assert config.provider == "kubernetes"
    assert (str(config.resources.memory), str(config.resources.cpus)) == ("2Gi", "1")
    assert str(config.workspace_size) == "10Gi"
    assert config.trust.own.claims == frozenset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("4GB", "4Gi"), ("4Gi", "4Gi"), ("512MB", "512Mi"), ("512Mi", "512Mi"), ("1.5Gi", "1536Mi"), ("1T", "1Ti")],
)
def test_sizes_are_powers_of_two_however_they_are_written(text: str, expected: str) -> None:
    """``4GB`` means 4Gi, as the document shows."""
    assert str(parse_size(text)) == expected


@pytest.mark.parametrize("text", ["", "4", "10GiB", "-1Gi", "1e3Mi", "0Gi", "99999999Ti", 4, None, "4 GB", "४Gi"])
def test_what_is_no_size_is_refused(text: object) -> None:
    """Wrong units, signs, blanks, other digits, nothing and too much."""
    with pytest.raises(ValueError, match=r"size|bounds|no unit|is empty"):
        parse_size(text)


@pytest.mark.parametrize(("value", "expected"), [(2, "2"), (0.5, "500m"), ("1.5", "1500m"), ("250m", "250m")])
def test_processors_may_be_fractions(value: object, expected: str) -> None:
    """Numbers, fractions and thousandths."""
    assert str(parse_cpus(value)) == expected


@given(st.integers(min_value=1, max_value=1 << 49))
def test_a_size_is_read_back_as_it_was_written(amount: int) -> None:
    """Printing and reading agree wherever the amount has a unit."""
    written = str(Size(amount))
    if not written.isdigit() and len(written) < 9:
        assert parse_size(written) == Size(amount)


@given(st.integers(min_value=1, max_value=1_024_000))
def test_processors_are_read_back_as_they_were_written(millis: int) -> None:
    """Printing and reading agree."""
    assert parse_cpus(str(Cpus(millis))) == Cpus(millis)


DOCUMENT = Path(__file__).parents[3] / "docs" / "kubernetes-provider.md"
NO_CONFIGURATION = {
    "# Generated manifest includes:": "a part of a generated object",
    "# 1. Namespace (if needed)\napiVersion": "the generated objects",
    "apiVersion: v1\nkind: ResourceQuota": "an object for kubectl apply",
    "# GitHub Actions example": "a workflow; the configuration inside it is a sample of its own",
}
"""How the YAML blocks begin that are not sindri.yaml, and what they are."""


def blocks() -> list[str]:
    """Every YAML block of the document, also those inside quotes of Markdown."""
    text = re.sub(r"^> ?", "", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return re.findall(r"```ya?ml\n(.*?)```", text, flags=re.DOTALL)


def samples() -> list[str]:
    """Every configuration in the document, placeholders filled in: in YAML blocks, in shell scripts, in comments."""
    text = DOCUMENT.read_text(encoding="utf-8")
    found = [block for block in blocks() if not block.startswith(tuple(NO_CONFIGURATION))]
    found += [
        textwrap.dedent(inner) for inner in re.findall(r"sindri\.yaml << '?EOF'?\n(.*?)\n\s*EOF", text, re.DOTALL)
    ]
    found += re.findall(r"# Reference in sindri\.yaml\n(.*?)```", text, re.DOTALL)
    filled = [re.sub(r"\$\{\{[^}]*digest[^}]*\}\}", DIGEST, each.replace("sha256:abc123...", DIGEST)) for each in found]
    filled = [re.sub(r"\$\{\{ github\.repository \}\}", "acme/app", each) for each in filled]
    options = [option for each in filled for option in re.split(r"^# (?:Option|User) .*$", each, flags=re.MULTILINE)]
    return [option for option in options if option.strip()]


def test_no_block_of_the_document_is_left_out_without_reason() -> None:
    """Each reason fits exactly one block; all other blocks, scripts and the line about secrets are samples."""
    assert [sum(block.startswith(start) for block in blocks()) for start in NO_CONFIGURATION] == [1] * 4
    # five blocks (basic, advanced, GPU, three options, digest, two users), four scripts, one reference to secrets
    assert len(samples()) == 3 + 3 + 1 + 2 + 4 + 1
    assert not [sample for sample in samples() if "..." in sample or "${{" in sample]


@pytest.mark.parametrize("text", samples())
def test_every_sample_of_the_document_loads(text: str, tmp_path: Path) -> None:
    """Option blocks one by one, also those without version, name or extensions; the schema accepts them too."""
    file = tmp_path / "sindri.yaml"
    file.write_text(text)
    document = read_document(file)
    config = validate(document, SECTIONS)
    assert config.name
    assert config.provider == "kubernetes"
    assert list(jsonschema.Draft202012Validator(json_schema(SECTIONS)).iter_errors(document.data)) == []


@pytest.mark.parametrize("text", samples())
def test_what_is_shown_loads_and_means_the_same(text: str, tmp_path: Path) -> None:
    """The text for people, YAML and JSON are all a sindri.yaml with the same meaning."""
    file = tmp_path / "sindri.yaml"
    file.write_text(text)
    config = validate(read_document(file), SECTIONS)
    for shown in (annotated(config), dump(show(config), "yaml"), dump(show(config), "json")):
        again = tmp_path / "again.yaml"
        again.write_text(shown)
        assert validate(read_document(again), SECTIONS).digest == config.digest


def test_a_doubled_prefix_is_understood_with_a_warning() -> None:
    """What the pipeline sample produces when the output carries the prefix."""
    image = {"registry": "ghcr.io/acme/app", "digest": f"sha256:{DIGEST}"}
    config = load({"deployment": {"image_config": image}})
    assert config.image.digest == DIGEST
    assert [w.code for w in config.warnings] == ["SND-CFG-105"]


def test_claims_are_required_only_where_they_are_written() -> None:
    """``verify_signature`` and ``verify_provenance`` are the two claims."""
    image = {"registry": "ghcr.io/acme/app", "digest": DIGEST, "verify_signature": True, "verify_provenance": True}
    required = load({"deployment": {"image_config": image}}).trust.own.claims
    assert required == {Claim.SIGNATURE, Claim.PROVENANCE}


def test_all_problems_of_all_sections_are_in_one_report(tmp_path: Path) -> None:
    """Core and plugin problems come together, in the order of the file, with what may be meant."""
    error = refused(
        "name: demo\ndeployment:\n  resources:\n    memry: 4GB\n    memory: 10GiB\nproviders:\n  kubernetes:\n"
        "    namspace: x\n",
        tmp_path,
    )
    assert error.code == "SND-CFG-001"
    assert [(i.line, i.column, i.path) for i in error.issues] == [
        (4, 5, "deployment.resources.memry"),
        (5, 5, "deployment.resources.memory"),
        (8, 5, "providers.kubernetes.namspace"),
    ]
    assert "did you mean memory?" in error.issues[0].message
    assert "did you mean namespace?" in error.issues[2].message


@pytest.mark.parametrize(
    "name", ["no", "08", "1e3", "0o7", "x" * 55, "x" * 64, "-a", "a-", "Ä", "a_b", "A", "a b", "[]", "{}"]
)
def test_odd_names_are_refused_by_name(name: str, tmp_path: Path) -> None:
    """Words that other YAML readers take for something else are names, or no names; never a crash."""
    if name == "no":
        assert load({"name": name}).name == "no"
        return
    error = refused(f"name: {name}\n", tmp_path)
    assert ":1:" in said(error)


def test_the_folder_gives_the_name(tmp_path: Path) -> None:
    """Without a name the folder's is made fit for Kubernetes."""
    folder = tmp_path / "08 My Projekt_Ä!"
    folder.mkdir()
    (folder / "sindri.yaml").write_text("deployment: {}\n")
    assert validate(read_document(folder / "sindri.yaml"), SECTIONS).name == "env-08-my-projekt-a"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", "empty"),
        (b"# nothing\n", "empty"),
        (b"\xff\xfe\x00binary", "UTF-8"),
        (b"\x89PNG\r\n\x1a\n", "UTF-8"),
        (b"name: a\x07b\n", ":1:"),
        (b"- a\n- b\n", "mapping"),
        (b"just words\n", "mapping"),
        (b"name: a\n---\nname: b\n", "more than one document"),
        (b"name: a\nname: b\n", "line 1 already"),
        (b"name: &a [*a]\n", ":1:"),
        (b"<<: {a: 1}\n", ":1:"),
        (b"name: !!python/object:os.system x\n", "tag"),
        (b"name: !secret x\n", "tag"),
        (b"? [a, b]\n: c\n", "key"),
        (b"name: [unclosed\n", ":2:"),
        (b"name: 'unclosed\n", ":2:"),
        (b"\tname: a\n", ":1:"),
        (b"a: &a [x,x,x,x,x,x,x,x,x,x]\n", "unknown key"),
        (b"x: " + b"[" * 200 + b"]" * 200, "deeper"),
        (b"name: a\n" + b"#" * 300_000, "larger"),
        (b"1: a\n", "unknown key"),
        (b"deployment: []\n", ":1:"),
        (b"deployment: 7\n", ":1:"),
        (b"providers: []\n", ":1:"),
        (b"providers: {kubernetes: []}\n", ":1:"),
        (b"deployment: {resources: {cpus: 99999999999999999999999999}}\n", ":1:"),
        (b"deployment: {resources: {cpus: .inf}}\n", ":1:"),
        (b"deployment: {resources: {gpu: {enabled: yes}}}\n", ":1:"),
        (b"deployment: {image: 'http://x'}\n", "reference"),
        (b"deployment: {image: a, image_config: {registry: a, tag_override: b}}\n", "twice"),
        (b"extensions: {profile: minimal, active: [a]}\n", "exclude"),
        (b"extensions: {additional: [a]}\n", "profile"),
        (b"secrets: []\n", "providers.kubernetes.secrets"),
        (b"providers: {docker: {}}\n", "plugins list"),
        (b"version: '9.9'\n", "version"),
    ],
)
def test_malformed_files_are_refused_with_their_place(text: bytes, expected: str, tmp_path: Path) -> None:
    """Whatever is wrong, the message says what and where, and the exit code is 2."""
    error = refused(text, tmp_path)
    assert error.exit_code == 2
    assert expected in said(error)


def test_aliases_cost_what_they_expand_to(tmp_path: Path) -> None:
    """A YAML bomb of nine levels is refused in an instant."""
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 9))
    assert "alias" in said(refused(f"l0: &l0 [x, x, x]\n{levels}\n", tmp_path))


def test_anchors_are_allowed(tmp_path: Path) -> None:
    """A value may be written once and used twice."""
    file = tmp_path / "sindri.yaml"
    file.write_text("name: &n demo\nproviders:\n  kubernetes:\n    namespace: *n\n")
    assert validate(read_document(file), SECTIONS).name == "demo"


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    ["name", "version", "deployment", "extensions", "plugins", "trust", "providers", "secrets", "zzz"]
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(KEYS, PLAIN, min_size=1, max_size=4))
def test_any_mapping_is_a_configuration_or_refused(tmp_path: Path, data: dict[str, Any]) -> None:
    """Two hundred generated files: each is understood or ends in a ConfigError that names file and line."""
    file = tmp_path / "sindri.yaml"
    file.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8", errors="replace")
    accepted_or_refused(file)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_configuration_or_refused(tmp_path: Path, content: bytes) -> None:
    """Bytes of any kind never cause another error."""
    file = tmp_path / "sindri.yaml"
    file.write_bytes(content)
    accepted_or_refused(file)


def test_the_file_is_found_upwards(tmp_path: Path) -> None:
    """The nearest sindri.yaml or sindri.yml above the folder is used."""
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "sindri.yml").write_text("name: top\n")
    assert find_config(deep) == tmp_path / "sindri.yml"
    (deep / "sindri.yaml").write_text("name: deep\n")
    assert find_config(deep) == deep / "sindri.yaml"


def test_meaning_decides_the_digest(tmp_path: Path) -> None:
    """Comments, order and spelling of amounts do not change it; a value does."""
    one = load({"name": "a", "deployment": {"resources": {"memory": "4GB", "cpus": 2}}})
    two = load({"deployment": {"resources": {"cpus": "2", "memory": "4Gi"}}, "name": "a"})
    three = load({"name": "a", "deployment": {"resources": {"memory": "4GB", "cpus": 3}}})
    assert one.digest == two.digest != three.digest


def test_the_first_file_loads_and_shows(tmp_path: Path) -> None:
    """What ``config init`` writes is valid, and is shown with its defaults."""
    file = tmp_path / "sindri.yaml"
    file.write_text(initial_document("demo", "kubernetes"))
    shown = show(validate(read_document(file), SECTIONS))
    assert shown["name"] == "demo"
    assert shown["deployment"]["resources"]["memory"] == "2Gi"


def test_the_schema_accepts_what_the_program_accepts() -> None:
    """The JSON schema of the whole file, sections in their place, takes the first file and refuses strangers."""
    schema = json_schema(SECTIONS)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(yaml.safe_load(initial_document("demo", "kubernetes")))
    assert not validator.is_valid({"providers": {"kubernetes": {"namspace": "x"}}})
    assert not validator.is_valid({"deploymnt": {}})
