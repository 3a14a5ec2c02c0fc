"""What the tests of the transport share."""

from __future__ import annotations

import os
import shutil

import loopback
import pytest


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> loopback.Pki:
    """An authority with a good certificate, one of another name, one that is over, and one for a client."""
    if shutil.which("openssl") is None:
        if os.environ.get("SINDRI_TEST_REQUIRE") == "1":
            pytest.fail("the tests of TLS need openssl on PATH", pytrace=False)
        pytest.skip("the tests of TLS need openssl on PATH")
    valid = ("-days", "20")
    return loopback.make_pki(
        tmp_path_factory.mktemp("pki"),
        [
            ("good", "IP:127.0.0.1", valid),
            ("named", "DNS:api.internal", valid),
            ("expired", "IP:127.0.0.1", ("-days", "-1")),
            ("client", "DNS:client", valid),
        ],
    )
