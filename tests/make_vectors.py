"""Writes tests/vectors: records as bytes, good and bad, made without the code they test.

`python -m tests.make_vectors` gives the same bytes every time. `index.json` says of each file what it holds: for a
good one the key and the fields, for a bad one the error.
"""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

import msgpack

FOLDER = Path(__file__).parent / "vectors"
PICTURE = (FOLDER / "picture.jpg").read_bytes()  # 64x48
_SCAN = PICTURE.index(b"\xff\xda")
_SIZE = PICTURE.index(b"\xff\xc0") + 5

Map = dict[str, Any]

PLAIN: Map = {
    "v": 1,
    "id": "0123456789ab-30",
    "source": "shop-door",
    "seq": 30,
    "captured_at": 1_767_225_600_000_000,
    "live": True,
    "size_wh": [64, 48],
    "detections": [],
    "hops": [],
    "redaction": None,
    "jpeg": PICTURE,
}
BOX: Map = {"label": "person", "confidence": 0.875, "xyxy": [4.0, 8.5, 20.0, 40.25], "track": None, "hidden": False}
HOP: Map = {
    "stage": "detect",
    "function": "detect_people",
    "version": "0.1.0",
    "options": {
        "minimum_confidence": 0.5,
        "tiles": True,
        "most": 12,
        "note": "día",
        "labels": ["person"],
        "none": None,
    },
    "started_at": 1_767_225_600_012_345,
    "took_us": 61_200,
    "average_us": 58_000,
}
REDACTION: Map = {"labels": ["person", "car"], "style": "solid", "covered": 0.25, "doubt": None}
STATE: Map = {
    "v": 1,
    "source": "shop-door",
    "run": "0123456789ab",
    "topic": "SOURCE_FRAME",
    "state": "running",
    "since": 1_767_225_601_000_000,
    "started_at": 1_767_225_600_000_000,
    "updated_at": 1_767_225_660_000_000,
    "seen_at": 1_767_225_659_960_000,
    "codec": "h264",
    "size_wh": [1280, 720],
    "fps_in": 25.0,
    "fps_out": 5.0,
    "reconnects": 2,
    "transport": "tcp",
    "last_error": "rtsp://user:***@door.example/: connection timed out",
}
ZONE: Map = {"name": "till", "polygon": [[0.0, 0.5], [0.25, 0.5], [0.25, 1.0]]}
DRAWN: Map = {"by": "ana", "at": 1_767_225_600_000_000}
ZONES: Map = {"v": 1, "source": "shop-door", "cover": [ZONE], **DRAWN}
TIMES: Map = {"since": 1_767_225_600_000_000, "at": 1_767_225_605_250_000}
ALERT: Map = {
    "kind": "alert",
    "v": 1,
    "id": "2f0c9a7d1be3804456aa01c9",
    "rule": "night",
    "source": "shop-door",
    "label": "person",
    "count": 2,
    **TIMES,
    "zone": "till",
}
SUMMARY: Map = {
    "kind": "summary",
    "v": 1,
    "id": "b61d2a3f4c5e6d7f8091a2b3",
    "rule": "night",
    "alerts": 9,
    "sources": {"shop-door": 5, "門口 № 1": 4},
    "others": 0,
    **TIMES,
}


def main() -> None:
    index: Map = {"good": _write(_good()), "bad": _write(_bad())}
    for topic, good, bad in (("CAMERAS", _good_states(), _bad_states()), ("ZONES", _good_zones(), _bad_zones())):
        index[topic] = {"good": _write(_keyed(good)), "bad": _write(_refused(bad))}
    index["ALERTS"] = {"good": _write(_keyed(_good_alerts(), by="id")), "bad": _write(_refused(_bad_alerts()))}
    text = json.dumps(index, indent=1, ensure_ascii=False, sort_keys=True)
    (FOLDER / "index.json").write_text(text + "\n", encoding="utf-8")


def _write(entries: dict[str, tuple[bytes, Map]]) -> dict[str, Map]:
    for name, (value, _) in entries.items():
        (FOLDER / f"{name}.msgpack").write_bytes(value)
    return {name: said for name, (_, said) in entries.items()}


