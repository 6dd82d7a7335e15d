"""Batches of images in memory or on disk: the endless shuffled sequence that a training reads."""

import numpy as np

from utils.images import to_float
from utils.loaders.augmentation import augment_images, check_augmentations
from utils.loaders.store import row_reader


class ImageBatches:
    """Shuffled batches of one array of images.

    The images form an endless sequence of passes, each of which contains all images in another random order. The order
    of pass p depends on `(seed, p)` only, so that `draw(start, count)` is reproducible, and a resumed training needs
    its step number only.

    For notebooks there are batches like those of Keras' DirectoryIterator with `class_mode="input"`: `batches[i]`,
    `next(batches)` and a loop yield tuples (batch, batch) of float32 in [-1, 1], never a short batch. A loop is one
    pass; `next` never ends; each pass is shuffled again.

    Args:
        images: (n, height, width, channels), uint8, or float in [-1, 1].
        batch_size: images per batch, at most n.
        seed: int, None (a random one, kept in `.seed`) or a `numpy.random.Generator`.
        files, classes, skipped, labels: the sources of the images, as `load_dataset` finds them; labels are indices of
            classes.
        left_aside: {kind: number} of what lay beside the images and was not taken.
        augment: augmentations of the drawn images, see `utils.loaders.augmentation`: any of "mirror", "shift" and
            "color". `.images` are not changed.
        source: what `load_dataset` was asked for, {"data_name", "background", "fit"}; it goes into `.facts`.

    Raises:
        ValueError: fewer images than a batch; an unknown augmentation, or one for images that are not uint8.

    Example:
        >>> batches = ImageBatches.from_array(images, batch_size=16, seed=1)
        >>> batches[0][0][0].shape
        (128, 128, 3)
    """

    def __init__(
        self,
        images,
        batch_size,
        seed=None,
        files=(),
        classes=(),
        skipped=(),
        labels=(),
        augment=(),
        left_aside=(),
        source=(),
    ):
        if not 1 <= batch_size <= len(images):
            raise ValueError(
                f"{len(images)} images do not fill a batch of {batch_size}: add images, or give a smaller batch_size"
            )
        self.images = images
        self.batch_size = int(batch_size)
        self.seed = (
            int(seed) if isinstance(seed, int | np.integer) else int(np.random.default_rng(seed).integers(2**32))
        )
        self.files, self.classes, self.skipped = list(files), list(classes), list(skipped)
        self.labels, self.left_aside = np.asarray(labels, np.int64), dict(left_aside)
        self.augment = check_augmentations(augment)
        if self.augment and images.dtype != np.uint8:
            raise ValueError(
                f"augment takes uint8 images, these are {images.dtype}: convert with utils.images.to_uint8"
            )
        self.source = dict(source)
        self._rows = row_reader(images)
        self._position = 0
        self._orders = {}

    @classmethod
    def from_array(cls, images, batch_size, seed=None, augment=()):
        """Make batches of an array, which is neither copied nor changed.

        Args:
            images: (n, height, width, channels), uint8, or float in [-1, 1].
            batch_size: images per batch, at most n.
            seed: int, None or a `numpy.random.Generator`.
            augment: as in the constructor.

        Returns:
            `ImageBatches`.

        Raises:
            ValueError: another shape, dtype or range.

        Example:
            >>> ImageBatches.from_array(np.zeros((100, 28, 28, 1), np.float32), 16, seed=0).draw(0, 5).shape
            (5, 28, 28, 1)
        """
        images = np.asarray(images)
        if images.ndim != 4:
            raise ValueError(
                f"images have the shape (n, height, width, channels), these {images.shape}; "
                "grey ones need images[..., None]"
            )
        if images.dtype != np.uint8:
            if not np.issubdtype(images.dtype, np.floating):
                raise ValueError(f"images are uint8, or float in [-1, 1], and these are {images.dtype}")
            low, high = (float(images.min()), float(images.max())) if images.size else (0.0, 0.0)
            if not (low >= -1 and high <= 1):  # refuses NaN too
                raise ValueError(
                    f"float images lie in [-1, 1], and these in [{low:g}, {high:g}]: (x - 127.5) / 127.5 scales "
                    "0..255 to it, or give them as uint8"
                )
        return cls(images, batch_size, seed, augment=augment)

    @property
    def facts(self) -> dict:
        """What run.json says of the data set, as plain values: its name, how many images, their size, how they came."""
        height, width, channels = map(int, self.images.shape[1:])
        size = {"image_size": [height, width], "channels": channels}
        return {**self.source, "images": len(self.images), **size, "augment": list(self.augment)}

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Images by their indices, as in `.images`; a mapped file is read without filling memory.

        Args:
            rows: indices from 0 to n - 1, in any order.

        Returns:
            (len(rows), height, width, channels), a new array.
        """
        return np.asarray(self._rows(np.asarray(rows)))

    def draw(self, start: int, count: int) -> np.ndarray:
        """The images at the positions start to start + count - 1 of the endless sequence.

        Args:
            start: position of the first image, from 0; position p * n begins pass p.
            count: number of images.

        Returns:
            (count, height, width, channels), uint8 if `.images` are, else float32; augmented by `augment`.

        Example:
            >>> batches.draw(start=step * 80, count=80)  # five critic batches of 16
        """
        images = self.take(self.rows(start, count))
        if images.dtype != np.uint8:
            return images.astype(np.float32, copy=False)
        return augment_images(images, self.augment, self.seed, start) if self.augment else images

    def rows(self, start: int, count: int) -> np.ndarray:
        """The indices, int64 (count,), of the images at the positions start to start + count - 1 of the sequence."""
        if start < 0 or count < 0:
            raise ValueError(f"places in the row count from 0, and start is {start}, count {count}")
        n, position, end, parts = len(self.images), start, start + count, []
        while position < end:
            number, first = divmod(position, n)
            parts.append(self._order(number)[first : first + end - position])
            position += len(parts[-1])
        return np.concatenate(parts) if parts else np.arange(0)

    def _order(self, number):
        """The order of one pass; the two latest are cached, since a draw may cross from one to the next."""
        orders = self._orders
        if number not in orders:
            latest = list(orders.items())[-1:]
            orders = dict([*latest, (number, np.random.default_rng([self.seed, number]).permutation(len(self.images)))])
            self._orders = orders
        return orders[number]

    def __len__(self):
        return len(self.images) // self.batch_size

    def __getitem__(self, i):
        if not -len(self) <= i < len(self):
            raise IndexError(f"batch {i} of {len(self)}")
        number = self._position // len(self.images)
        return self._batch(number * len(self.images) + (i % len(self)) * self.batch_size)

    def __iter__(self):
        n = len(self.images)
        start = self._position - self._position % n
        for i in range(len(self)):
            yield self._batch(start + i * self.batch_size)
        self._position = start + n

    def __next__(self):
        batch = self._batch(self._position)
        self._position += self.batch_size
        return batch

    def _batch(self, start):
        images = self.draw(start, self.batch_size)
        images = to_float(images) if images.dtype == np.uint8 else images
        return images, images
