"""Scripts, styles and HTML templates of all pages.

Imports nothing of ours. Begin with `layout.py`.
"""
