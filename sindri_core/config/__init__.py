"""sindri.yaml: found, read with line numbers, validated into values, described by a schema, written for a start."""

from __future__ import annotations

from sindri_core.config.document import Document, disabled_plugins, find_config, provider_of, read_document
from sindri_core.config.initial import initial_document
from sindri_core.config.schema import json_schema
from sindri_core.config.show import show
from sindri_core.config.validation import default_config, validate

__all__ = [
    "Document",
    "default_config",
    "disabled_plugins",
    "find_config",
    "initial_document",
    "json_schema",
    "provider_of",
    "read_document",
    "show",
    "validate",
]
