"""What sindri.yaml may say about registries."""

from __future__ import annotations

import pytest

from sindri_core.config.document import Document
from sindri_core.config.validation import validate
from sindri_core.errors import ConfigError
from sindri_core.settings import Config


def load(host: str) -> Config:
    """Validate a file that allows plain HTTP for a host."""
    return validate(Document(data={"version": "1.0", "name": "x", "registries": {host: {"insecure": True}}}), ())


@pytest.mark.parametrize("host", ["ghcr.io", "localhost", "localhost:5000", "[::1]:5000", "10.0.0.1", "Harbor.Example"])
def test_a_host_of_a_registry_is_taken(host: str) -> None:
    """Whatever may stand before the first slash of a reference."""
    [registry] = load(host).trust.registries
    assert (registry.host, registry.insecure) == (host.lower(), True)


@pytest.mark.parametrize(
    "host", ["harbor", "library", "a..b", "x:99999", "x:0", "[:::]", "https://ghcr.io", "ghcr.io/x", ""]
)
def test_a_word_that_names_no_registry_is_refused(host: str) -> None:
    """Above all a lone word, which references take for a user of Docker Hub: plain HTTP would be allowed for that."""
    with pytest.raises(ConfigError):
        load(host)
