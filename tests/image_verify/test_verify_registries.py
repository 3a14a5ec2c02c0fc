"""What the real cosign pushed to real registries, read through the real client and judged by both engines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from keysigned import SOURCE, provenance
from realtools import tool
from signingregistries import KINDS, Signer, running

from sindri_core.context import CancelToken, Deadline
from sindri_core.oci.client import RegistryClient
from sindri_core.settings import RegistrySettings
from sindri_core.types import Claim

if TYPE_CHECKING:
    from verifybench import Bench

pytestmark = pytest.mark.supply_chain


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """Someone who signs with the real tools."""
    tools = {name: tool(name) for name in ("cosign", "cosign-old", "crane")}
    return Signer.new(tmp_path_factory.mktemp("signer"), tools)


@pytest.fixture(scope="module", params=KINDS)
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry with the referrers API, and one without."""
    with running(tool(request.param), tmp_path_factory.mktemp("registry")) as address:
        yield address


@pytest.fixture
def real(bench: Bench, host: str, signer: Signer, engine: str) -> Iterator[Bench]:
    """An unsigned image in a real registry, whose owner the policy trusts."""
    settings = {host: RegistrySettings(host=host, insecure=True)}
    client = RegistryClient(
        registries=settings, environ={}, deadline=Deadline(60), cancel=CancelToken(), emit=lambda event: None
    )
    bench.repository = f"{host}/app-{engine}"
    bench.environ["SINDRI_COSIGN"] = signer.tools["cosign"]
    bench.demand(public_keys=(str(signer.folder / "cosign.pub"),), engine=engine)
    with client:
        bench.client = client
        yield bench


@pytest.mark.parametrize("engine", ["native", "cosign"])
def test_what_cosign_3_pushes_is_accepted(real: Bench, signer: Signer, tmp_path: Path, engine: str) -> None:
    """Signature and provenance as bundles, by the referrers API or the fallback tag."""
    predicate = tmp_path / "predicate.json"
    predicate.write_text(json.dumps(provenance()))
    real.digest = signer.push(f"{real.repository}:3")
    image = f"{real.repository}@{real.digest}"
    signer.sign(image)
    signer.attest(image, predicate)
    real.accepted()
    real.demand(source_repository=SOURCE)
    assert "format bundle" in real.accepted(Claim.PROVENANCE).evidence


@pytest.mark.parametrize("engine", ["native", "cosign"])
def test_what_cosign_2_pushes_is_accepted(real: Bench, signer: Signer, engine: str) -> None:
    """The older signature lies under a tag, and names the repository."""
    real.repository = real.repository.replace("/app", "/older")
    real.digest = signer.push(f"{real.repository}:2")
    signer.sign_as_before(f"{real.repository}@{real.digest}")
    real.demand(match_reference=True)
    assert "format legacy" in real.accepted().evidence


@pytest.mark.parametrize("engine", ["native", "cosign"])
def test_what_nobody_signed_is_refused(real: Bench, signer: Signer, engine: str) -> None:
    """A registry that knows nothing about the image says so, and that is a refusal."""
    real.repository = real.repository.replace("/app", "/unsigned")
    real.digest = signer.push(f"{real.repository}:1")
    assert "nothing is attached" in real.refused().reason
