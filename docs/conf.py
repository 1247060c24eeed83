"""How Sphinx builds the site. `python -m vaesite` gathers its sources and calls it."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from vaebench.version import VERSION  # noqa: E402

project = "vaebench"
author = "the vaebench maintainers"
release = VERSION
html_title = f"vaebench {VERSION}"
extensions = ["myst_parser", "vaesite.mathml"]
html_math_renderer = "mathml"
myst_heading_anchors = 6
myst_links_external_new_tab = False
html_theme = "furo"
html_css_files = ["site.css"]
html_favicon = "_static/favicon.svg"
html_js_files = ["site.js"]
exclude_patterns = ["_static", "_extra"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {
    "light_css_variables": {"font-stack": "system-ui, sans-serif"},
    "top_of_page_buttons": [],
}
pygments_style = "default"
pygments_dark_style = "github-dark"
linkcheck_anchors = False
linkcheck_timeout = 20
