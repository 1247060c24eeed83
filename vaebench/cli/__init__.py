"""The command line, a file a verb in ``verbs/``. Only this room prints."""

import sys
from importlib import import_module
from typing import NoReturn

from vaebench import stops
from vaebench.cli.app import app
from vaebench.cli.console import INTERRUPTED, give_up, open_streams, say, whole_answers
from vaebench.cli.given import Verb
from vaebench.mistakes import Mistake, shortage

VERBS = (
    *("list", "data", "new", "check", "run", "score", "compare"),
    *("verify", "submit", "migrate", "leaderboard", "export", "nightly"),
)
"""The verbs in the order in which ``--help`` lists them."""

for verb in VERBS:
    import_module(f"vaebench.cli.verbs.{verb}")

for command in app.registered_commands:
    command.cls = Verb


def main() -> NoReturn:
    """Run the command line. A mistake, a shortage or a stop is one line and an exit status, never a traceback."""
    stops.watch()
    open_streams()
    try:
        with whole_answers():
            app()
    except KeyboardInterrupt:
        stops.ignore()
        say("stopped; the same command begins again")
        sys.exit(INTERRUPTED)
    except Mistake as mistake:
        give_up(mistake, str(mistake))
    except Exception as error:
        line = shortage(error)
        if not line:
            raise
        give_up(error, line)
    sys.exit(0)
