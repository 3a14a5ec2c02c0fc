"""Real registries on loopback, and images in them that the real cosign signed with a key."""

from __future__ import annotations

import os
import socket
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3

KINDS = ("referrers-registry", "docker-registry")
"""One with the referrers API, one without."""
_CONFIG = """version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: "{folder}"}}}}
http: {{addr: "{address}", secret: tests}}
"""


@contextmanager
def running(program: str, folder: Path) -> Iterator[str]:
    """Start a registry that keeps its content in a folder; gives its host and port, and ends it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    arguments = [address, str(folder)]
    if Path(program).name == "docker-registry":
        config = folder / "config.yaml"
        config.write_text(_CONFIG.format(folder=folder, address=address))
        arguments = ["serve", str(config)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, *arguments], env={"PATH": os.defpath}, stdout=log, stderr=log)
    try:
        patient = urllib3.Retry(connect=60, backoff_factor=0.02, backoff_max=0.2)
        with urllib3.PoolManager(retries=patient) as pool:
            assert pool.request("GET", f"http://{address}/v2/").status == 200
        yield address
    finally:
        process.kill()
        process.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Someone with a key in ``folder`` and the real tools: ``tools`` maps their names to where they are."""

    folder: Path
    tools: Mapping[str, str]

    @classmethod
    def new(cls, folder: Path, tools: Mapping[str, str]) -> Signer:
        """Make a key pair, and what lets cosign sign without any service."""
        signer = cls(folder=folder, tools=tools)
        signer.run("cosign", "generate-key-pair")
        signer.run("cosign", "signing-config", "create", "--out", "signing.json")
        signer.run("cosign", "trusted-root", "create", "--out", "root.json")
        return signer

    def push(self, reference: str) -> str:
        """Push a small image and return its digest."""
        layer = self.folder / "layer.tar"
        with tarfile.open(layer, "w") as archive:
            archive.add(self.folder / "cosign.pub", "key")
        self.run("crane", "append", "--oci-empty-base", "-f", str(layer), "-t", reference)
        return self.run("crane", "digest", reference).strip()

    def sign(self, image: str) -> None:
        """Sign as cosign 3 does: a bundle that refers to the image."""
        self.run("cosign", "sign", *self._offline, image)

    def attest(self, image: str, predicate: Path) -> None:
        """Attest provenance as cosign 3 does."""
        self.run("cosign", "attest", *self._offline, "--type", "slsaprovenance1", "--predicate", str(predicate), image)

    def sign_as_before(self, image: str) -> None:
        """Sign as cosign 2 does: a tag beside the image."""
        self.run("cosign-old", "sign", "--yes", "--tlog-upload=false", "--key", "cosign.key", image)

    def run(self, name: str, *arguments: str) -> str:
        """Run a tool in the folder and return what it printed."""
        environ = {"HOME": str(self.folder), "PATH": os.defpath, "COSIGN_PASSWORD": ""}
        command = [self.tools[name], *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=environ, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def _offline(self) -> tuple[str, ...]:
        return ("--yes", "--key", "cosign.key", "--signing-config", "signing.json", "--trusted-root", "root.json")
