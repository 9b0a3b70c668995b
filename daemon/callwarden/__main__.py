"""`python -m callwarden` is the command `callwarden`."""

from callwarden.cli import main

if __name__ == "__main__":
    main(prog_name="callwarden")
