"""What browsers are sent: scripts, styles, and the HTML that all pages share.

Imports nothing of ours. Begin with `layout.py`.
"""
