"""Readers taught: what kinds of parameters a rule set has, a network trained on what it draws, and its scores."""

import time
from dataclasses import asdict

import numpy as np

from lines.registry import drawn as draw_checked
from lines.registry import name_of, sampled
from utils.progress import tqdm
from utils.quiet import keras
from utils.reading.reader import SIDE, Parameter, Reader, build, draw_many
from utils.reading.spoiling import WAYS, spoil

FEW = 12  # values up to which whole numbers are classes
CHANCE = 2**20  # range from which whole numbers that hardly ever repeat are taken for pure chance
DRAWN, HELD_OUT, PROBED = 12_000, 1_000, 20_000  # images to learn from; to be scored on; parameters that are looked at
COMBINED = 256  # images that are drawn of numbers combined otherwise
BATCH, STEPS, MINUTES = 64, 3_000, 3.6  # five minutes in all on two cores, with drawing and calibration
LEARNING_RATE = 2e-3


def look_at_parameters(rules, seed=0):
    """What kinds of parameters a rule set has: a list of `Parameter`, not scored yet."""
    found = []
    for name, values in sampled(rules, PROBED, seed).items():
        different = np.unique(values)
        whole = values.dtype.kind in "iub"
        facts = {"low": float(values.min()), "high": float(values.max()), "whole": bool(whole)}
        facts |= {"mean": float(values.mean()), "deviation": float(values.std()) if len(different) > 1 else 1.0}
        if whole and len(different) > 0.5 * len(values) and facts["high"] - facts["low"] >= CHANCE:
            found.append(Parameter(name, "chance", **facts))
        elif whole and len(different) <= FEW:
            found.append(Parameter(name, "class", tuple(int(value) for value in different), **facts))
        else:
            found.append(Parameter(name, "number", **facts))
    return found


def see_combined(rules, seed=0):
    """See that a rule set draws any combination of the numbers that it samples: readings come one by one.

    Raises:
        ValueError: it does not.
    """
    rng = np.random.default_rng(seed)
    mixed = {name: rng.permutation(values) for name, values in sampled(rules, COMBINED, seed).items()}
    try:
        draw_checked(rules, mixed, SIDE)
    except Exception as error:  # of a user's own code, of any kind
        raise ValueError(
            f"draw of the rules {name_of(rules)} fails on numbers that its sample gives, combined otherwise "
            f"({type(error).__name__}: {error}). What is read of an image may be any combination: let draw clip its "
            "numbers, or sample shares from 0 to 1"
        ) from error


def negative_log_likelihood(parameters):
    """The loss of a batch: what is wanted, as `targets` gives it, and the network's outputs (n, outputs + ways)."""
    ops = keras.ops

    def loss(wanted, outputs):
        total, start = 0.0, 0
        for i, parameter in enumerate(parameters):
            part = outputs[:, start : start + parameter.width]
            start += parameter.width
            if parameter.kind == "class":
                number = ops.cast(wanted[:, i], "int32")
                total = total + ops.mean(keras.losses.sparse_categorical_crossentropy(number, part, from_logits=True))
            else:
                log_variance = ops.clip(part[:, 1], -8.0, 4.0)
                squared = ops.square(wanted[:, i] - part[:, 0])
                total = total + ops.mean(squared * ops.exp(-log_variance) + log_variance) / 2
        spoilt = keras.losses.binary_crossentropy(wanted[:, len(parameters) :], outputs[:, start:], from_logits=True)
        return total + ops.mean(spoilt)

    return loss


def targets(parameters, drawn, spoilt):
    """What the network learns, float32 (n, parameters + ways): classes, standardised numbers, and ways as 0 and 1."""
    columns = []
    for one in parameters:
        values = np.asarray(drawn[one.name])
        if one.kind == "class":  # a value too rare to have been seen counts as the nearest
            columns.append(np.abs(values[:, None] - np.array(one.values)).argmin(axis=1))
        else:
            columns.append((values - one.mean) / one.deviation)
    return np.concatenate([np.stack(columns, axis=1), spoilt], axis=1).astype(np.float32)


