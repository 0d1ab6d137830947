"""A verb is declared once: one module's worth of lines, and every door has it."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from electrodej import verbs, worker
from electrodej.cli import main
from electrodej.cli.page import commands_page
from electrodej.errors import UsageError
from electrodej.fiji.commands import script_of
from electrodej.options import Image, Number, Settings, argument, option
from electrodej.run import Run
from electrodej.verb import Menu, Outcome, Verb
from electrodej.volume import open_volume, write_volume


@dataclass(frozen=True, kw_only=True)
class BrightOptions(Settings):
    image: Any = argument(Image(), "the grey volume", title="Grey image")
    least: float = option(128.0, Number(0, 255), "what counts as bright", title="Least grey")


def bright(options: BrightOptions, run: Run) -> Outcome:
    with open_volume(options.image) as volume:
        share = float(np.mean(volume.read() >= options.least))
    if share == 0:
        run.note("nothing is bright")
    return Outcome({"share": share}, f"{share:.0%} is bright")


BRIGHT = Verb(
    name="bright",
    summary="tell how much of an image is bright",
    help="Tell how much of an image is bright.",
    example="electrodej bright grey.tif",
    options=BrightOptions,
    work=bright,
    menu=Menu("Tell Bright", ("image", "least")),
)


@pytest.fixture
def added():
    verbs.add(BRIGHT)
    yield
    verbs.remove("bright")


@pytest.fixture
def image(tmp_path):
    write_volume(tmp_path / "grey.tif", np.full((2, 3, 4), 200, np.uint8), spacing=(1, 1, 1))
    return tmp_path / "grey.tif"


@pytest.mark.usefixtures("added")
def test_the_shell_has_it(image, capsys):
    assert main(["bright", str(image), "--least", "100"]) == 0
    assert capsys.readouterr().out == "100% is bright\n"
    assert main(["bright", str(image), "--least", "300"]) == 2
    assert "--least" in capsys.readouterr().err
    main(["--help"])
    assert "\n  bright " in capsys.readouterr().out


@pytest.mark.usefixtures("added")
def test_the_shell_tells_its_notes_and_json_has_them(image, capsys):
    assert main(["bright", str(image), "--least", "255", "--json"]) == 0
    shown = capsys.readouterr()
    assert shown.out == '{"share": 0.0, "notes": ["nothing is bright"]}\n'
    assert shown.err == "note: nothing is bright\n"


@pytest.mark.usefixtures("added")
def test_the_page_and_the_menu_command_have_it():
    page = commands_page().partition("## bright\n")[2]
    assert "--least X" in page
    script = script_of(BRIGHT)
    assert '#@ Double (label="Least grey", description="What counts as bright", value=128, min=0' in script
    assert "ImagePlus" in script
    assert 'door.call("bright"' in script


@pytest.mark.usefixtures("added")
def test_the_worker_does_it_and_says_a_mistake_in_the_dialogs_words(image):
    answered: list[str] = []
    task = SimpleNamespace(outputs={}, cancel_requested=False, update=lambda **_: None, fail=answered.append)
    worker.run(task, "bright", {"image": {"file": str(image)}, "least": 250.0})
    assert task.outputs.items() >= {"share": 0.0, "text": "0% is bright"}.items()
    assert task.outputs["notes"] == ["nothing is bright"]
    worker.run(task, "bright", {"image": {"file": str(image)}, "least": 999.0})
    assert answered[0].startswith('"Least grey"')


@pytest.mark.usefixtures("added")
def test_python_has_it_with_an_array_too(image):
    assert verbs.do("bright", image).numbers == {"share": 1.0}
    with pytest.raises(UsageError, match="IMAGE"):
        verbs.do("bright")


def test_a_command_says_what_was_asked_for_and_nothing_that_is_usual():
    options = BRIGHT.make(image="my grey.tif", least=100.0)
    assert BRIGHT.command(options) == "electrodej bright 'my grey.tif' --least 100"
    assert BRIGHT.command(BRIGHT.make(image="g.tif")) == "electrodej bright g.tif"


@pytest.mark.parametrize(
    ("name", "meant"),
    [("mesure", "'measure'"), ("segment", "'segment particles'"), ("segment particels", "particles")],
)
def test_a_verb_that_is_not_there_is_said_with_what_was_meant(name: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"no verb.*{meant}"):
        verbs.do(name)
