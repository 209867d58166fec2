"""Stands in for python-lz4, see `lz4.stream`."""
