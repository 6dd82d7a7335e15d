"""The precision of trainings: which dtype policy is fastest on this machine.

Half precision is a Keras dtype policy: weights stay float32, convolutions run in 16 bits. It pays only where the
hardware multiplies 16-bit numbers natively:

- GPUs from NVIDIA's Ampere on and TPUs: `mixed_bfloat16`; older GPUs with tensor cores: `mixed_float16` with loss
  scaling;
- CPUs with AMX-BF16 or AVX512-BF16: `mixed_bfloat16` (TensorFlow and PyTorch; JAX emulates it on CPUs);
- everything else: `float32`.
"""

import platform
from pathlib import Path

import keras

PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")


def cpu_flags(cpuinfo: str = "/proc/cpuinfo") -> set[str]:
    """The instruction-set flags of this CPU in /proc/cpuinfo; empty on systems other than Linux."""
    if platform.system() != "Linux" or not Path(cpuinfo).exists():
        return set()
    for line in Path(cpuinfo).read_text(errors="replace").splitlines():
        if line.startswith("flags"):
            return set(line.split(":", 1)[1].split())
    return set()


def gpu_capability() -> tuple[int, int] | None:
    """CUDA compute capability of the first GPU that the backend sees, (major, minor); None without a GPU or TPU."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        for gpu in tf.config.list_physical_devices("GPU"):
            return tuple(tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0)))
    elif backend == "torch":
        import torch

        if torch.cuda.is_available():
            return torch.cuda.get_device_capability()
    elif backend == "jax":
        import jax

        for device in jax.devices():
            if device.platform == "gpu":
                return tuple(int(part) for part in str(getattr(device, "compute_capability", "0.0")).split("."))
            if device.platform == "tpu":
                return (8, 0)  # stands for native bfloat16, as on Ampere
    return None


def resolve_precision(precision: str = "auto") -> str:
    """Turn `auto` into the policy that is fastest on this machine; check any other name.

    Args:
        precision: one of `PRECISIONS`.

    Returns:
        `float32`, `mixed_bfloat16` or `mixed_float16`.

    Raises:
        ValueError: for any other name.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision is {precision!r}; choose one of {', '.join(PRECISIONS)}.")
    if precision != "auto":
        return precision
    capability = gpu_capability()
    if capability is not None:
        return "mixed_bfloat16" if capability >= (8, 0) else "mixed_float16" if capability >= (7, 0) else "float32"
    if keras.backend.backend() != "jax" and cpu_flags() & {"amx_bf16", "avx512_bf16"}:
        return "mixed_bfloat16"
    return "float32"


def kept_precision(asked: str, recorded: str | None) -> str:
    """The precision of a training that goes on, perhaps on another machine.

    Args:
        asked: one of `PRECISIONS`; any but `auto` is taken as it is.
        recorded: what the training had until now; None where that is not known.

    Returns:
        One of `PRECISIONS`: what it had, but for bfloat16, which is given up where this machine has not got it. float16
        scales its losses, and the optimisers' state with it fits no other precision.
    """
    if asked != "auto" or recorded not in PRECISIONS:
        return asked
    if recorded != "mixed_bfloat16":
        return recorded
    return recorded if resolve_precision("auto") == recorded else "float32"


def scaled(optimizer: keras.optimizers.Optimizer, precision: str) -> keras.optimizers.Optimizer:
    """The optimiser, wrapped in loss scaling for `mixed_float16`, whose gradients may underflow."""
    return keras.optimizers.LossScaleOptimizer(optimizer) if precision == "mixed_float16" else optimizer


def has_accelerator() -> bool:
    """Whether the backend computes on a GPU or TPU, Apple's under PyTorch included."""
    if keras.backend.backend() == "torch":
        import torch

        return torch.cuda.is_available() or torch.backends.mps.is_available()
    return gpu_capability() is not None


def jit_pays() -> bool:
    """Whether Keras should compile the step with `jit_compile=True`.

    JAX is slow without it. TensorFlow's XLA pays on GPUs and is slower on CPUs (benchmarks/LOG.md, "Training step").
    PyTorch's compiler does not differentiate twice, which the gradient penalty needs.
    """
    backend = keras.backend.backend()
    return backend == "jax" or (backend == "tensorflow" and has_accelerator())
