"""How sources are: whether their pictures are all right, their states on the topic `CAMERAS`, and whose a name is.

Imports `streams.kafka`, `streams.wire` and below. Begin with `report.py`.
"""
