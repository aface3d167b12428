"""`python -m hub` is `hub`."""

import signal


def main() -> None:
    """Run the command line. A Ctrl-C while it is being loaded ends it at once, as SIGTERM does."""
    # Else Python would show where in its modules it was. Who starts a command in the background
    # may have it pass Ctrl-C over.
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from hub import cli

    cli.main()


if __name__ == "__main__":
    main()