def _good() -> dict[str, tuple[bytes, Map]]:
    written = {
        "plain": PLAIN,
        "everything": PLAIN
        | {
            "id": "0123456789ab-30.2",
            "live": False,
            "detections": [BOX, BOX | {"label": "car", "track": 7, "hidden": True}],
            "hops": [HOP, HOP | {"stage": "redact", "function": "redact", "options": {}}],
            "redaction": REDACTION | {"doubt": "a person was lost half a second ago"},
        },
        "name-in-another-script": PLAIN | {"source": "門口 № 1"},
        "at-the-limits": PLAIN
        | {
            "id": "x" * 64,
            "source": "ü" * 128,
            "seq": 2**63 - 1,
            "captured_at": 0,
            "detections": [BOX | {"label": "l" * 128, "confidence": 1.0, "xyxy": [0.0, 0.0, 64.0, 48.0]}],
            "redaction": REDACTION | {"labels": [], "covered": 0.0},
            "unseen": [[0.0, 0.0, 64.0, 48.0]] * 256,
        },
        "not-looked-at": PLAIN | {"unseen": [[0.0, 0.0, 32.0, 48.0], [40.5, 8.0, 64.0, 24.25]]},
        "turned-by-exif": PLAIN | {"size_wh": [48, 64], "jpeg": _turned(6)},
        "picture-cut-in-the-middle": PLAIN | {"jpeg": PICTURE[: _SCAN + 100]},
    }
    # What other writers may do; a writer of this project never does.
    tolerated = {
        "integers-for-floats": (_with_box(confidence=1, xyxy=[4, 8, 20, 40]), _with_box(confidence=1.0)),
        "fields-in-another-order": (dict(reversed(PLAIN.items())), PLAIN),
        "all-was-looked-at": (PLAIN | {"unseen": []}, PLAIN),
        "fields-of-a-later-writer": (PLAIN | {"mood": {"good": [1, 2]}}, PLAIN),
    }
    tolerated["integers-for-floats"][1]["detections"][0]["xyxy"] = [4.0, 8.0, 20.0, 40.0]
    entries = {
        name: (msgpack.packb(_in_order(fields)), _expected(fields, exact=True)) for name, fields in written.items()
    }
    for name, (sent, read) in tolerated.items():
        entries[name] = (msgpack.packb(sent), _expected(read, exact=False))
    entries["picture-cut-in-the-middle"][1]["picture_error"] = "Expected a whole JPEG, got one that does not decode"
    return entries


