"""Sphinx's configuration: `tox -e docs` builds build/docs, with warnings as errors."""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

_project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
project, release = "SAT co-simulator", _project["version"]
html_title = f"{project} {release}"

extensions = ["myst_parser", "sphinx.ext.autodoc", "docs.extension.build"]
exclude_patterns = ["extension", "conftest.py"]
waves = "../build/waves"  # of the blocks' own tests: pytest tests/rtl --record-waves build/waves

myst_enable_extensions = ["deflist", "dollarmath"]
myst_heading_anchors = 3
nitpick_ignore_regex = [("py:.*", ".*")]  # of a signature's types some are others', and some have no page
autodoc_member_order = "bysource"
python_maximum_signature_line_length = 90
smartquotes = False  # an option keeps its two hyphens

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["drawings.css"]
html_math_renderer = "mathml"  # drawn by the browser: nothing is loaded from elsewhere
html_copy_source = False
html_show_sphinx = html_show_copyright = False
