"""The fixtures of the API tests themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import apiserver


def test_the_namespace_is_ours_to_make(
    api_server: apiserver.ApiServer, kubectl: Callable[..., str], namespace: str
) -> None:
    """The server answers, and the namespace of the test does not exist until the test makes it."""
    names = {item["metadata"]["name"] for item in json.loads(kubectl("get", "namespaces", "-o", "json"))["items"]}
    assert "default" in names
    assert namespace not in names
    assert api_server.url.startswith("http")
