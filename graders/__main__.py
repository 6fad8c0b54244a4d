"""`python -m graders` is `ninesteps`."""

from graders.cli import main

if __name__ == "__main__":
    main()
