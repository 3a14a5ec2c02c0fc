"""Credentials for a registry, from where docker and podman keep them. Each goes to the host that it was stored for.

Within one file ``credHelpers`` come before ``auths``, and these before ``credsStore``. ``GITHUB_TOKEN`` is for
GitHub's own registry, where nothing else is known for it. Source: docker's ``config.json``, containers-auth.json(5).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sindri_core import child
from sindri_core.errors import RegistryError
from sindri_core.files import read_regular
from sindri_core.oci.once import Once
from sindri_core.oci.reference import HUB, registry_name
from sindri_core.oci.secret import Credentials, Secret, is_token

if TYPE_CHECKING:
    from sindri_core.context import CancelToken, Deadline
    from sindri_core.oci.reference import Reference

LARGEST = 1 << 20
HELPER_SECONDS = 30.0
HELPER = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]*")
HUB_KEY = "https://index.docker.io/v1/"
GITHUB = "ghcr.io"
TOKEN_USER = "<token>"  # noqa: S105 - the user name that marks a token
NOT_FOUND = "credentials not found"


class Keyring:
    """Where credentials are looked up in a run: reads each file and asks each helper about a host once. Thread-safe."""

    def __init__(
        self, environ: Mapping[str, str], *, cancel: CancelToken | None = None, deadline: Deadline | None = None
    ) -> None:
        self._environ = environ
        self._cancel = cancel
        self._deadline = deadline
        self._files = Once["Mapping[str, Any] | None"]()
        self._answers = Once["Credentials | None"]()

    def find(self, repository: Reference) -> Credentials | None:
        """Look for credentials of the repository's registry; None where there are none.

        Raises ``RegistryError`` ``SND-IMG-013`` naming the file or the helper that cannot be used, never what it holds.
        """
        for file in _files(self._environ):
            content = self._files.get(file, partial(_read, file))
            if content is None:
                continue
            helper = _chosen_helper(content, repository)
            if helper and (found := self._of_helper(helper, repository)):
                return found
            if found := _from_auths(content, repository, file):
                return found
            store = content.get("credsStore")
            if isinstance(store, str) and store and (found := self._of_helper(store, repository)):
                return found
        token = self._environ.get("GITHUB_TOKEN", "")
        if token and repository.registry == GITHUB:
            return Credentials(user="sindri", password=Secret(token), place="GITHUB_TOKEN")
        return None

    def _of_helper(self, name: str, repository: Reference) -> Credentials | None:
        left = self._deadline.left() if self._deadline else HELPER_SECONDS
        asked = HUB_KEY if repository.registry == HUB else repository.registry
        ask = partial(_from_helper, name, asked, self._environ, self._cancel, min(HELPER_SECONDS, left))
        return self._answers.get((name, asked), ask)


def find(repository: Reference, environ: Mapping[str, str]) -> Credentials | None:
    """Look for credentials of one repository's registry, as ``Keyring`` does."""
    return Keyring(environ).find(repository)


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    """The files in the order in which they count."""
    home = environ.get("HOME", "")
    if named := environ.get("REGISTRY_AUTH_FILE"):
        yield Path(named)
    folder = environ.get("DOCKER_CONFIG") or (f"{home}/.docker" if home else "")
    if folder:
        yield Path(folder, "config.json")
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime, "containers/auth.json")
    config = environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")
    if config:
        yield Path(config, "containers/auth.json")


def _read(file: Path) -> Mapping[str, Any] | None:
    try:
        content = read_regular(file, LARGEST)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unusable(str(file), error.strerror or "it cannot be read") from None
    try:
        data = json.loads(content) if len(content) <= LARGEST else None
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise _unusable(str(file), "it is not a JSON mapping")
    return data


def _chosen_helper(content: Mapping[str, Any], repository: Reference) -> str:
    helpers = content.get("credHelpers")
    if not isinstance(helpers, dict):
        return ""
    named = next((helpers[key] for key in helpers if _host(key) == repository.registry), "")
    return named if isinstance(named, str) else ""


def _from_auths(content: Mapping[str, Any], repository: Reference, file: Path) -> Credentials | None:
    auths = content.get("auths")
    if not isinstance(auths, dict):
        return None
    fitting = {
        key: entry for key, entry in auths.items() if isinstance(entry, dict) and entry and _fits(key, repository)
    }
    for key in sorted(fitting, key=len, reverse=True):
        if found := _entry(fitting[key], str(file)):
            return found
    return None


def _fits(key: str, repository: Reference) -> bool:
    """Whether a key is the registry, or (as podman has it) a path at whose end or below which the repository lies."""
    host, _, path = key.removeprefix("https://").removeprefix("http://").partition("/")
    if _host(host) != repository.registry:
        return False
    path = path.strip("/")
    return path in {"", "v1", "v2"} or f"{repository.api_path}/".startswith(f"{path}/")


def _host(key: str) -> str:
    host = key.removeprefix("https://").removeprefix("http://").partition("/")[0]
    return registry_name(host) if host else ""


def _entry(entry: Mapping[str, Any], place: str) -> Credentials | None:
    texts = {key: value for key, value in entry.items() if isinstance(value, str)}
    if texts.get("registrytoken"):
        if not is_token(texts["registrytoken"]):
            raise _unusable(place, "an entry of auths has a registrytoken that is none")
        return Credentials(bearer=Secret(texts["registrytoken"]), place=place)
    user, password = texts.get("username", ""), texts.get("password", "")
    if texts.get("auth"):
        try:
            user, colon, password = base64.b64decode(texts["auth"], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            colon = ""
        if not colon:
            raise _unusable(place, "an entry of auths is not user:password in base64")
        password = password.rstrip("\0")
    token = Secret(texts.get("identitytoken", ""))
    if token:
        return Credentials(user=user, identity_token=token, place=place)
    return _of(user, password, place) if user else None


def _of(user: str, password: str, place: str) -> Credentials:
    if user == TOKEN_USER:
        return Credentials(identity_token=Secret(password), place=place)
    return Credentials(user=user, password=Secret(password), place=place)


def _from_helper(
    name: str, asked: str, environ: Mapping[str, str], cancel: CancelToken | None, seconds: float
) -> Credentials | None:
    """Ask a helper, which gets the host on its standard input and nothing else."""
    if not HELPER.fullmatch(name):
        raise _unusable(f"the credential helper {name!r:.60}", "that is no name of one")
    program = f"docker-credential-{name}"
    found = shutil.which(program, path=environ.get("PATH", ""))
    if not found:
        raise _unusable(program, "it is not installed")
    try:
        done = child.run([found, "get"], environ, seconds=seconds, stdin=asked.encode(), cancel=cancel)
    except OSError as error:
        raise _unusable(program, error.strerror or "it cannot be started") from None
    if done.code is None:
        raise _unusable(program, "it did not end in time" if done.late else "it printed too much")
    if done.code:
        if NOT_FOUND in (done.output + done.said).decode(errors="replace").lower():
            return None
        raise _unusable(program, f"it ended with {done.code}")
    try:
        answer = json.loads(done.output)
        user, secret = str(answer["Username"]), str(answer["Secret"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _unusable(program, "what it answered is not understood") from None
    return _of(user, secret, program) if secret else None


def _unusable(what: str, why: str) -> RegistryError:
    return RegistryError(
        "SND-IMG-013",
        f"the credentials for the registry cannot be read from {what}: {why}",
        hint="log in again: docker login REGISTRY   or mend the file",
    )
