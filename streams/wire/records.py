"""The wire format of frame records (docs/wire-format.md): msgpack maps, validated before a pixel is decoded."""

from __future__ import annotations

import sys
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, structs

from functions.core.frame import MAX_UNSEEN, XYXY, Detection, Frame, Hop, Picture, Redaction, Size
from functions.core.jpeg import MAX_SIDE, JpegError, checked_header
from streams.wire.names import NAME_LENGTH

VERSION = 1
MAX_RECORD_BYTES = 2 * 1024 * 1024
MAX_DETECTIONS = 1000
MAX_HOPS = 64
_OPTION_BYTES = 4096

Name = Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH)]
Text = Annotated[str, Meta(max_length=256)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Side = Annotated[int, Meta(ge=1, le=MAX_SIDE)]
Finite = Annotated[float, Meta(ge=-sys.float_info.max, le=sys.float_info.max)]
OptionValue = bool | int | Finite | Text | list[bool | int | Finite | Text | None] | None


class RecordError(ValueError):
    """A record does not fit the format; the text says where, what was expected and what came."""


class WireDetection(Struct, frozen=True):
    """One detection; `xyxy` in pixels of the record's picture."""

    label: Name
    confidence: Share
    xyxy: tuple[float, float, float, float]
    track: Count | None
    hidden: bool


class WireHop(Struct, frozen=True):
    """One stage passed; times in microseconds."""

    stage: Name
    function: Name
    version: Annotated[str, Meta(max_length=64)]
    options: Annotated[dict[Name, OptionValue], Meta(max_length=64)]
    started_at: Count
    took_us: Count
    average_us: Count


class WireRedaction(Struct, frozen=True):
    """What a redactor did."""

    labels: Annotated[list[Name], Meta(max_length=256)]
    style: Name
    covered: Share
    doubt: Text | None


class _Version(Struct, frozen=True):
    v: int


class Record(Struct, frozen=True, kw_only=True):
    """One record as it stands on the wire, in the order in which its fields are written."""

    v: int = VERSION  # required on reading, by _Version
    id: Annotated[str, Meta(min_length=1, max_length=64)]
    source: Name
    seq: Count
    captured_at: Count
    live: bool
    size_wh: tuple[Side, Side]
    detections: Annotated[list[WireDetection], Meta(max_length=MAX_DETECTIONS)]
    hops: Annotated[list[WireHop], Meta(max_length=MAX_HOPS)]
    redaction: WireRedaction | None
    unseen: Annotated[list[XYXY], Meta(max_length=MAX_UNSEEN)] | UnsetType = UNSET  # left out where there is none
    jpeg: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Record)
_version_decoder = msgspec.msgpack.Decoder(_Version)


def decode(value: bytes | None, max_bytes: int = MAX_RECORD_BYTES) -> Record:
    """Read one record. Raises RecordError for anything the format does not allow; no pixel is decoded."""
    value = present(value)
    if len(value) > max_bytes:
        raise RecordError(f"Expected a record of at most {max_bytes} bytes, got {len(value)}")
    try:
        check_version(value)
        record = _decoder.decode(value)
    except msgspec.ValidationError as error:
        raise RecordError(_with_root(str(error))) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise RecordError(f"Expected one msgpack map, got {len(value)} bytes that are not: {error}") from None
    return _checked(record)


def check_version(value: bytes) -> None:
    """Refuse a map of another version of the format. Raises RecordError, and what msgspec raises."""
    version = _version_decoder.decode(value).v
    if version != VERSION:
        raise RecordError(f"Expected version {VERSION}, got {version} - at `$.v`")


def present(value: bytes | None) -> bytes:
    """The value of a message that has one. Raises RecordError for a tombstone and for an empty value."""
    if value:
        return value
    what = "a tombstone (no value)" if value is None else "an empty value"
    raise RecordError(f"Expected one msgpack map, got {what}")


def encode(record: Record, max_bytes: int = MAX_RECORD_BYTES) -> bytes:
    """Write one record. Raises RecordError where it would be larger than `max_bytes`."""
    value = _encoder.encode(record)
    if len(value) > max_bytes:
        raise RecordError(f"Expected a record of at most {max_bytes} bytes, got {len(value)}")
    return value


def option_fits(value: object) -> bool:
    """Whether a hop can say an option's value: what the format takes, and no more than 4 KiB of it."""
    try:
        return len(_encoder.encode(msgspec.convert(value, OptionValue))) <= _OPTION_BYTES
    except msgspec.ValidationError:
        return False


def to_frame(record: Record) -> Frame:
    """The frame that a function sees."""
    return Frame(
        picture=Picture(jpeg=record.jpeg),
        source=record.source,
        id=record.id,
        seq=record.seq,
        captured_at=record.captured_at,
        live=record.live,
        detections=tuple(msgspec.convert(found, Detection, from_attributes=True) for found in record.detections),
        hops=tuple(msgspec.convert(hop, Hop, from_attributes=True) for hop in record.hops),
        unseen=tuple(record.unseen or ()),
        redaction=msgspec.convert(record.redaction, Redaction | None, from_attributes=True),
    )


def from_frame(frame: Frame) -> Record:
    """The record of a frame, validated, of the fields of the format only. Raises RecordError."""
    try:
        record = msgspec.convert(frame, Record, from_attributes=True)
    except msgspec.ValidationError as error:
        raise RecordError(_with_root(str(error))) from None
    return _checked(record)


def _checked(record: Record) -> Record:
    _check_picture(record)
    _check_boxes(record)
    return structs.replace(record, unseen=UNSET) if record.unseen == [] else record


def _check_picture(record: Record) -> None:
    try:
        size_wh = checked_header(record.jpeg).size_wh
    except JpegError as error:
        raise RecordError(f"{error} - at `$.jpeg`") from None
    if size_wh != record.size_wh:
        raise RecordError(
            f"Expected the picture's size {size_wh[0]}x{size_wh[1]}, "
            f"got {record.size_wh[0]}x{record.size_wh[1]} - at `$.size_wh`"
        )


def _check_boxes(record: Record) -> None:
    for at, found in enumerate(record.detections):
        _check_box(found.xyxy, record.size_wh, f"$.detections[{at}].xyxy")
    for at, xyxy in enumerate(record.unseen or ()):
        _check_box(xyxy, record.size_wh, f"$.unseen[{at}]")


def _check_box(xyxy: XYXY, size_wh: Size, where: str) -> None:
    (x1, y1, x2, y2), (width, height) = xyxy, size_wh
    if not (0 <= x1 <= x2 <= width and 0 <= y1 <= y2 <= height):  # false for NaN too
        raise RecordError(
            f"Expected a box within {width}x{height} (left, top, right, bottom), got {list(xyxy)} - at `{where}`"
        )


def _with_root(message: str) -> str:
    return message if " - at `" in message else f"{message} - at `$`"
