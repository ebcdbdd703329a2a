"""What native code prints is kept out of the output, and shown with an error."""

from __future__ import annotations

import os

import pytest

from pytest_jaxcost.targets.noise import MOST, noise_kept_out


def shout(text: str) -> None:
    """Write as native code does."""
    os.write(2, text.encode())


def fail(text: str) -> None:
    shout(text)
    raise KeyError


def test_it_is_kept_out_and_then_no_more(capfd: pytest.CaptureFixture[str]) -> None:
    shout("before ")
    with noise_kept_out():
        shout("inside ")
    shout("after")
    assert capfd.readouterr() == ("", "before after")


def test_an_error_carries_it_along(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError) as error, noise_kept_out():
        fail("no such chip\n")
    assert error.value.__notes__ == ["the compiler printed:\nno such chip"]
    assert capfd.readouterr().err == ""


def test_an_error_in_silence() -> None:
    with pytest.raises(KeyError) as error, noise_kept_out():
        raise KeyError
    assert not hasattr(error.value, "__notes__")


def test_only_the_end_of_much_noise_is_shown() -> None:
    with pytest.raises(KeyError) as error, noise_kept_out():
        fail("a" * MOST + "b" * MOST)
    assert error.value.__notes__ == ["the compiler printed:\n" + "b" * MOST]


def test_no_descriptor_is_left_open() -> None:
    before = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    for _ in range(3):
        with noise_kept_out():
            pass
    after = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    assert len(after) == len(before)
