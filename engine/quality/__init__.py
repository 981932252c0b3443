"""The quality gate: checks, assertions about files, and five axes, after the work of an attempt."""
