"""Data that travels in the wheel."""
