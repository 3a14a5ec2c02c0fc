"""The documentation says what the code does: generated pages are current, links resolve, every error has its page."""

from __future__ import annotations

import json
import re
import shlex
import sys
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sindri_core.cli.render.documents import to_plain
from sindri_core.errors import ConfigError, NotReady, PluginCrashed, SindriError
from sindri_core.hookspecs import HookSpecs
from sindri_core.types import Destination, Finding, Home, Issue, Kept, Removal, Severity, State, Status

REPOSITORY = Path(__file__).resolve().parent.parent
DOCS = REPOSITORY / "docs"
HEADINGS = ["## What it means", "## Why it happens", "## What to do"]
CODE = re.compile(r"SND-[A-Z][A-Z0-9]{2}-\d{3}")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
SOURCES = [*REPOSITORY.glob("sindri_core/**/*.py"), *REPOSITORY.glob("plugins/*/sindri_*/**/*.py")]
PAGES = sorted([*DOCS.rglob("*.md"), *REPOSITORY.glob("*.md"), *REPOSITORY.glob("plugins/*/*.md")])
HOOKS = sorted(name for name in vars(HookSpecs) if name.startswith("sindri_"))


@cache
def generated() -> dict[Path, str]:
    """Make all generated pages once."""
    sys.path.insert(0, str(DOCS))
    import generate

    pages: dict[Path, str] = generate.pages()
    return pages


def named(page: Path) -> str:
    """Name a page in a test id."""
    return str(page.relative_to(REPOSITORY))


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as they are made from the text."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_generated_pages_are_current() -> None:
    """Every reference page says what the code says now; ``make docs`` mends it."""
    assert [named(p) for p, text in generated().items() if not p.exists() or p.read_text("utf-8") != text] == []


def test_no_generated_page_is_left_over() -> None:
    """A reference page that nothing makes any more is gone."""
    there = {page for page in (DOCS / "reference").rglob("*") if page.is_file()}
    assert there <= set(generated())


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_resolve(page: Path) -> None:
    """Each relative link leads to a file that is there, and to a heading in it."""
    for target in LINK.findall(prose(page)):
        path, _, anchor = target.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        to = (page.parent / path).resolve() if path else page
        assert to.exists(), f"{named(page)} links to {target}"
        if anchor and to.suffix == ".md":
            assert anchor in anchors(to), f"{named(page)} links to {target}"


