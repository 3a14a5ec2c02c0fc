"""What the options of ``image verify`` demand: read as the same words in sindri.yaml are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sindri_core.core import Core
from sindri_core.types import Claim

if TYPE_CHECKING:
    from conftest import Sindri

    from sindri_core.settings import TrustPolicy

PEM = "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n"


@pytest.fixture
def demanded(monkeypatch: pytest.MonkeyPatch) -> list[TrustPolicy | None]:
    """The demands with which images were to be verified."""
    found: list[TrustPolicy | None] = []

    def verify(_: Core, __: object, *, policy: TrustPolicy | None, **___: object) -> tuple[()]:
        found.append(policy)
        return ()

    monkeypatch.setattr(Core, "verify_images", verify)
    return found


def test_keys_are_files_services_or_texts(sindri: Sindri, project: Path, demanded: list[TrustPolicy | None]) -> None:
    """A file is found from the current folder; the address of a key service and a written-out key stay as they are."""
    named = ("cosign.pub", "/etc/other.pub", "awskms:///alias/release", "k8s://team/key", PEM)
    assert sindri("image", "verify", *(word for key in named for word in ("--key", key))).code == 0
    [policy] = demanded
    assert policy is not None
    assert policy.public_keys == (f"{project}/cosign.pub", "/etc/other.pub", *named[2:])
    assert policy.claims == {Claim.SIGNATURE}


def test_the_other_options_are_the_settings_of_their_name(
    sindri: Sindri, project: Path, demanded: list[TrustPolicy | None]
) -> None:
    """A trusted root is a file as well; provenance is demanded beside the signature."""
    words = ["--trusted-root", "root.json", "--source-ref", "refs/heads/main", "--ignore-tlog", "--provenance"]
    assert sindri("image", "verify", *words).code == 0
    [policy] = demanded
    assert policy is not None
    assert (policy.trusted_root, policy.source_ref) == (f"{project}/root.json", "refs/heads/main")
    assert policy.ignore_tlog
    assert policy.claims == {Claim.SIGNATURE, Claim.PROVENANCE}
    assert policy.source == "command line"


def test_without_an_option_the_settings_decide(sindri: Sindri, demanded: list[TrustPolicy | None]) -> None:
    """No option, no demand of its own."""
    assert sindri("image", "verify").code == 0
    assert demanded == [None]
