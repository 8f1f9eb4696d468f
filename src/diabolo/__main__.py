"""`python -m diabolo`: the same as the `diabolo` command."""

from diabolo.cli.main import main

if __name__ == "__main__":
    main()
