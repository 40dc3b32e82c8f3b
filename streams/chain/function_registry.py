"""The registered functions, with modules and models as the settings name them."""

from __future__ import annotations

from pathlib import Path

from functions.core import registry
from functions.core.registry import FunctionSpec
from functions.models import catalogue
from streams.settings import Settings, names


def registered(settings: Settings) -> dict[str, FunctionSpec]:
    """All functions by name, those of IMAGEBUS_FUNCTIONS included; models are in IMAGEBUS_MODELS. Raises UsageError."""
    catalogue.use_folder(Path(settings.models).expanduser())
    return registry.load(names(settings.functions))
