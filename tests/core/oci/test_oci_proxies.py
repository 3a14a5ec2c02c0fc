"""Which proxy is used for which registry, and what it is told and asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from asking import client
from named_registry import named
from registry import Registry

from sindri_core.context import CancelToken, Deadline
from sindri_core.errors import RegistryError
from sindri_core.oci.client import RegistryClient
from sindri_core.oci.reference import parse
from sindri_core.settings import RegistrySettings

if TYPE_CHECKING:
    from sindri_core.events import Event
from logins import CANARY, LOGIN, encoded

from sindri_core.oci.proxies import of_environment

PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        ("https://ghcr.io/x", {}, ""),
        ("https://ghcr.io/x", {"HTTPS_PROXY": PROXY}, PROXY),
        ("https://ghcr.io/x", {"https_proxy": PROXY}, PROXY),
        ("https://ghcr.io/x", {"HTTPS_PROXY": "", "https_proxy": PROXY}, PROXY),
        ("https://ghcr.io/x", {"HTTPS_PROXY": "proxy.example:3128"}, PROXY),
        ("https://ghcr.io/x", {"HTTP_PROXY": PROXY}, ""),
        ("http://r.example/x", {"HTTP_PROXY": PROXY}, PROXY),
        ("http://r.example/x", {"HTTPS_PROXY": PROXY}, ""),
        ("https://localhost:5000/x", {"HTTPS_PROXY": PROXY}, ""),
        ("https://127.1.2.3/x", {"HTTPS_PROXY": PROXY}, ""),
        ("https://[::1]:5000/x", {"HTTPS_PROXY": PROXY}, ""),
        ("https://ghcr.io/x", {"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, ""),
        ("https://ghcr.io/x", {"HTTPS_PROXY": PROXY, "NO_PROXY": "a.example, ghcr.io"}, ""),
        ("https://ghcr.io/x", {"HTTPS_PROXY": PROXY, "no_proxy": "GHCR.IO"}, ""),
        ("https://eu.ghcr.io/x", {"HTTPS_PROXY": PROXY, "NO_PROXY": "ghcr.io"}, ""),
        ("https://eu.ghcr.io/x", {"HTTPS_PROXY": PROXY, "NO_PROXY": ".ghcr.io"}, ""),
        ("https://ghcr.io/x", {"HTTPS_PROXY": PROXY, "NO_PROXY": ".ghcr.io"}, PROXY),
        ("https://notghcr.io/x", {"HTTPS_PROXY": PROXY, "NO_PROXY": "ghcr.io"}, PROXY),
        ("https://ghcr.io:5000/x", {"HTTPS_PROXY": PROXY, "NO_PROXY": "ghcr.io:5000"}, ""),
        ("https://ghcr.io/x", {"HTTPS_PROXY": PROXY, "NO_PROXY": "ghcr.io:5000"}, PROXY),
        ("https://ghcr.io/x", {"HTTPS_PROXY": PROXY, "NO_PROXY": "ghcr.io:443"}, ""),
        ("https://10.1.2.3/x", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8"}, ""),
        ("https://11.1.2.3/x", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8,nonsense/9,,"}, PROXY),
        ("https://[fd00::1]/x", {"HTTPS_PROXY": PROXY, "NO_PROXY": "fd00::/8"}, ""),
        ("https://[fd00::1]:5000/x", {"HTTPS_PROXY": PROXY, "NO_PROXY": "[fd00::1]:5000"}, ""),
    ],
)
def test_the_proxy_is_chosen_as_by_other_tools(url: str, environ: dict[str, str], expected: str) -> None:
    """By scheme, in both spellings of the variable, except for this machine and what NO_PROXY names."""
    assert of_environment(url, environ) == expected


@pytest.mark.parametrize("proxy", ["ftp://127.0.0.1:1", f"http://user:{CANARY}@[::1", f"http://x:{CANARY}@", "http://"])
def test_a_proxy_that_is_none_is_said(proxy: str) -> None:
    """The variable is named, its value is not: it may hold a password."""
    with client(environ={"HTTPS_PROXY": proxy}) as asking, pytest.raises(RegistryError) as caught:
        asking.manifest(parse("registry.example/app:1"))
    assert caught.value.code == "SND-IMG-007"
    assert "HTTPS_PROXY" in f"{caught.value.message} {caught.value.hint}"
    assert CANARY not in f"{caught.value.to_dict()} {caught.value!r}"


def test_a_proxy_gets_its_own_password() -> None:
    """User and password of the proxy's address go to the proxy, unquoted, and into no error or event."""
    seen: list[Event] = []
    with Registry() as proxy:  # which answers a proxy's questions as its own
        proxy.image("app", "1")
        environ = {"HTTP_PROXY": f"http://us%40er:{CANARY}@{proxy.host}"}
        known = {"registry.example": RegistrySettings(host="registry.example", insecure=True)}
        asking = RegistryClient(
            registries=known, environ=environ, deadline=Deadline(10), cancel=CancelToken(), emit=seen.append
        )
        with asking:
            asking.manifest(parse("registry.example/app:1"))
    [asked] = proxy.asked
    assert asked.headers["proxy-authorization"] == f"Basic {encoded(f'us@er:{CANARY}')}"
    assert CANARY not in repr(seen)


def test_the_environment_of_the_process_does_not_count(
    guarded: Registry, login: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the environment of the run names proxies and credentials."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("DOCKER_CONFIG", "/nowhere")
    with client(guarded, environ=login) as asking:
        asking.manifest(parse(f"{guarded.host}/app:1"))


@pytest.mark.parametrize(
    "realm",
    [
        *(
            "https://localhost./t",
            "https://127.0.0.1/t",
            "https://metadata/t",
            "https://x.local/t",
            "https://x.local./t",
        ),
        *(
            "https://0177.1/t",
            "https://2130706433/t",
            "https://[::ffff:a9fe:a9fe]/t",
            "https://metadata.google.internal/t",
        ),
        *(
            "https://[64:ff9b::a00:1]/t",
            "https://[fd00:ec2::254]/t",
            "https://168.63.129.16/t",
            "https://100.100.100.200/t",
        ),
    ],
)
def test_a_proxy_is_not_asked_for_our_own_network(tmp_path: Path, realm: str) -> None:
    """Where a proxy looks names up, addresses and names of this network are refused by their spelling."""
    with named(tmp_path, "registry.example", user=LOGIN, tokens=True, realm=realm) as (registry, environ):
        registry.image("app", "1")
        with client(environ=environ) as asking, pytest.raises(RegistryError) as caught:
            asking.manifest(parse("registry.example/app:1"))
        assert caught.value.code == "SND-IMG-012"
        assert len(registry.asked) == 1
