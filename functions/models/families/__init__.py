"""Families of detectors: preprocessing and decoding of each; add a family as one file here."""

from functions.models.families import end_to_end, yolov3, yolov8, yolox
from functions.models.families.family import Claims, Family, InputSpec, Reading

FAMILIES: dict[str, Family] = {
    "yolov3": yolov3.FAMILY,
    "yolox": yolox.FAMILY,
    "yolov8": yolov8.FAMILY,
    "end-to-end": end_to_end.FAMILY,
}

__all__ = ["FAMILIES", "Claims", "Family", "InputSpec", "Reading"]
