"""Quantities are stored as the real server stores them."""

from __future__ import annotations

import pytest

from sindri_kubernetes.testing import quantities


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("0.5", "500m"),
        ("1000m", "1"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("2", "2"),
        ("4000Mi", "4000Mi"),
        ("0", "0"),
    ],
)
def test_canonical_form(written: str, stored: str) -> None:
    """Whole numbers in the largest unit of their family."""
    assert quantities.canonical(written) == stored


@pytest.mark.parametrize(
    ("amounts", "whole"), [(["500m", "500m"], "1"), (["1Gi", "512Mi"], "1536Mi"), (["1", "250m"], "1250m")]
)
def test_total(amounts: list[str], whole: str) -> None:
    """Sums keep the family of units."""
    assert quantities.total(amounts) == whole


def test_what_is_no_quantity_is_refused() -> None:
    """A word is no amount."""
    with pytest.raises(ValueError, match="is not a quantity"):
        quantities.parse("much")
