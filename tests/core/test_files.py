"""Files that are read whatever they are, and files that are written in one step for their owner alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sindri_core.files import read_regular, replace_private


@pytest.fixture(autouse=True)
def _generous() -> Iterator[None]:
    """A process whose new files everybody may read."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_what_is_written_is_for_its_owner(tmp_path: Path) -> None:
    """Whatever the umask says, and whoever could read what stood there before."""
    file = tmp_path / "plan.json"
    file.write_text("old")
    file.chmod(0o644)
    replace_private(file, b"new")
    assert file.read_bytes() == b"new"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [tmp_path / "plan.json"]


def test_what_could_not_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    """A folder in the place of the file is an error, and no part of the content lies beside it."""
    (tmp_path / "plan.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        replace_private(tmp_path / "plan.json", b"new")
    assert list(tmp_path.iterdir()) == [tmp_path / "plan.json"]


@pytest.mark.parametrize("ending", [KeyboardInterrupt, MemoryError])
def test_an_interrupt_in_the_middle_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: type[BaseException]
) -> None:
    """Ctrl-C while it is written is no reason to lose what was there, or to leave half of it."""

    def interrupted(*_: object) -> None:
        raise ending

    file = tmp_path / "plan.json"
    file.write_text("old")
    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(ending):
        replace_private(file, b"new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [tmp_path / "plan.json"]


def test_no_more_is_read_than_can_be_meant(tmp_path: Path) -> None:
    """One byte over the limit tells that there is more; the rest stays where it is."""
    file = tmp_path / "large"
    file.write_bytes(b"x" * 100)
    assert len(read_regular(file, 10)) == 11
    assert len(read_regular(file, 100)) == 100


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    """Nobody may ever write into it."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="pipe"):
        read_regular(tmp_path / "pipe", 10)
