"""`imagebus publish`: a steady H.264 stream of each source, for recorders that know nothing of a bus.

Begin with `stream.py`, one source as the command sees it, and `child.py`, what its process does. Imports
`streams.outputs`, `streams.producer`, `streams.chain` and below.
"""
