"""What the tests of the kubeconfig share."""

from __future__ import annotations

import oracle
import pytest


@pytest.fixture(scope="session")
def kubectl_says() -> oracle.Oracle:
    """The real kubectl; the test is skipped, or fails where SINDRI_TEST_REQUIRE=1 demands it, when there is none."""
    return oracle.Oracle()
