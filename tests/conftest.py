"""What all tests share: a real API server where there is one, and a namespace of one's own in it."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import apiserver
import pytest
from proxy import Proxy

OWNED = pytest.StashKey[Path | None]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder of the run's API server before the workers start, so that they share it."""
    config.stash[OWNED] = apiserver.claim()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the API server when all workers are done with it."""
    if directory := config.stash.get(OWNED, None):
        apiserver.release(directory)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for the real API server, so that ``-m api`` finds it."""
    for item in items:
        if isinstance(item, pytest.Function) and "api_server" in item.fixturenames:
            item.add_marker(pytest.mark.api)


@pytest.fixture(scope="session")
def api_server() -> Iterator[apiserver.ApiServer]:
    """A real API server. Without one the test is skipped, or fails where SINDRI_TEST_REQUIRE=1 demands it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(apiserver.tools()), prepend=os.pathsep)
        try:
            yield apiserver.find()
        except apiserver.NoServer as error:
            if os.environ.get("SINDRI_TEST_REQUIRE") == "1":
                pytest.fail(f"a real API server is required: {error}", pytrace=False)
            pytest.skip(str(error))


@pytest.fixture
def kubectl(api_server: apiserver.ApiServer) -> Callable[..., str]:
    """The real kubectl, talking to the API server as its administrator; returns what it printed."""

    def run(*arguments: str, stdin: str = "", kubeconfig: Path = api_server.kubeconfig) -> str:
        done = subprocess.run(
            ["kubectl", "--kubeconfig", str(kubeconfig), *arguments],  # noqa: S607 - whichever kubectl the tester has
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"kubectl {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    return run


@pytest.fixture
def namespace(kubectl: Callable[..., str]) -> Iterator[str]:
    """The name of a namespace that does not exist yet; whatever the test makes of it is deleted afterwards."""
    name = f"sindri-test-{secrets.token_hex(4)}"
    yield name
    kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")


@pytest.fixture
def proxied(api_server: apiserver.ApiServer, tmp_path: Path) -> Iterator[Proxy]:
    """A way to the real API server that writes down what passes, and can be cut."""
    command = ["kubectl", "--kubeconfig", str(api_server.kubeconfig), "proxy", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        match = re.search(r":(\d+)", child.stdout.readline())
        assert match, "kubectl proxy did not say its port"
        with Proxy(int(match[1]), tmp_path) as proxy:
            yield proxy
        child.terminate()
