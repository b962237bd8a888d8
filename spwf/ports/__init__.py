"""pySerial's URL handlers for emulated modules.

spwf/__init__.py names this package to pySerial, which looks in it for `protocol_<scheme>` when a
program opens `<scheme>://`.
"""
