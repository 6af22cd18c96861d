"""Tests of the live ward's core."""