def teach(rules, minutes: float = MINUTES, steps: int = STEPS, drawn: int = DRAWN, seed: int = 0) -> Reader:
    """Make a reader for a rule set, on images that it draws.

    Args:
        rules: a rule set, as `lines.rules` gives it.
        minutes: time limit of the training; drawing, spoiling and scoring take half a minute besides.
        steps: batches of 64 at most. The learning rate falls to nothing by whichever comes first.
        drawn: images to learn from; half of them are spoilt.
        seed: of weights, images and order.

    Returns:
        A `Reader`, scored on 1,000 held-out images.

    Raises:
        ValueError: nothing can be read, since all parameters are pure chance.
    """
    name = name_of(rules)
    parameters = look_at_parameters(rules, seed)
    taught = [one for one in parameters if one.kind != "chance"]
    if not taught:
        raise ValueError(f"the rules {name} have no parameter but chance: there is nothing to read")
    see_combined(rules, seed)
    rng = np.random.default_rng(seed)
    values, images = draw_many(rules, drawn, rng, f"Drawing {name}")
    half, spoilt = rng.permutation(drawn)[: drawn // 2], np.zeros((drawn, len(WAYS)), bool)
    with tqdm(total=len(half), desc="Spoiling half of them", unit="image", delay=2, leave=False) as bar:
        for part in np.array_split(half, max(1, len(half) // 256)):
            images[part], spoilt[part] = spoil(images[part], rng)
            bar.update(len(part))
    wanted = targets(taught, values, spoilt)
    network = build(sum(one.width for one in taught), seed=seed)
    fit(network, images, wanted, negative_log_likelihood(taught), steps, minutes, rng, name)
    reader = Reader(name, parameters, network)
    score(reader, rules, seed + 1)
    return reader


def fit(network, images, wanted, loss, steps, minutes, rng, name):
    """Train the network; the learning rate falls along half a cosine with steps or time, whichever is further."""
    reading = keras.Model(network.input, network.outputs[0])
    reading.compile(keras.optimizers.Adam(LEARNING_RATE, clipnorm=5.0), loss=loss)
    started, order = time.monotonic(), np.empty(0, int)
    with tqdm(total=steps, desc=f"Teaching the reader of {name}", unit="step", delay=2) as bar:
        for step in range(steps):
            done = max(step / steps, (time.monotonic() - started) / (60 * minutes) if step > 10 else 0)
            if done >= 1:
                break
            reading.optimizer.learning_rate = LEARNING_RATE * min(1, (step + 1) / 100) * (1 + np.cos(np.pi * done)) / 2
            if len(order) < BATCH:
                order = rng.permutation(len(images))
            batch, order = order[:BATCH], order[BATCH:]
            lost = reading.train_on_batch(images[batch].astype(np.float32) / 127.5 - 1, wanted[batch])
            bar.update()
            if step % 20 == 0:
                bar.set_postfix(loss=f"{float(lost):.3f}", refresh=False)


def score(reader: Reader, rules, seed: int) -> None:
    """Score each parameter on held-out images, clean ones, and put the scores into the reader."""
    drawn, images = draw_many(rules, HELD_OUT, np.random.default_rng(seed), "Drawing held-out images")
    outputs, _ = reader._run(images)
    scored, start = {}, 0
    for one in reader.read_parameters:
        part, true = outputs[:, start : start + one.width], np.asarray(drawn[one.name])
        start += one.width
        if one.kind == "class":
            right = float(np.mean(np.array(one.values)[part.argmax(axis=1)] == true))
            guess = max(np.mean(true == value) for value in one.values)
            found = ((right - guess) / max(1 - guess, 1e-9), right)
        else:
            errors = part[:, 0] + (one.mean - true) / one.deviation  # in deviations, whatever the unit
            spread = np.var(true / one.deviation) if one.high > one.low else 0
            explained = 1 - np.mean(errors**2) / spread if spread else 0.0
            found = (explained, one.deviation * np.sqrt(np.mean(errors**2)))
        scored[one.name] = tuple(float(f"{number:.4g}") for number in found)
    reader.parameters = [
        Parameter(**{**asdict(one), "score": scored[one.name][0], "accuracy": scored[one.name][1]})
        if one.name in scored
        else one
        for one in reader.parameters
    ]
    reader.read_parameters = [one for one in reader.parameters if one.kind != "chance"]
