"""How long resolving and verifying take over a slow line, with cosign on the same images in the same run.

    python bench/images.py

A proxy on loopback adds 40 ms to each round trip. Needs the test bed's cosign, crane and registry. Times are those of whole
processes, the interpreter's start included.
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

IMAGES, TAGS, RUNS = 20, 10_000, 3
WAY = 0.02
"""Seconds in each direction."""
LIMITS = {"cold": 1.5, "warm": 0.3, "latest-stable": 0.4}


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
    for what, seconds in times.items():
        limit = f"   (at most {LIMITS[what]:g} s)" if what in LIMITS else ""
        print(f"{what:<16} {seconds:6.2f} s{limit}")
    print(f"cosign / cold    {times['cosign'] / times['cold']:6.1f}")
    return int(any(times[what] > limit for what, limit in LIMITS.items()))


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


def _verified(folder: Path, environ: dict[str, str], references: Sequence[str], host: str) -> dict[str, float]:
    """Verify all of them: without and with what is kept from before, and with cosign."""
    (folder / "sindri.yaml").write_text(f"name: bench\nregistries: {{'{host}': {{insecure: true}}}}\n")
    ours = [sys.executable, "-m", "sindri_core", "image", "verify", *references, "--key", "cosign.pub"]
    theirs = ["cosign", "verify", "--key", "cosign.pub", "--insecure-ignore-tlog", "--allow-insecure-registry"]
    cold, warm = [], []
    for _ in range(RUNS):
        shutil.rmtree(folder / ".cache", ignore_errors=True)
        cold.append(_timed(ours, environ, folder))
        warm.append(_timed(ours, environ, folder))
    return {"cold": min(cold), "warm": min(warm), "cosign": _timed([*theirs, *references], environ, folder)}


def _chosen(folder: Path, environ: dict[str, str]) -> float:
    """Choose the newest of ten thousand tags."""
    with Registry() as registry:
        digest = registry.image("app", "1.0.0")
        content = registry.repositories["app"][digest]
        registry.repositories["app"] |= {f"1.{n // 100}.{n % 100}": content for n in range(TAGS)}
        with slow(registry.host) as host:
            image = f"{{registry: '{host}/app', resolution_strategy: latest-stable}}"
            text = f"name: b\ndeployment: {{image_config: {image}}}\nregistries: {{'{host}': {{insecure: true}}}}\n"
            (folder / "sindri.yaml").write_text(text)
            command = [sys.executable, "-m", "sindri_core", "image", "resolve", "--no-cache"]
            return min(_timed(command, environ, folder) for _ in range(RUNS))


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
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)

    def serve(client: socket.socket) -> None:
        time.sleep(2 * WAY)  # a connection is a round trip
        server = socket.create_connection((host, int(port)))
        for pair in ((client, server), (server, client)):
            threading.Thread(target=_late, args=pair, daemon=True).start()

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def _late(source: socket.socket, target: socket.socket) -> None:
    try:
        while part := source.recv(1 << 20):
            time.sleep(WAY)
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


if __name__ == "__main__":
    sys.exit(main())
