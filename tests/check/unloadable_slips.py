"""Slips that keep a file from being loaded."""

from check.slip import Slip, slip

UNLOADABLE: dict[str, Slip] = {
    "syntax": slip("loads", "slip.py|SyntaxError|line", ("class Model(nn.Module):", "class Model(nn.Module)")),
    "ends the program": slip("loads", "slip.py|SystemExit", ("import math\n", "import math\n\nraise SystemExit(0)\n")),
    "no VARIANT": slip("loads", "slip.py|VARIANT|Variant", ("\nVARIANT = ", "\nMINE = ")),
    "list of variants": slip(
        "loads", "VARIANT|Variant", ("\nVARIANT = Variant(", "\nVARIANT = [Variant("), ("makes\n)", "makes\n)]")
    ),
    "name with spaces": slip("loads", "name|'my vae'|underscores", ('"name": "slip"', '"name": "my vae"')),
    "name out of the folder": slip("loads", "name|'../../etc'", ('"name": "slip"', '"name": "../../etc"')),
    "name of an emoji": slip("loads", "name|underscores", ('"name": "slip"', '"name": "\N{SKULL}"')),
    "name too long": slip("loads", "name|underscores", ('"name": "slip"', f'"name": "{"a" * 80}"')),
    "name taken": slip("loads", "beta_vae|taken", ('"name": "slip"', '"name": "beta_vae"')),
    "learning rate of nought": slip("loads", "learning_rate|above 0", ("kl_weight=1.0,", "learning_rate=0.0,")),
    "weight below nought": slip("loads", "kl_weight|above 0|-1", ("kl_weight=1.0,", "kl_weight=-1.0,")),
    "sibling not on the path": slip(
        "loads",
        "helper_mod|PYTHONPATH",
        ("import math\n", "import math\n\nfrom helper_mod import WEIGHT\n"),
        files=(("helper_mod.py", "WEIGHT = 1.0\n"),),
    ),
    "relative import": slip(
        "loads", "relative import|package.module:NAME", ("import math\n", "import math\n\nfrom .helper import WEIGHT\n")
    ),
}