def _bad() -> dict[str, tuple[bytes, Map]]:
    raw = {
        "empty": (b"", "Expected one msgpack map, got an empty value"),
        "text": (b"hello", "Expected `object`, got `int` - at `$`"),
        "truncated": (msgpack.packb(PLAIN)[:-200], "Expected one msgpack map"),
        "two-records": (msgpack.packb(PLAIN) * 2, "Expected one msgpack map"),
        "list": (msgpack.packb(list(PLAIN.values())), "Expected `object`, got `array` - at `$`"),
        "numbers-for-names": (msgpack.packb(dict(enumerate(PLAIN.values()))), "Expected `str`, got `int`"),
        "endless-nesting": (b"\x82\xa1v\x01\xa1x" + b"\x91" * 20_000, "Expected one msgpack map"),
        "source-not-utf-8": (
            msgpack.packb(PLAIN).replace(b"shop-door", b"shop-d\xff\xfer"),
            "Expected one msgpack map",
        ),
    }
    fields = {
        "version-missing": (_without("v"), "Object missing required field `v` - at `$`"),
        "version-newer": (PLAIN | {"v": 2, "seq": "thirty"}, "Expected version 1, got 2 - at `$.v`"),
        "version-text": (PLAIN | {"v": "1"}, "Expected `int`, got `str` - at `$.v`"),
        "id-too-long": (PLAIN | {"id": "x" * 65}, "Expected `str` of length <= 64 - at `$.id`"),
        "source-empty": (PLAIN | {"source": ""}, "Expected `str` of length >= 1 - at `$.source`"),
        "source-too-long": (PLAIN | {"source": "x" * 129}, "Expected `str` of length <= 128 - at `$.source`"),
        "source-bytes": (PLAIN | {"source": b"shop-door"}, "Expected `str`, got `bytes` - at `$.source`"),
        "seq-missing": (_without("seq"), "Object missing required field `seq` - at `$`"),
        "seq-text": (PLAIN | {"seq": "30"}, "Expected `int`, got `str` - at `$.seq`"),
        "seq-negative": (PLAIN | {"seq": -1}, "Expected `int` >= 0 - at `$.seq`"),
        "captured-at-fraction": (PLAIN | {"captured_at": 1.5}, "Expected `int`, got `float` - at `$.captured_at`"),
        "live-number": (PLAIN | {"live": 1}, "Expected `bool`, got `int` - at `$.live`"),
        "size-of-another-picture": (
            PLAIN | {"size_wh": [64, 49]},
            "Expected the picture's size 64x48, got 64x49 - at `$.size_wh`",
        ),
        "size-zero": (PLAIN | {"size_wh": [0, 48]}, "Expected `int` >= 1 - at `$.size_wh[0]`"),
        "jpeg-missing": (_without("jpeg"), "Object missing required field `jpeg` - at `$`"),
        "jpeg-text": (PLAIN | {"jpeg": "a picture"}, "Expected `bytes`, got `str` - at `$.jpeg`"),
        "jpeg-empty": (PLAIN | {"jpeg": b""}, "Expected a JPEG (starting FF D8), got nothing - at `$.jpeg`"),
        "jpeg-of-words": (
            PLAIN | {"jpeg": b"a picture"},
            "Expected a JPEG (starting FF D8), got 9 bytes starting 61 20 70 69 - at `$.jpeg`",
        ),
        "jpeg-png": (
            PLAIN | {"jpeg": b"\x89PNG\r\n\x1a\n" + bytes(50)},
            "Expected a JPEG (starting FF D8), got a PNG - at `$.jpeg`",
        ),
        "jpeg-cut-in-its-header": (
            PLAIN | {"jpeg": PICTURE[:100]},
            "Expected a whole JPEG header, got 100 bytes that end within it - at `$.jpeg`",
        ),
        "jpeg-20000x20000": (PLAIN | {"jpeg": _sized(20_000, 20_000)}, "got 20000x20000 - at `$.jpeg`"),
        "jpeg-too-many-pixels": (PLAIN | {"jpeg": _sized(8_000, 5_001)}, "got 8000x5001 - at `$.jpeg`"),
        "jpeg-too-many-scans": (
            PLAIN | {"jpeg": _scans(101)},
            "Expected a JPEG of at most 100 scans, got 101 - at `$.jpeg`",
        ),
        "confidence-above-1": (_with_box(confidence=1.5), "Expected `float` <= 1.0 - at `$.detections[0].confidence`"),
        "confidence-nan": (_with_box(confidence=math.nan), "at `$.detections[0].confidence`"),
        "label-empty": (_with_box(label=""), "Expected `str` of length >= 1 - at `$.detections[0].label`"),
        "label-too-long": (_with_box(label="x" * 129), "Expected `str` of length <= 128 - at `$.detections[0].label`"),
        "box-nan": (_with_box(xyxy=[0.0, 0.0, math.nan, 8.0]), "got [0.0, 0.0, nan, 8.0] - at `$.detections[0].xyxy`"),
        "box-infinite": (_with_box(xyxy=[0.0, 0.0, math.inf, 8.0]), "got [0.0, 0.0, inf, 8.0]"),
        "box-negative": (_with_box(xyxy=[-1.0, 0.0, 8.0, 8.0]), "got [-1.0, 0.0, 8.0, 8.0]"),
        "box-outside": (_with_box(xyxy=[0.0, 0.0, 64.5, 8.0]), "Expected a box within 64x48"),
        "box-reversed": (_with_box(xyxy=[8.0, 0.0, 4.0, 8.0]), "(left, top, right, bottom)"),
        "box-of-three": (_with_box(xyxy=[0.0, 0.0, 8.0]), "Expected `array` of length 4"),
        "track-missing": (_with_box(drop="track"), "Object missing required field `track` - at `$.detections[0]`"),
        "detections-too-many": (PLAIN | {"detections": [BOX] * 1001}, "Expected `array` of length <= 1000"),
        "hops-too-many": (PLAIN | {"hops": [HOP | {"options": {}}] * 65}, "Expected `array` of length <= 64"),
        "took-negative": (PLAIN | {"hops": [HOP | {"took_us": -1}]}, "Expected `int` >= 0 - at `$.hops[0].took_us`"),
        "option-a-map": (PLAIN | {"hops": [HOP | {"options": {"deep": {}}}]}, "at `$.hops[0].options[...]`"),
        "option-nan": (PLAIN | {"hops": [HOP | {"options": {"share": math.nan}}]}, "at `$.hops[0].options[...]`"),
        "option-too-long": (PLAIN | {"hops": [HOP | {"options": {"text": "x" * 257}}]}, "of length <= 256"),
        "covered-above-1": (PLAIN | {"redaction": REDACTION | {"covered": 2.0}}, "at `$.redaction.covered`"),
        "covered-nan": (PLAIN | {"redaction": REDACTION | {"covered": math.nan}}, "at `$.redaction.covered`"),
        "unseen-nil": (PLAIN | {"unseen": None}, "Expected `array`, got `None` - at `$.unseen`"),
        "unseen-too-many": (PLAIN | {"unseen": [[0.0, 0.0, 1.0, 1.0]] * 257}, "Expected `array` of length <= 256"),
        "unseen-of-three": (PLAIN | {"unseen": [[0.0, 0.0, 8.0]]}, "Expected `array` of length 4"),
        "unseen-outside": (PLAIN | {"unseen": [[0.0, 0.0, 64.0, 48.5]]}, "Expected a box within 64x48"),
        "unseen-nan": (PLAIN | {"unseen": [[0.0, 0.0, math.nan, 8.0]]}, "got [0.0, 0.0, nan, 8.0] - at `$.unseen[0]`"),
        "doubt-too-long": (PLAIN | {"redaction": REDACTION | {"doubt": "x" * 257}}, "at `$.redaction.doubt`"),
    }
    raw |= {name: (msgpack.packb(sent), error) for name, (sent, error) in fields.items()}
    return {name: (value, {"error": error}) for name, (value, error) in raw.items()}


