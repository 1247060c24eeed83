"""Stops: each signal is one KeyboardInterrupt, none comes between the halves of a write, and six are one."""

import os
import signal
import threading

import pytest

from vaebench import stops


@pytest.fixture(autouse=True)
def as_at_the_start(monkeypatch):
    """Give the process back the handlers that it had."""
    before = {number: signal.getsignal(number) for number in stops.SIGNALS}
    for number in stops.SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    monkeypatch.setattr(stops._State, "last", -stops.BURST)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def send(number=signal.SIGTERM):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", stops.SIGNALS)
def test_every_stop_is_a_keyboard_interrupt(number):
    stops.watch()
    with pytest.raises(KeyboardInterrupt):
        send(number)


def test_a_stop_that_was_ignored_before_stays_so():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stops.watch()
    send(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


def test_six_within_a_second_are_one_and_a_later_one_counts_again(monkeypatch):
    stops.watch()
    caught = 0
    try:
        try:
            send()
        finally:
            for _ in range(5):
                send()
    except KeyboardInterrupt as stop:
        caught += 1
        assert stop.__context__ is None
    monkeypatch.setattr(stops._State, "last", stops._State.last - stops.BURST)
    with pytest.raises(KeyboardInterrupt):
        send()
    assert caught == 1


def test_what_is_held_is_not_cut_in_two():
    stops.watch()
    done = []
    with pytest.raises(KeyboardInterrupt), stops.held():
        send()
        with stops.held():
            send()
        done.append("all of it")
    assert done == ["all of it"]
    with stops.held():
        done.append("and the stop is over")
    assert len(done) == 2


def test_an_error_in_what_is_held_goes_before_a_stop():
    stops.watch()
    with pytest.raises(KeyError), stops.held():
        send()
        raise KeyError
    with stops.held():
        pass


def test_a_stop_is_let_through_where_it_may_come():
    stops.watch()
    done = []
    with pytest.raises(KeyboardInterrupt), stops.held():
        with stops.free():
            done.append("nothing came")
        with stops.free():
            send()
            done.append("never")
    assert done == ["nothing came"]
    with pytest.raises(KeyboardInterrupt), stops.held():
        send()
        done.append("held")
        with stops.free():
            done.append("never")
    assert done == ["nothing came", "held"]
    with stops.held():
        done.append("nothing is left over")


def test_none_comes_once_the_end_has_begun():
    stops.watch()
    stops.ignore()
    for number in stops.SIGNALS:
        send(number)


def test_beside_the_main_thread_nothing_is_changed():
    def both():
        stops.watch()
        stops.ignore()

    thread = threading.Thread(target=both)
    thread.start()
    thread.join()
    assert {signal.getsignal(number) for number in stops.SIGNALS} == {signal.SIG_DFL}


def test_a_stop_of_any_verb_is_one_line(monkeypatch, capsys):
    """Only `run` and `nightly` said that they were stopped; `verify --replay` ended in silence."""
    from vaebench import cli

    def app():
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", app)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert (end.value.code, capsys.readouterr().err) == (130, "stopped; the same command begins again\n")
