"""How long resolving and verifying take over a slow line, with cosign on the same images in the same run.

    python bench/images.py

A proxy on loopback adds 40 ms to each round trip. Needs the cosign, crane and registry of the test bed. Each time is
given twice: of the whole process, the interpreter's start and all imports included, and of the call alone in a program
that embeds sindri and has it imported. cosign, which has next to no start, is measured as a process. The limits are
those of the call.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests")]

from registry import Registry  # noqa: E402 - the tests' own
from relay import accepting, pass_on  # noqa: E402 - as above

IMAGES, TAGS, RUNS = 20, 10_000, 3
WAY = 0.02
"""Seconds in each direction."""
LIMITS = {"cold": 1.5, "warm": 0.3, "latest-stable": 0.4}


CALL = """
import sys, time
from contextlib import suppress
from sindri_core import Core
from sindri_core.errors import ImageError
from sindri_core.settings import TrustPolicy
from sindri_core.types import Claim
keys, references, cache = sys.argv[1], sys.argv[2:-1], sys.argv[-1] == "cache"
policy = TrustPolicy(source="bench", claims=frozenset({Claim.SIGNATURE}), public_keys=(keys,)) if keys else None
def call():
    with Core(cache=cache) as core:
        core.verify_images(references, policy=policy) if keys else core.resolve_image()
with suppress(ImageError), Core(cache=False) as core:  # nobody is there: all is imported, and nothing known
    core.verify_images(["127.0.0.1:1/none:1"], policy=policy)
began = time.monotonic()
call()
print(time.monotonic() - began)
"""


def main() -> int:
    """Measure, print, and fail where a limit is passed."""
    tools = Path(os.environ.get("TESTBED_HOME") or Path.home() / ".cache/sindri-testbed") / "bin"
    testbed = Path(os.environ.get("SINDRI_TESTBED") or ROOT.parent / "shared" / "testbed")
    if not (tools / "cosign").exists():
        print(f"no cosign in {tools}: run `supply-chain tools` once")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environ = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": name, "COSIGN_PASSWORD": ""}
        port = _call([str(testbed / "supply-chain"), "referrers", str(folder / "registry")], environ).strip()
        try:
            references = _signed(folder, environ, port)
            with slow(port) as address:
                behind = [text.replace(port, address) for text in references]
                times = _verified(folder, environ, behind, address)
        finally:
            _call([str(testbed / "supply-chain"), "referrers-stop", str(folder / "registry")], environ)
        times["latest-stable"] = _chosen(folder, environ)
    print(f"{'':<16} process      call")
    for what, (process, call) in times.items():
        limit = f"   (at most {LIMITS[what]:g} s)" if what in LIMITS else ""
        print(f"{what:<16} {process:5.2f} s   {f'{call:5.2f} s' if call else '':<8}{limit}")
    print(f"cosign / cold    {times['cosign'][0] / times['cold'][0]:5.1f}")
    late = [what for what, limit in LIMITS.items() if (times[what][1] or 0) > limit]
    return int(bool(late))


def _signed(folder: Path, environ: dict[str, str], host: str) -> list[str]:
    """Push and sign the images; return their references by digest and tag."""
    (folder / "file").write_text("bench")
    _call(["tar", "-cf", "layer.tar", "file"], environ, folder)
    _call(["cosign", "generate-key-pair"], environ, folder)
    _call(["cosign", "signing-config", "create", "--out", "signing.json"], environ, folder)
    _call(["cosign", "trusted-root", "create", "--out", "root.json"], environ, folder)
    references = []
    for number in range(IMAGES):
        name = f"{host}/app{number}"
        _call(["crane", "append", "--oci-empty-base", "-f", "layer.tar", "-t", f"{name}:1.0.0"], environ, folder)
        digest = _call(["crane", "digest", f"{name}:1.0.0"], environ, folder).strip()
        how = ["--yes", "--key", "cosign.key", "--signing-config", "signing.json", "--trusted-root", "root.json"]
        _call(["cosign", "sign", *how, f"{name}@{digest}"], environ, folder)
        references.append(f"{name}:1.0.0")
    return references


def _verified(
    folder: Path, environ: dict[str, str], references: Sequence[str], host: str
) -> dict[str, tuple[float, float | None]]:
    """Verify all of them: without and with what is kept from before, and with cosign."""
    (folder / "sindri.yaml").write_text(f"name: bench\nregistries: {{'{host}': {{insecure: true}}}}\n")
    process = [sys.executable, "-m", "sindri_core", "image", "verify", *references, "--key", "cosign.pub"]
    call = [sys.executable, "-c", CALL, str(folder / "cosign.pub"), *references, "cache"]
    theirs = ["cosign", "verify", "--key", "cosign.pub", "--insecure-ignore-tlog", "--allow-insecure-registry"]
    found: dict[str, list[float]] = {"cold": [], "warm": [], "cold call": [], "warm call": []}
    for _ in range(RUNS):
        for name, command, measured in (("", process, _timed), (" call", call, _said)):
            shutil.rmtree(folder / ".cache", ignore_errors=True)
            found[f"cold{name}"].append(measured(command, environ, folder))
            found[f"warm{name}"].append(measured(command, environ, folder))
    best = {name: min(times) for name, times in found.items()}
    cosign = _timed([*theirs, *references], environ, folder)
    return {
        "cold": (best["cold"], best["cold call"]),
        "warm": (best["warm"], best["warm call"]),
        "cosign": (cosign, None),
    }


def _chosen(folder: Path, environ: dict[str, str]) -> tuple[float, float]:
    """Choose the newest of ten thousand tags."""
    with Registry() as registry:
        digest = registry.image("app", "1.0.0")
        content = registry.repositories["app"][digest]
        registry.repositories["app"] |= {f"1.{n // 100}.{n % 100}": content for n in range(TAGS)}
        with slow(registry.host) as host:
            image = f"{{registry: '{host}/app', resolution_strategy: latest-stable}}"
            text = f"name: b\ndeployment: {{image_config: {image}}}\nregistries: {{'{host}': {{insecure: true}}}}\n"
            (folder / "sindri.yaml").write_text(text)
            process = [sys.executable, "-m", "sindri_core", "image", "resolve", "--no-cache"]
            call = [sys.executable, "-c", CALL, "", "none"]
            best = min(_timed(process, environ, folder) for _ in range(RUNS))
            return best, min(_said(call, environ, folder) for _ in range(RUNS))


def _said(command: Sequence[str], environ: dict[str, str], folder: Path) -> float:
    """The time that the program measured itself."""
    return float(_call(command, environ, folder))


def _timed(command: Sequence[str], environ: dict[str, str], folder: Path) -> float:
    began = time.monotonic()
    _call(command, environ, folder)
    return time.monotonic() - began


def _call(command: Sequence[str], environ: dict[str, str], folder: Path | None = None) -> str:
    done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:4])} … failed: {done.stderr.strip()[-400:]}")
    return done.stdout


@contextmanager
def slow(place: str) -> Iterator[str]:
    """A proxy that passes everything on late: one way takes ``WAY``, and so does the way back."""
    host, _, port = place.rpartition(":")

    def serve(client: socket.socket) -> None:
        time.sleep(2 * WAY)  # a connection is a round trip
        server = socket.create_connection((host, int(port)))
        for pair in ((client, server), (server, client)):
            threading.Thread(target=pass_on, args=pair, kwargs={"seconds": WAY}, daemon=True).start()

    with accepting(serve) as address:
        yield address


if __name__ == "__main__":
    sys.exit(main())
