"""Trust files: what an organisation or a user demands of images, whatever a sindri.yaml says.

One lies where the administrator of the machine puts it and always counts; the other is the user's own, or the one
that was named for this run.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sindri_core.config.document import read_document
from sindri_core.errors import ConfigError

if TYPE_CHECKING:
    from sindri_core.settings import Trust
    from sindri_core.types import Issue

SYSTEM = Path("/etc/sindri/trust.yaml")
NAME = "trust.yaml"
_HINT = "docs/trust.md says what a trust file holds"


def extended(trust: Trust, environ: Mapping[str, str], named: Path | None) -> Trust:
    """Add the trust files that count for this run. Raises ``ConfigError`` ``SND-CFG-106`` for one that cannot be used.

    A registry's settings in a trust file come before those in sindri.yaml.
    """
    for rank, file in enumerate(_files(environ, named), start=1):
        other = _read(file, rank)
        hosts = {registry.host for registry in other.registries}
        trust = replace(
            trust,
            policies=(*trust.policies, *other.policies),
            registries=(*(r for r in trust.registries if r.host not in hosts), *other.registries),
        )
    return trust


def _files(environ: Mapping[str, str], named: Path | None) -> Iterator[Path]:
    if named:
        yield named
    elif (own := user_file(environ)) and _there(own):
        yield own
    if _there(SYSTEM):
        yield SYSTEM


def user_file(environ: Mapping[str, str]) -> Path | None:
    """Where the user's own trust file lies; None where the environment has no home."""
    home = environ.get("XDG_CONFIG_HOME") or (f"{environ['HOME']}/.config" if environ.get("HOME") else "")
    return Path(home, "sindri", NAME) if home else None


def _there(file: Path) -> bool:
    """Whether there is such a file; one that may not be looked at counts, so that nobody overlooks it."""
    try:
        file.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _read(file: Path, rank: int) -> Trust:
    from sindri_core.config.trust_models import TrustFileModel  # brings pydantic, and most have no such file
    from sindri_core.config.trust_values import policies, registries
    from sindri_core.config.validation import checked, refused
    from sindri_core.settings import Trust

    try:
        others_write = file.stat().st_mode & stat.S_IWOTH
        document = read_document(file)
    except OSError as error:
        raise _unusable(file, error.strerror or str(error)) from None
    except ConfigError as error:
        raise _unusable(file, error.message) from None
    if others_write:
        raise ConfigError(
            "SND-CFG-106", f"everybody can write the trust file {file}", hint=f"chmod o-w {os.fspath(file)}"
        )
    issues: list[Issue] = []
    model = checked(TrustFileModel, document.data, (), document, issues)
    if issues:
        raise refused(issues, str(file), code="SND-CFG-106", hint=_HINT)
    plain = model.model_dump(mode="json")
    return Trust(
        policies=policies(plain, file, source=str(file), rank=rank),
        registries=registries(plain["registries"], file, vouched=True),
    )


def _unusable(file: Path, why: str) -> ConfigError:
    return ConfigError("SND-CFG-106", f"the trust file {file} cannot be used: {why}", hint=_HINT)