def _good_states() -> dict[str, Map]:
    unknown = dict.fromkeys(("seen_at", "codec", "size_wh", "transport", "last_error"))
    return {
        "camera-running": STATE,
        "camera-starting": STATE
        | unknown
        | {"state": "starting", "fps_in": 0.0, "fps_out": 0.0, "reconnects": 0, "source": "門口 № 1"},
    }


def _bad_states() -> dict[str, tuple[object, str]]:
    return {
        "camera-list": (list(STATE.values()), "Expected `object`, got `array`"),
        "camera-version-newer": (STATE | {"v": 2}, "Expected version 1, got 2 - at `$.v`"),
        "camera-of-an-unknown-state": (STATE | {"state": "fine"}, "Invalid enum value 'fine' - at `$.state`"),
        "camera-run-of-words": (STATE | {"run": "yesterday"}, "at `$.run`"),
        "camera-size-zero": (STATE | {"size_wh": [0, 720]}, "Expected `int` >= 1 - at `$.size_wh[0]`"),
        "camera-rate-nan": (STATE | {"fps_in": math.nan}, "at `$.fps_in`"),
        "camera-error-too-long": (STATE | {"last_error": "x" * 257}, "of length <= 256 - at `$.last_error`"),
    }


def _good_zones() -> dict[str, Map]:
    most = {"name": "z" * 64, "polygon": [[0.0, 1.0]] * 64}
    return {
        "zones-one": ZONES,
        "zones-none": ZONES | {"cover": []},
        "zones-and-areas": {**{name: ZONES[name] for name in ("v", "source", "cover")}, "areas": [ZONE], **DRAWN},
        "areas-alone": {"v": 1, "source": "shop-door", "cover": [], "areas": [ZONE, ZONE], **DRAWN},
        "zones-at-the-limits": ZONES | {"cover": [most, *[ZONE] * 63], "by": "ü" * 128},
    }


