"""The seams: what the core asks of screens, journals, clocks and doors."""
