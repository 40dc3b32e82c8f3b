"""Families of detectors: preprocessing and decoding of each; add a family as one file here."""

from functions.models.families import yolov3, yolov8, yolox
from functions.models.families.family import Family, InputSpec

FAMILIES: dict[str, Family] = {"yolov3": yolov3.FAMILY, "yolox": yolox.FAMILY, "yolov8": yolov8.FAMILY}

__all__ = ["FAMILIES", "Family", "InputSpec"]
