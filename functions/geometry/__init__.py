"""Boxes, masks and pictures as arrays, and drawing on them.

Imports `functions.core`. Begin with `boxes.py`.
"""
