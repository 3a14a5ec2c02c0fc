"""The repository as a whole: sizes, paths, and what a fresh machine installs."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parent.parent
LONGEST, MEDIAN = 500, 200
DISTRIBUTIONS = sorted([REPOSITORY / "pyproject.toml", *REPOSITORY.glob("plugins/*/pyproject.toml")])
OWN = {"sindri-core", "sindri-kubernetes", "sindri-kind", "sindri-k3d", "sindri-image-verify"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")


def files(*patterns: str) -> list[Path]:
    """List the files under version control, or about to be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is not a git checkout")
    return [REPOSITORY / name for name in done.stdout.splitlines() if (REPOSITORY / name).is_file()]


def text_of(path: Path) -> str:
    """Read a file; a binary one is empty."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def lock() -> dict[str, str]:
    """Return the locked version of each distribution."""
    text = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    return {
        canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)
    }


def test_modules_are_small() -> None:
    """No module has more than 500 lines, tests included, and half of those that are shipped have 200 at most."""
    sizes = {path: len(text_of(path).splitlines()) for path in files("*.py")}
    assert {str(path): size for path, size in sizes.items() if size > LONGEST} == {}
    shipped = files("sindri_core/*.py", "plugins/*.py")
    assert statistics.median(sizes[path] for path in shipped) <= MEDIAN


def test_no_file_names_the_machine_it_was_written_on() -> None:
    """Nothing in the repository holds the path of somebody's home or of this checkout."""
    home, checkout = Path.home(), REPOSITORY.parent
    places = {str(place) + os.sep for place in (home, checkout) if len(place.parts) > 1}
    found = [str(path) for path in files() if any(place in text_of(path) for place in places)]
    assert found == []


def test_nothing_is_left_unfinished() -> None:
    """No source file carries a reminder in place of work."""
    assert [str(p) for p in files("*.py", ":!tests/**") if UNFINISHED.search(text_of(p))] == []


@pytest.mark.parametrize("project", DISTRIBUTIONS, ids=lambda path: path.parent.name)
def test_the_lock_satisfies_every_requirement(project: Path) -> None:
    """What a distribution asks for, also for development, is in requirements.lock at a version that suits."""
    document = tomllib.loads(project.read_text(encoding="utf-8"))
    asked = [*document["project"]["dependencies"], *document.get("dependency-groups", {}).get("dev", ())]
    locked = lock()
    for requirement in map(Requirement, [*asked, *document["build-system"]["requires"]]):
        if requirement.name in OWN:
            continue
        version = locked.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not locked: make lock"
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement} is locked at {version}"


def test_the_lock_holds_hashes_and_no_address() -> None:
    """Every locked distribution has a hash; where it comes from is the installer's business."""
    text = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert entries
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text


def test_the_readme_and_the_makefile_agree_on_the_two_commands() -> None:
    """The README promises ``make demo`` and ``make test``, the Makefile has them, and .ci/run calls the tests."""
    makefile = text_of(REPOSITORY / "Makefile")
    for command in ("demo", "test"):
        assert f"make {command}" in text_of(REPOSITORY / "README.md")
        assert re.search(rf"^{command}:", makefile, re.MULTILINE)
    assert "make test" in text_of(REPOSITORY / ".ci" / "run")


@pytest.mark.parametrize("project", DISTRIBUTIONS, ids=lambda path: path.parent.name)
def test_every_distribution_is_complete(project: Path) -> None:
    """Each has a readme, the licence and the marker that its types are to be checked."""
    folder = project.parent
    assert len(text_of(folder / "README.md").splitlines()) > 1
    assert "Apache License" in text_of(folder / "LICENSE")
    assert list(folder.glob("sindri_*/py.typed"))
