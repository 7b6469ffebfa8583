"""``python -m spikeheb``."""

from spikeheb.cli import main

if __name__ == "__main__":
    main()
