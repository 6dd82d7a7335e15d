"""What the readers of the rule sets read, and what they say of images that break the rules.

    python -m benchmarks.readers [--rules molnar nees] [--images 300]

Two Markdown tables: each parameter's figure on held-out images; and, for images that are wrong in one known way each,
the number that is meant to tell them apart. A measure that only says yes is none.
"""

import argparse

import numpy as np

import lines
from utils.reading.adherence import against_reader
from utils.reading.distances import coverage, diversity, random_features
from utils.reading.readers import reader_of

DOUBLED = {"lines": "y2", "molnar": "disorder", "nees": "shift", "nake": "bend", "mohr": "pitch_step"}


def drawn(rules, n, seed):
    """n images of a rule set, uint8 (n, 128, 128, 3)."""
    return rules.draw(rules.sample(n, seed))


def doubled(name, rules, n, seed):
    """Images with one parameter's range doubled around its mean, as far as the rule set can draw it."""
    parameters = rules.sample(n, seed)
    values, of = np.asarray(parameters[DOUBLED[name]]), DOUBLED[name]
    wide = values.mean() + 2 * (values - values.mean())
    low, high = rules.PARAMETERS[of] if isinstance(rules.PARAMETERS, dict) else (0, lines.SIZE - 1)
    wide = np.clip(wide, low, high)
    return rules.draw(parameters | {of: np.rint(wide).astype(values.dtype) if values.dtype.kind == "i" else wide})


def recolored(images):
    """The same strokes in another colour: their distance to the ground, with less of red and blue in its place."""
    ground = np.median(images, axis=(1, 2), keepdims=True)
    green = np.array([1.0, 0.35, 1.0]) if ground.mean() > 127 else np.array([0.35, 1.0, 0.35])
    return np.clip(ground + (images - ground) * green, 0, 255).astype(np.uint8)


def opened(images, seed):
    """Outlines with gaps: 80 squares of 4 pixels of each image take the colour of the ground."""
    rng, out = np.random.default_rng(seed), images.copy()
    for image in out:
        ground = np.median(image, axis=(0, 1))
        for top, left in rng.integers(0, 124, (80, 2)):
            image[top : top + 4, left : left + 4] = ground
    return out


def shuffled(images, seed):
    """The sixteen blocks of 32 pixels of each image in another order."""
    rng = np.random.default_rng(seed)
    blocks = images.reshape(-1, 4, 32, 4, 32, 3).swapaxes(2, 3).reshape(-1, 16, 32, 32, 3)
    mixed = np.stack([one[rng.permutation(16)] for one in blocks])
    return mixed.reshape(-1, 4, 4, 32, 32, 3).swapaxes(2, 3).reshape(images.shape)


def wrong_ones(name, n, seed=40):
    """Batches of images, {what they are: uint8 (n, 128, 128, 3)}; the first two break no rule but that of variety."""
    rules = lines.rules(name)
    right = drawn(rules, n, seed)
    other = "nees" if name != "nees" else "molnar"
    ground = np.median(right.reshape(-1, 3), axis=0).astype(np.uint8)
    return {
        "drawn, another seed": right,
        "five images repeated": np.resize(right[:5], right.shape),
        f"range of {DOUBLED[name]} doubled": doubled(name, rules, n, seed),
        "another colour": recolored(right),
        "outlines open": opened(right, seed),
        "blocks shuffled": shuffled(right, seed),
        f"images of {other}": drawn(lines.rules(other), n, seed),
        "blank": np.broadcast_to(ground, right.shape).copy(),
    }


def figures(name, images, rules, reader, reference):
    """The row of one batch."""
    numbers = against_reader(images, rules, reader)
    worst = max(numbers["parameters"], key=lambda one: numbers["parameters"][one]["divergence"])
    outside = max(numbers["parameters"], key=lambda one: numbers["parameters"][one]["outside"])
    spread = diversity(images)
    covered = coverage(random_features(images), random_features(reference))
    return [
        f"{numbers['adherence']['all']:.1%}",
        f"{numbers['parameters'][worst]['divergence']:.2f} ({worst})",
        f"{numbers['parameters'][outside]['outside']:.0%} ({outside})",
        f"{numbers['together']['bits']:.2f}",
        f"{covered['share']:.0%}",
        f"{spread['different']} of {spread['images']}",
    ]


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.readers", description=__doc__.splitlines()[0])
    parser.add_argument("--rules", nargs="+", default=lines.rule_names(), help="names of rule sets, or files")
    parser.add_argument("--images", type=int, default=300, help="images of each kind")
    a = parser.parse_args()
    print("| rules | parameter | kind | better than a guess by | accuracy or error |\n|---|---|---|---:|---:|")
    for name in a.rules:
        for one in reader_of(name).parameters:
            held_out = "-" if one.kind == "chance" else f"{one.score:.1%}"
            error = {"class": f"{one.accuracy:.1%} right", "number": f"± {one.accuracy:.3g}"}.get(one.kind, "not read")
            print(f"| {name} | {one.name} | {one.kind} | {held_out} | {error} |")
    columns = "keep the rules", "largest divergence", "out of range", "told of each other", "covered", "different"
    for name in a.rules:
        rules, reader = lines.rules(name), reader_of(name)
        reference = drawn(rules, a.images, 41)
        print(f"\n| {name} | {' | '.join(columns)} |\n|---|" + "---:|" * len(columns))
        for what, images in wrong_ones(name, a.images).items():
            print(f"| {what} | {' | '.join(figures(name, images, rules, reader, reference))} |", flush=True)


if __name__ == "__main__":
    main()
