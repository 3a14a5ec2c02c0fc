"""Which cluster, as whom, in which namespace: kubectl's own rules, resolved once."""

from __future__ import annotations

from sindri_kubernetes.kubeconfig.access import Access
from sindri_kubernetes.kubeconfig.resolve import resolve

__all__ = ["Access", "resolve"]
