"""Engines that compare, record and sample what other engines do."""
