"""What is written beside the picture: tags of containers and pictures, but for those that every program writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import av
import pi_heif
from PIL import ExifTags, Image

from streams.video.pictures import is_picture

Tags = Mapping[str, str]

# By name, what every writer puts there, and what its value then is; anything else may tell of the source.
_HARMLESS = {
    "major_brand": r"[\w ]{4}",
    "minor_version": r"\d+",
    "compatible_brands": r"[\w ]+",
    "encoder": r"Lav[fc][\d. ]*\w*|Lavc[\d.]* \w+|x26[45].*",
    "software": r"Lavf[\d.]+",
    "handler_name": r"(Video|Sound)Handler|ISO Media.*|",
    "vendor_id": r"FFMP|\[0\]\[0\]\[0\]\[0\]|",
    "language": r"\w{3}",
    "duration": r"[\d:.]+",
    "timecode": r"00:00:00[:;]00",
}
# Of a picture: how its pixels are to be shown and stored.
_PIXEL_TAGS = """
adobe adobe_transform aspect aux background bit_depth bits blend chroma chromaticity compression default_image
disposal dpi duration extension gamma icc_profile interlace jfif jfif_density jfif_unit jfif_version loop primary
progression progressive resolution srgb timestamp transparency version
BitsPerSample ColorMap ColorSpace ComponentsConfiguration Compression ExifImageHeight ExifImageWidth ExifOffset
ExifVersion ExtraSamples FillOrder FlashPixVersion ImageLength ImageWidth JPEGTables Orientation
PhotometricInterpretation PlanarConfiguration Predictor PrimaryChromaticities ReferenceBlackWhite ResolutionUnit
RowsPerStrip SampleFormat SamplesPerPixel StripByteCounts StripOffsets SubIFDs TileByteCounts TileLength
TileOffsets TileWidth WhitePoint XResolution YCbCrCoefficients YCbCrPositioning YCbCrSubSampling YResolution
"""
_OF_PIXELS = frozenset(_PIXEL_TAGS.split())
_GPS, _EXIF = ExifTags.IFD.GPSInfo, ExifTags.IFD.Exif
_SHOWN = 60


def tags_left(path: Path, raw: Path) -> list[str]:
    """Of a redacted file, the tags that may tell of its source; those that the raw one has, too, are said to be."""
    left = {name: value for name, value in _tags(path).items() if not _is_harmless(name, value)}
    if not left:
        return []
    there = _tags(raw)
    return [
        f"{name}: {_short(value)}{', as in the raw file' if there.get(name) == value else ''}"
        for name, value in left.items()
    ]


def _is_harmless(name: str, value: str) -> bool:
    key = name.rpartition(" ")[2]
    return key in _OF_PIXELS or bool(re.fullmatch(_HARMLESS.get(key.lower(), r"(?!)"), value))


def _tags(path: Path) -> dict[str, str]:
    return dict(_of_picture(path) if is_picture(path) else _of_video(path))


def _of_video(path: Path) -> Iterator[tuple[str, str]]:
    with av.open(str(path.resolve()), metadata_errors="replace") as container:
        yield from container.metadata.items()
        for stream in container.streams:
            yield from ((f"{stream.type} {stream.index} {name}", value) for name, value in stream.metadata.items())


def _of_picture(path: Path) -> Iterator[tuple[str, str]]:
    exif, info = _read_picture(path)
    for name, value in info.items():
        if name not in ("exif", "metadata", "thumbnails") and value not in (None, [], b""):
            yield str(name), str(value)
    for ifd in (exif, exif.get_ifd(_EXIF), exif.get_ifd(_GPS)):
        names: Mapping[int, str] = ExifTags.GPSTAGS if ifd is not exif and ifd == exif.get_ifd(_GPS) else ExifTags.TAGS
        yield from ((names.get(tag, f"tag {tag}"), str(value)) for tag, value in ifd.items())


def _read_picture(path: Path) -> tuple[Any, Mapping[Any, Any]]:
    """EXIF, and what else the file says."""
    if path.suffix.lower() in (".heic", ".heif", ".hif"):
        info = pi_heif.open_heif(path).info
        exif = Image.Exif()
        if info.get("exif"):
            exif.load(info["exif"])
        return exif, info
    with Image.open(path) as picture:
        return picture.getexif(), picture.info


def _short(value: str) -> str:
    printable = "".join(each if each.isprintable() else "?" for each in value)
    return printable if len(printable) <= _SHOWN else f"{printable[:_SHOWN]}…"