def shown(page: Path) -> list[str]:
    """List the commands of ours that a page shows: prompts and shell lines in blocks, and code in the text."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^(?:> )?```(?:console|bash)\n(.*?)^(?:> )?```", text, re.MULTILINE | re.DOTALL)
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    inline = re.findall(r"`(sindri [a-z][^`…<]*)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    return [line.partition("#")[0].strip() for line in [*lines, *inline] if line.startswith("sindri ")]


def missing(command: str) -> str:
    """Say what of a command does not exist: a word or an option; empty when all of it does."""
    import click

    from sindri_core.cli.app import sindri

    found: click.Command = sindri
    words = [word for word in shlex.split(command)[1:] if not word.startswith("<")]
    while words and isinstance(found, click.Group) and not words[0].startswith("-"):
        below = found.get_command(click.Context(found), words[0])
        if below is None:
            return words[0]
        found, words = below, words[1:]
    known = {name for parameter in found.params for name in parameter.opts} | {"--help", "-h", "--version"}
    return next((w for w in (word.partition("=")[0] for word in words) if w.startswith("-") and w not in known), "")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_the_commands_that_a_page_shows_exist(page: Path) -> None:
    """Every command and option in the docs can be typed; what the document has beyond them is exactly what is noted."""
    gaps = {missing(command) for command in shown(page)} - {""}
    noted = {"k8s", "connect"}
    if page.name == "kubernetes-provider.md":
        assert gaps == noted
    else:
        assert gaps - noted == set()


def test_the_commands_that_hints_name_exist() -> None:
    """What an error tells people to type can be typed."""
    hints = [h for path in SOURCES for h in re.findall(r'hint=f?"(sindri [a-z][^"{]*)', path.read_text("utf-8"))]
    assert hints
    assert [hint for hint in hints if missing(re.split(r"   |, ", hint)[0])] == []


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    """The error codes in the source are exactly those that are documented."""
    used = {code for path in SOURCES for code in CODE.findall(path.read_text(encoding="utf-8"))}
    assert used == {page.stem for page in DOCS.glob("errors/SND-*.md")}


@pytest.mark.parametrize("page", sorted(DOCS.glob("errors/SND-*.md")), ids=lambda page: page.stem)
def test_an_error_page_answers_three_questions(page: Path) -> None:
    """Code and title, then what it means, why it happens, what to do: in this order, none empty."""
    title, *parts = re.split(r"^(?=## )", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert re.fullmatch(rf"# {page.stem}: \S.*", title.strip())
    assert [part.splitlines()[0] for part in parts] == HEADINGS
    assert all(len(part.split()) > len(part.splitlines()[0].split()) for part in parts)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_documented_with_its_arguments(hook: str) -> None:
    """The plugin-API page has every hook with the exact arguments of the specification."""
    method = getattr(HookSpecs, hook)
    code = method.__code__
    page = generated()[DOCS / "reference" / "plugin-api.md"]
    signature = re.search(rf"^def {hook}\((.*)\) -> ", page, re.MULTILINE)
    assert signature
    assert [each.split(":")[0] for each in signature[1].split(", ")] == list(code.co_varnames[: code.co_argcount])
    assert len(method.__doc__.split("\n\n")) > 1, "says what it does, then when it is called and what a failure means"


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_a_test(hook: str) -> None:
    """Every hook is used by a test, by its name."""
    assert [path for path in REPOSITORY.glob("tests/**/*.py") if hook in path.read_text(encoding="utf-8")]


DESTINATION = Destination(provider="kubernetes", context="c", namespace="n", server="s", handle=object())
STATUS = Status(
    name="dev",
    state=State.DEGRADED,
    destination=DESTINATION,
    home=Home(name="dev-home-pvc", phase="Bound"),
    finding=Finding(code="SND-K8S-206", message="m", seen=("a",), fix=("b",)),
)
REMOVAL = Removal(removed=("Service/dev",), kept=(Kept(object="PersistentVolumeClaim/dev-home-pvc", reason="data"),))
ISSUE = Issue(code="SND-CFG-101", severity=Severity.ERROR, path="name", message="m", file="sindri.yaml", line=2)
ERRORS = [
    SindriError("SND-RUN-003", "m", details=[("seen", "x")]),
    ConfigError("SND-CFG-001", "m", issues=[ISSUE]),
    PluginCrashed("SND-PLG-004", "m", plugin="p", distribution="d", hook="h"),
    NotReady("SND-K8S-206", "m", finding=STATUS.finding),
    NotReady("SND-K8S-206", "m"),
]


def schema(name: str) -> dict[str, Any]:
    """Read a documented schema."""
    text = generated()[DOCS / "reference" / "schemas" / f"{name}.schema.json"]
    document: dict[str, Any] = json.loads(text)
    return document


@pytest.mark.parametrize(("name", "value"), [("status", STATUS), ("list", (STATUS,)), ("removal", REMOVAL)])
def test_an_answer_fits_its_schema(name: str, value: object) -> None:
    """What ``-o json`` prints is valid against the documented schema, and a field less is not."""
    plain = json.loads(json.dumps(to_plain(value)))
    validator = jsonschema.Draft202012Validator(schema(name))
    validator.validate(plain)
    first = plain[0] if isinstance(plain, list) else plain
    first.pop(next(iter(first)))
    assert not validator.is_valid(plain)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_fits_its_schema(error: SindriError) -> None:
    """What is printed for every kind of error is valid against the documented schema."""
    plain = json.loads(json.dumps({"error": error.to_dict()}))
    jsonschema.Draft202012Validator(schema("error")).validate(plain)


def test_the_configuration_schema_accepts_its_own_defaults() -> None:
    """A default in the schema is a value that the schema allows: an amount is text, not our inner value."""
    found = []

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            if part.get("default") is not None and "$ref" not in part:
                found.append(part)
                jsonschema.Draft202012Validator(part | {"$defs": whole["$defs"]}).validate(part["default"])
            for value in part.values():
                walk(value)

    whole = json.loads(generated()[DOCS / "reference" / "sindri.schema.json"])
    walk(whole)
    assert len(found) > 10
