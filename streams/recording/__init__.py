"""`imagebus record` and `imagebus export`: what a topic showed, a video file a source and minute, numbers beside it.

Begin with `recorder.py`, then `camera.py` and `segment.py`; `folder.py` says where the files lie. Imports
`streams.chain`, `streams.outputs`, `streams.file_redaction`, `streams.runtime`, `streams.video` and below.
"""
