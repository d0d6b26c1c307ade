"""`python -m server` is `chuancai`."""

from server.cli import main

if __name__ == "__main__":
    main()
