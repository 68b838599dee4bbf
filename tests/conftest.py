"""What holds for every test."""

from __future__ import annotations

import os

# Files that others may write are refused, and a test's would be under a umask of 002.
os.umask(0o022)
