"""An independent look at redacted files: `imagebus verify`, and the arithmetic of exposure, which the benches share.

Imports `streams.files`, `streams.video`, `streams.producer` and `streams.chain`. Begin with `verifying.py`.
"""
