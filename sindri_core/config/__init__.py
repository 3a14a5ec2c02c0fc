"""sindri.yaml: found, read with line numbers, validated into values, described by a schema, written for a start."""

from __future__ import annotations

from sindri_core.config.document import Document, disabled_plugins, find_config, provider_of, read_document
from sindri_core.config.initial import initial_document
from sindri_core.config.naming import fitted
from sindri_core.config.schema import json_schema
from sindri_core.config.show import annotated, show
from sindri_core.config.validation import default_config, located, misnamed_provider, validate

__all__ = [
    "Document",
    "annotated",
    "default_config",
    "disabled_plugins",
    "find_config",
    "fitted",
    "initial_document",
    "json_schema",
    "located",
    "misnamed_provider",
    "provider_of",
    "read_document",
    "show",
    "validate",
]
