"""The steps of the Training notebook, each a call: open data and run, build the model, train it, hand it out."""

from pathlib import Path

import lines
from models.engine import distributed
from utils import colab, loaders, runs
from utils.files.archives import write_archive
from utils.runs import learning, telling, watching
from utils.runs.checkpoints import see_free, steps_in
from utils.speech import number


def open_data(
    name,
    archive: str | None = None,
    replace: bool = False,
    count: int = 10_000,
    drawn_from: int = 1,
    devices: str | None = None,
    **options,
):
    """Load a data set, images in a folder, an archive of them, or those of a rule, and tell what it is.

    Args:
        name: the folder below data/; that of a rule set is drawn if it is not there, one that Keras keeps is fetched.
        archive: a file of images, which is unpacked (Colab asks to upload it); it names the data set then.
        replace: whether another archive of the same name may take the place of the images that are there.
        count, drawn_from: how many images a rule draws, and from which random seed.
        devices: "per_device" or "global", to train on several; see `distributed.start`.
        **options: of `loaders.load_dataset`: image_size, batch_size, background, fit, augment, seed.

    Returns:
        The data set, `ImageBatches`.
    """
    distributed.start(devices)
    name = loaders.data_name(archive, taken=lines.rule_names()) if archive else str(name)  # 2024 came as a number
    folder = Path("data") / name
    with distributed.first_process_first():
        if archive:
            loaders.extract_archive(colab.upload(archive), folder, replace=replace)
        elif name in lines.rule_names():
            lines.write_missing_dataset(folder, count, seed=drawn_from, rules=name)
        x_train = loaders.load_dataset(name, **options)
    if not archive and name in lines.rule_names() and len(x_train.images) != count:
        there = number(len(x_train.images), ",d")
        telling.tell("drawn before", name=name, there=there, count=count)
    telling.data_set(runs.DataSet.of(x_train))
    return x_train


def open_run(section: str, run_id: str, data, mode: str, replace: bool = False, archive: str | None = None) -> Path:
    """Open the folder of a run, and unpack into it a training that ended elsewhere.

    Args:
        section, run_id: of the run, run/<section>/<run_id>_<data set>/.
        data: `utils.runs.DataSet`.
        mode: "build" for a training from its start, "load" for one that goes on.
        replace: whether "build" may replace a training that is there.
        archive: resume.zip of that training, which Colab asks to upload.

    Returns:
        The folder.
    """
    if archive and mode == "build":
        raise ValueError('RUN_ARCHIVE is a training to go on with, and MODE = "build" begins one: give MODE = "load"')
    folder = runs.new_run(section, run_id, str(data), distributed.run_root(), mode, replace)
    if archive and distributed.is_first():
        runs.unpack_run(colab.upload(archive), folder)
    return folder


def open_model(plan, x_train, folder: Path, mode: str, seed=1, precision="auto", replace=False, **facts):
    """Build the planned model or load the run's, write down what is trained on what, and tell what its networks are.

    Args:
        plan: of `models.plan.plan_training`.
        x_train: of `open_data`.
        folder: of `open_run`.
        mode: "build", which refuses a folder where something was trained, or "load".
        seed: of weights and noise.
        precision: as in the model's constructor; of "load" it is the plan's.
        replace: whether "build" may replace a training that is there.
        **facts: more to write into run.json.

    Returns:
        The model, a WGANGP or a CVAE.
    """
    if mode == "build" or not distributed.is_first():
        if not replace and distributed.is_first():
            see_free(folder)
        model = plan.model_class(**plan.parameters, precision=precision, seed=seed)
        model.save(folder, replace=replace)
    else:
        model = plan.load(folder, seed)
    known = {**x_train.facts, **plan.facts, **facts, "seed": seed, "precision": model.precision}
    runs.describe(folder, resumed=mode == "load", **known)
    telling.networks(model)
    return model


def train(model, plan, x_train, folder: Path, mode: str, rows=5, columns=5, minutes=None, keep_generators=None) -> None:
    """Train a model, reading its images on the way where there are rules, and say how far it came.

    Args:
        model, plan, x_train, folder, mode: as in `open_model`.
        rows, columns: of a sample sheet.
        minutes: the most that it may last; None for no limit.
        keep_generators: how many of the sheets' generators are kept; None for as many as a gibibyte holds.
    """
    data = runs.DataSet.of(x_train)
    telling.training(model, plan.batch_size, plan.facts.get("n_critic"), reading=data.of_lines)
    along = learning.watching(data, folder, plan.every, plan.steps, keep_generators, "encoder" in model.parts)
    done = steps_in(folder) if mode == "load" else model.epoch or None
    steps = plan.steps if mode == "load" else max(0, plan.steps - model.epoch)  # of a cell that is run again, the rest
    often = {"print_every_n_batches": plan.every, "minutes": minutes, "resume": mode == "load"}
    model.train(rows, columns, x_train, plan.batch_size, steps, folder, callbacks=along, **often, **plan.options)
    distributed.finish()  # with several processes, the first one goes on here alone
    if model.epoch == done:
        watching.show_last(model, folder)
    minutes_done = number(sum(model.step_seconds) / 60, ".1f")
    print(telling.text("done", steps=number(model.epoch, ",d"), minutes=minutes_done))


def hand_out(folder: Path) -> None:
    """Pack a run: output.zip and generator.h5 to keep, which Colab downloads, and resume.zip to go on with."""
    if not (folder / "generator.h5").is_file():
        raise FileNotFoundError(f"{folder} holds no generator yet: run the cell that trains first")
    output = write_archive("output.zip", runs.files_to_share(folder), root=folder)
    resume = write_archive("resume.zip", runs.files_to_go_on(folder), root=folder)
    colab.download(output, folder / "generator.h5")
    print(telling.text("keep", path=resume, size=f"{resume.stat().st_size / 2**20:.0f}"))
