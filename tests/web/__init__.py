"""Tests of the pages, with a real server over real files."""