def _bad_zones() -> dict[str, tuple[object, str]]:
    return {
        "zones-in-pixels": (
            ZONES | {"cover": [ZONE | {"polygon": [[0.0, 360.0], [320.0, 360.0], [320.0, 720.0]]}]},
            "Expected `float` <= 1.0 - at `$.cover[0].polygon[0][1]`",
        ),
        "zones-nan": (ZONES | {"cover": [ZONE | {"polygon": [[math.nan, 0.0]] * 3}]}, "at `$.cover[0].polygon[0][0]`"),
        "zones-of-two-points": (ZONES | {"cover": [ZONE | {"polygon": [[0.0, 0.0]] * 2}]}, "of length >= 3"),
        "zones-of-65-points": (ZONES | {"cover": [ZONE | {"polygon": [[0.0, 0.0]] * 65}]}, "of length <= 64"),
        "zones-too-many": (ZONES | {"cover": [ZONE] * 65}, "of length <= 64 - at `$.cover`"),
        "areas-in-pixels": (
            ZONES | {"areas": [ZONE | {"polygon": [[0.0, 360.0], [320.0, 360.0], [320.0, 720.0]]}]},
            "Expected `float` <= 1.0 - at `$.areas[0].polygon[0][1]`",
        ),
        "areas-too-many": (ZONES | {"areas": [ZONE] * 65}, "of length <= 64 - at `$.areas`"),
        "zones-by-nobody": (ZONES | {"by": ""}, "of length >= 1 - at `$.by`"),
    }


def _good_alerts() -> dict[str, Map]:
    return {
        "alert": ALERT,
        "alert-anywhere": ALERT | {"source": "門口 № 1", "zone": None},
        "alerts-held-back": SUMMARY,
        "alerts-of-many-cameras": SUMMARY
        | {"alerts": 5149, "sources": {f"camera {number}": 50 for number in range(100)}, "others": 149},
    }


def _bad_alerts() -> dict[str, tuple[object, str]]:
    return {
        "alert-of-another-kind": (ALERT | {"kind": "alarm"}, "Invalid value 'alarm' - at `$.kind`"),
        "alert-of-no-kind": ({name: ALERT[name] for name in ALERT if name != "kind"}, "required field `kind`"),
        "alert-version-newer": (ALERT | {"v": 2}, "Expected version 1, got 2 - at `$.v`"),
        "alert-without-a-rule": (ALERT | {"rule": ""}, "of length >= 1 - at `$.rule`"),
        "alert-of-fewer-than-none": (ALERT | {"count": -1}, "Expected `int` >= 0 - at `$.count`"),
        "alert-after-all-days": (ALERT | {"at": 2**63 - 1}, "at `$.at`"),
        "alerts-of-101-cameras": (
            SUMMARY | {"sources": {str(number): 1 for number in range(101)}},
            "of length <= 100 - at `$.sources`",
        ),
    }


def _keyed(entries: dict[str, Map], by: str = "source") -> dict[str, tuple[bytes, Map]]:
    return {name: (msgpack.packb(fields), {"key": fields[by], "fields": fields}) for name, fields in entries.items()}


def _refused(entries: dict[str, tuple[object, str]]) -> dict[str, tuple[bytes, Map]]:
    return {name: (msgpack.packb(sent), {"error": error}) for name, (sent, error) in entries.items()}


def _in_order(fields: Map) -> Map:
    """`jpeg`, the longest, is written last."""
    return {name: value for name, value in fields.items() if name != "jpeg"} | {"jpeg": fields["jpeg"]}


def _expected(fields: Map, exact: bool) -> Map:
    """`exact`: this project would write the very same bytes."""
    shown = fields | {"jpeg": {"hex": fields["jpeg"].hex()} if fields["jpeg"] != PICTURE else {"file": "picture.jpg"}}
    return {"key": fields["source"], "fields": shown, "exact": exact}


def _without(name: str) -> Map:
    return {field: value for field, value in PLAIN.items() if field != name}


def _with_box(drop: str = "", **changes: Any) -> Map:
    box = {field: value for field, value in (BOX | changes).items() if field != drop}
    return PLAIN | {"detections": [box]}


def _sized(width: int, height: int) -> bytes:
    return PICTURE[:_SIZE] + struct.pack(">HH", height, width) + PICTURE[_SIZE + 4 :]


def _scans(number: int) -> bytes:
    """A progressive picture of so many empty scans: small to send, long to decode."""
    header = PICTURE[:_SCAN].replace(b"\xff\xc0", b"\xff\xc2")
    return header + PICTURE[_SCAN : _SCAN + 14] * number + b"\xff\xd9"


def _turned(orientation: int) -> bytes:
    """The picture with an EXIF block that says how to turn it."""
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    block = b"Exif\0\0" + tiff
    return PICTURE[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + PICTURE[2:]


if __name__ == "__main__":
    main()
