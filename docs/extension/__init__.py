"""What this documentation makes from the source itself: docs/extension/build.py tells Sphinx."""
