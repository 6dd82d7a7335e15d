"""Trials as the tests want them, as files write them."""

from benchmarks import trial


def figures(adherence=0.9, different=0.98, divergence=0.03, **changed):
    """A row of figures in which only those that the pages show stand."""
    return {
        "adherence": adherence,
        "one_vertical": 1.0,
        "two_horizontals": 0.96,
        "palette": 0.99,
        "different": different,
        **{f"divergence_{name}": divergence for name in trial.POSITIONS},
        **changed,
    }


def reading(step, minutes, adherence, **changed):
    return {"step": step, "minutes": minutes, **figures(adherence, **changed)}


def record(name="three_lines_seed1", seed=1, started="2026-11-25T20:00:00+00:00", half=1.0, adherence=0.92, **changed):
    """A trial that has ended, whose images keep the rules by half after so many minutes."""
    training = {"recipe": "three_lines", "seed": seed, "steps": 4001, "changed": {}, "paints": "strokes"}
    command = f"python -m benchmarks.time_to_three_lines --seed {seed} --name {name} --out run/{name}"
    return {
        "name": name,
        "started": started,
        "ended": "2026-11-25T21:00:00+00:00",
        "outcome": "all steps done",
        "taught": "",
        "command": command,
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "uncommitted": [],
        "training": training | changed.pop("training", {}),
        "continues": None,
        "first_step": 0,
        "versions": {"python": "3.11.7", "keras": "3.15.1"},
        "machine": {"processor": "AMD EPYC", "cores": 2, "flags": ["avx512_bf16"], "load": 0.1 * seed},
        "readings": [reading(0, 0.1, 0.0), reading(400, half, 0.55), reading(4000, 6.0, adherence)],
        "final": {"images": 10_000, "step": 4001, "minutes": 6.0, **figures(adherence)},
        **changed,
    }


def three_seeds(folder, **changed):
    """Files of trials of seeds 1, 2 and 3: their names."""
    numbers = {1: (1.0, 0.92), 2: (0.8, 0.90), 3: (1.3, 0.93)}
    records = [
        record(f"three_lines_seed{seed}", seed, half=half, adherence=adherence, **changed)
        for seed, (half, adherence) in numbers.items()
    ]
    for one in records:
        trial.write(one, folder)
    return [one["name"] for one in records]
