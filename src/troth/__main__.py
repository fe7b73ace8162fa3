"""Entry point of `troth` and `python -m troth`.

`--version` is answered before anything heavy is imported: starting Python is most of its time, and even a `__future__` import shows.
A scan of one path for secrets, which hooks run per file, goes a short way as well (`engines.secrets.quick`).
"""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from troth import __version__

        sys.stdout.write(f"troth {__version__}\n")
        return
    if len(sys.argv) == 4 and sys.argv[1:3] == ["secrets", "scan"] and sys.argv[3][:1] not in ("", "-"):
        from troth.engines.secrets.quick import answered

        code = answered(sys.argv[3])
        if code is not None:
            sys.exit(code)
    from troth.cli import run

    code = run()
    import gc

    # the end of the process gives back what is left; the interpreter's last collection would walk through all of it first, a tenth of a check
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
