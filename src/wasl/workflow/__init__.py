"""The acts of wasl, each written once: typed documents and tables in, artifacts, one audit event and a report out.

An act is pure: it opens no file, reads no clock and writes no log. The library, the command line and the service call
the same act; they read its input, save its artifacts and log its event.
"""
