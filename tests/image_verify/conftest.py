"""The two engines for keys: in the process, and the real cosign. Every case is judged by both, and they agree."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from judge import Bench, bench, required


@pytest.fixture(params=["native", pytest.param("cosign", marks=pytest.mark.supply_chain)])
def engine(request: pytest.FixtureRequest) -> str:
    """The engine that judges."""
    return str(request.param)


@pytest.fixture
def judged(engine: str) -> Iterator[Bench]:
    """An image that nobody signed yet, and terms with this engine."""
    environ = {"PATH": "/nowhere"} if engine == "native" else {"SINDRI_COSIGN": str(required("cosign"))}
    with bench(environ) as made:
        made.settings = {"engine": engine}
        yield made


@pytest.fixture
def plain() -> Iterator[Bench]:
    """An image that nobody signed yet, judged without any program."""
    with bench({"PATH": "/nowhere"}) as made:
        yield made
