"""Numbers and alerts to where people look: MQTT with Home Assistant's discovery, and webhooks.

Imports `streams.worker` and below. Begin with `worker.py`, then `alerts_app.py`; `rule.py` says when there is an alert.
"""
