"""Tests of search: results for what people type, limited to what they may see."""
