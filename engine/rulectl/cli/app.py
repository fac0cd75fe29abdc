"""The door through which every run leaves: wrong usage, findings, an interrupted run, and what we did not foresee."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Any, NoReturn

import click

from rulectl import __version__
from rulectl.cli.base import (
    INTERNAL,
    USAGE,
    Group,
    Session,
    StopError,
    language_of,
    speak_utf8,
    usage_finding,
    wanted_language,
)
from rulectl.diagnostics import Finding, finding
from rulectl.source import FULL, OptionPlace

INTERRUPTED = 130
_LATER = 0.01

_SELDOM = (500_000, 20, 100)
"""How often Python looks for cycles that nothing holds (its own: every 700 objects). Loading the program and a rulebook
makes none, and the hundred thousand objects that a batch begins with take 25 ms to look through."""


class App(Group):
    """The group of all commands, with our exit statuses in place of click's."""

    def main(  # type: ignore[override]  # click's overloads tell standalone runs apart; ours always ends the process
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run and exit: 0 fine, 1 findings or rejected cases, 2 wrong usage, 3 our own mistake."""
        speak_utf8()
        given = list(sys.argv[1:] if args is None else args)
        extra.pop("standalone_mode", None)
        pace = gc.get_threshold()
        gc.set_threshold(*_SELDOM)
        before = _polite() if threading.current_thread() is threading.main_thread() else {}
        try:
            status = self._run(given, extra)
            if args is None and not os.environ.get("RULECTL_DEBUG"):
                _end(status)
        finally:
            for kill, handler in before.items():
                signal.signal(kill, handler)
            gc.set_threshold(*pace)
        sys.exit(status)

    def _run(self, args: list[str], extra: dict[str, Any]) -> int:
        here = Session(wanted_language(args) or language_of(os.environ), _wants_json(args))
        try:
            status = super().main(args, "rulectl", standalone_mode=False, **extra)
            return status if isinstance(status, int) else 0
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            return USAGE
        except click.UsageError as error:
            here.tell([usage_finding(error, here.lang)])
            return USAGE
        except StopError as stop:
            here.tell(stop.findings)
            return stop.status
        except (click.Abort, KeyboardInterrupt):
            return INTERRUPTED
        except Exception as error:  # the one place where everything is caught: a person must never see a traceback
            if os.environ.get("RULECTL_DEBUG"):
                traceback.print_exc()
            if isinstance(error, OSError) and error.errno in FULL and error.filename is None:
                here.tell([finding("disk-full", OptionPlace(""), file="-")])
                return USAGE
            _report(error, here)
            return INTERNAL


def _end(status: int) -> None:
    """End the process as it is: to take apart all that it holds, as Python does, takes 10 ms, and 60 ms after a million
    cases. Comes back where something cannot be written any more, which Python then tells in its own way."""
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # closed by whoever started us
                stream.flush()
    except (OSError, ValueError):
        return
    os._exit(status)


def _report(error: Exception, here: Session) -> None:
    """One line on our own mistake, even where the catalogue itself is what is broken."""
    found = _internal(error)
    try:
        here.tell([found])
    except Exception:  # nothing may come after the last line of defence
        click.echo(f"error internal-error: {dict(found.fields)}", err=True)


def _internal(error: Exception) -> Finding:
    """Our own mistake, with what we need to find it."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "?"
    text = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    return finding("internal-error", OptionPlace(""), error=text, place=place, version=__version__)


def _wants_json(args: Sequence[str]) -> bool:
    pairs = zip(args, [*args[1:], ""], strict=False)
    return any(arg == "--format=json" or (arg == "--format" and value == "json") for arg, value in pairs)


def _stop(kill: int, frame: FrameType | None) -> None:
    """A polite kill unwinds the stack like Ctrl-C, so that half-written files are taken away. Not out of Python's own
    importing: a lock that is taken there would stay taken, and a thread that imports wait for ever."""
    if frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
        later = threading.Timer(_LATER, _again, (kill,))
        later.daemon = True
        later.start()
        return
    raise KeyboardInterrupt


def _again(kill: int) -> None:
    """The same kill once more, to the thread that runs the command: raised in another, it would wait until what that
    thread waits for is over."""
    main = threading.main_thread().ident
    if sys.platform == "win32" or main is None:
        signal.raise_signal(kill)
    else:
        signal.pthread_kill(main, kill)


def _polite() -> dict[signal.Signals, Any]:
    """Have the kills that can be answered end a run in one way: Ctrl-C, the usual one, and the terminal that is closed,
    unless somebody has it ignored (nohup). What stood there before."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    kills = [kill for name in names if (kill := getattr(signal, name, None)) is not None]
    return {kill: signal.signal(kill, _stop) for kill in kills if signal.getsignal(kill) is not signal.SIG_IGN}
