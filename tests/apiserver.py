"""The real Kubernetes API server of the tests: one that is given, or the test bed's, which all workers share."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml
from filelock import FileLock

REPOSITORY = Path(__file__).resolve().parent.parent
DIRECTORY = "SINDRI_TEST_API_DIR"
"""Set by the process that owns the test run; its workers inherit it and so find the same server."""
START_SECONDS = 180


class NoServer(Exception):
    """There is no API server to test with; the text says why and what would change it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServer:
    """A running API server. ``tenant_kubeconfig`` is a user without any rights, where there is one."""

    kubeconfig: Path
    tenant_kubeconfig: Path | None
    url: str


def tools() -> Path:
    """Where the test bed keeps the programs that it builds."""
    home = os.environ.get("TESTBED_HOME") or Path.home() / ".cache" / "sindri-testbed"
    return Path(home) / "bin"


def find() -> ApiServer:
    """Return the server that ``SINDRI_TEST_KUBECONFIG`` names, else the test bed's. Raises ``NoServer``."""
    if given := os.environ.get("SINDRI_TEST_KUBECONFIG"):
        kubeconfig = Path(given).expanduser()
        if not kubeconfig.is_file():
            raise NoServer(f"SINDRI_TEST_KUBECONFIG names no file: {kubeconfig}")
        return described(kubeconfig)
    return started()


def started() -> ApiServer:
    """Start the test bed's server unless another worker has done it."""
    script = script_of_the_testbed()
    if not (tools() / "kube-apiserver").exists():
        raise NoServer(f"no kube-apiserver in {tools()}: run `testbed tools` once, or set SINDRI_TEST_KUBECONFIG")
    directory = Path(os.environ[DIRECTORY])
    kubeconfig = directory / "kubeconfig"
    with FileLock(directory / "lock"):
        if not (directory / "started").exists():
            run(script, "start", directory)
            (directory / "started").touch()
    return described(kubeconfig)


def script_of_the_testbed() -> Path:
    """Return the test bed's ``api-server`` script: in ``SINDRI_TESTBED``, or beside the repository."""
    testbed = Path(os.environ.get("SINDRI_TESTBED") or REPOSITORY.parent / "shared" / "testbed")
    script = testbed / "api-server"
    if not script.is_file():
        raise NoServer("no test bed (SINDRI_TESTBED) and no cluster of yours (SINDRI_TEST_KUBECONFIG)")
    return script


def described(kubeconfig: Path) -> ApiServer:
    """Read the server's address from the kubeconfig's current context."""
    document = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    context = {c["name"]: c["context"] for c in document["contexts"]}[document["current-context"]]
    server = {c["name"]: c["cluster"]["server"] for c in document["clusters"]}[context["cluster"]]
    tenant = kubeconfig.with_name(kubeconfig.name + "-tenant")
    return ApiServer(kubeconfig=kubeconfig, tenant_kubeconfig=tenant if tenant.is_file() else None, url=server)


def run(script: Path, action: str, directory: Path) -> None:
    """Run the script; its own words are the reason when it fails."""
    done = subprocess.run(
        [str(script), action, str(directory)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    if done.returncode:
        raise NoServer(f"{script} {action} ended with {done.returncode}: {done.stderr.strip()}")


def claim() -> Path | None:
    """Make the folder of this run's server; None when the run belongs to another process (a worker)."""
    if os.environ.get(DIRECTORY):
        return None
    directory = Path(tempfile.mkdtemp(prefix="sindri-test-api-"))
    os.environ[DIRECTORY] = str(directory)
    return directory


def release(directory: Path) -> None:
    """Stop the server if one was started, and remove its folder."""
    import shutil

    if (directory / "started").exists():
        run(script_of_the_testbed(), "stop", directory)
    shutil.rmtree(directory, ignore_errors=True)
    os.environ.pop(DIRECTORY, None)
