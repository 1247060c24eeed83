"""Run the command line from a bare checkout: ``python3 -m vaebench``."""

from vaebench.cli import main

if __name__ == "__main__":
    main()
