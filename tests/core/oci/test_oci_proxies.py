"""Which proxy is used for which registry."""

from __future__ import annotations

import pytest

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
