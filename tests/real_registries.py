"""The real registries of the test bed, on loopback, and a way to push into them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import apiserver
import pytest
import urllib3
from registry import BUNDLE, CONFIG, EMPTY, LAYER, OCI_INDEX, OCI_MANIFEST, digest_of

KINDS = {"referrers": "referrers-registry", "registry": "docker-registry"}
"""What the test bed calls them, and their programs: one with the referrers API, and Debian's without."""


@dataclass(frozen=True, kw_only=True)
class RealRegistry:
    """A registry that runs. ``login`` (``name:password``) is what it asks for, empty for nothing."""

    host: str
    login: str

    def image(self, repository: str, *tags: str) -> str:
        """Push a small image; return its digest."""
        config = json.dumps({"os": "linux", "architecture": "amd64", "of": tags}).encode()
        return self.put(
            repository,
            {"config": self.blob(repository, config, CONFIG), "layers": [self.blob(repository, b"layer", LAYER)]},
            *tags,
        )

    def attach(self, repository: str, digest: str, content: bytes, *, by_tag: bool) -> str:
        """Attach something to an image, by the fallback tag where there is no referrers API."""
        document = {
            "artifactType": BUNDLE,
            "config": self.blob(repository, b"{}", EMPTY),
            "layers": [self.blob(repository, content, BUNDLE)],
            "subject": {"mediaType": OCI_MANIFEST, "digest": digest, "size": 2},
        }
        attached = self.put(repository, document)
        if by_tag:
            entry = {"mediaType": OCI_MANIFEST, "digest": attached, "size": 2}
            self.put(repository, {"manifests": [entry]}, digest.replace(":", "-"), media_type=OCI_INDEX)
        return attached

    def put(self, repository: str, document: Mapping[str, Any], *tags: str, media_type: str = OCI_MANIFEST) -> str:
        """Push a document under its digest and these tags; return the digest."""
        content = json.dumps({"schemaVersion": 2, "mediaType": media_type, **document}).encode()
        digest = digest_of(content)
        for name in (digest, *tags):
            self._ask("PUT", f"/v2/{repository}/manifests/{name}", content, media_type)
        return digest

    def blob(self, repository: str, content: bytes, media_type: str) -> dict[str, Any]:
        """Push a blob; return its descriptor."""
        place = self._ask("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"]
        digest = digest_of(content)
        self._ask("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", content, "application/octet-stream")
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    def _ask(self, method: str, path: str, content: bytes = b"", media_type: str = "") -> urllib3.BaseHTTPResponse:
        headers = urllib3.make_headers(basic_auth=self.login) if self.login else {}
        answer = urllib3.request(
            method,
            urljoin(f"http://{self.host}", path),
            body=content,
            headers={**headers, "Content-Type": media_type} if media_type else headers,
            retries=False,
        )
        assert answer.status in {201, 202}, (method, path, answer.status, answer.data)
        return answer


@contextmanager
def real(kind: str, folder: Path, login: str = "") -> Iterator[RealRegistry]:
    """Run a registry. Skips the test where it is missing, and fails where SINDRI_TEST_REQUIRE=1."""
    script = _script(kind)
    try:
        yield RealRegistry(host=_run(script, kind, folder, login).strip(), login=login)
    finally:
        _run(script, f"{kind}-stop", folder)


def _script(kind: str) -> Path:
    """Find the test bed's script, and the program that it starts."""
    why = ""
    try:
        script = apiserver.script_of_the_testbed().with_name("supply-chain")
    except apiserver.NoServer:
        why = "no test bed (SINDRI_TESTBED)"
    else:
        path = os.pathsep.join((str(apiserver.tools()), os.environ.get("PATH", "")))
        if shutil.which(KINDS[kind], path=path):
            return script
        why = f"{KINDS[kind]} is not there: run `supply-chain tools` once"
    if os.environ.get("SINDRI_TEST_REQUIRE") == "1":
        pytest.fail(why, pytrace=False)
    pytest.skip(why)


def _run(script: Path, action: str, folder: Path, login: str = "") -> str:
    done = subprocess.run(
        [str(script), action, str(folder)],
        env={**os.environ, "AUTH": login},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
