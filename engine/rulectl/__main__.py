"""`python -m rulectl`: the command line where scripts are not on the path."""

from rulectl.cli import main

if __name__ == "__main__":
    main()
