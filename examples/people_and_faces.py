"""Find people and their faces in one stage: a function made of two that are there."""

from __future__ import annotations

from functions import Frame, function
from functions.detect_faces import detect_faces
from functions.detect_people import detect_people
from functions.models.centerface import face_net
from functions.models.ssdlite import person_net


@function(labels=lambda: ("person", "face"), ready=lambda: (person_net(), face_net()))
def detect_people_and_faces(frame: Frame) -> Frame:
    """Find people and faces."""
    return detect_faces(detect_people(frame))
