"""Images in memory or on the disk, and the endless shuffled row of them that a training draws from."""

import numpy as np

from utils.images import to_float
from utils.loaders.augmentation import augment_images, check_augmentations
from utils.loaders.store import row_reader


class ImageBatches:
    """Shuffled batches of one array of images.

    The images form an endless row: all of them in a random order, all again in another order, and so on. The order of
    pass p follows from `(seed, p)` alone, so `draw(start, count)` gives the same images whenever it is asked, and a
    training that was interrupted goes on with its step number and nothing else.

    For notebooks there are batches as Keras' DirectoryIterator gave them with `class_mode="input"`: `batches[i]`,
    `next(batches)` and a loop give tuples (batch, batch) of float32 in [-1, 1], never a short batch. A loop is one
    pass; `next` goes on for ever; each pass is shuffled anew.

    Args:
        images: (n, height, width, channels), uint8, or float in [-1, 1].
        batch_size: images a batch, at most n.
        seed: int, None (drawn, and kept in `.seed`) or a numpy Generator.
        files, classes, skipped, labels: where the images come from, as `load_dataset` found them; labels count in
            classes.
        augment: which small changes the images go through, see `utils.loaders.augmentation`: any of "mirror", "shift"
            and "color". `.images` stay as they are.

    Raises:
        ValueError: fewer images than a batch; an unknown change, or one of images that are not uint8.

    Example:
        >>> batches = ImageBatches.from_array(images, batch_size=16, seed=1)
        >>> batches[0][0][0].shape
        (128, 128, 3)
    """

    def __init__(self, images, batch_size, seed=None, files=(), classes=(), skipped=(), labels=(), augment=()):
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
        self.labels = np.asarray(labels, np.int64)
        self.augment = check_augmentations(augment)
        if self.augment and images.dtype != np.uint8:
            raise ValueError(
                f"augment takes uint8 images, these are {images.dtype}: convert with utils.images.to_uint8"
            )
        self._rows = row_reader(images)
        self._position = 0
        self._orders = {}

    @classmethod
    def from_array(cls, images, batch_size, seed=None, augment=()):
        """Batches of an array that is in memory already; it is neither copied nor changed.

        Args:
            images: (n, height, width, channels), uint8, or float in [-1, 1].
            batch_size: images a batch, at most n.
            seed: int, None or a numpy Generator.
            augment: as above.

        Returns:
            ImageBatches.

        Raises:
            ValueError: another shape, type or range, which the message names.

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
            if not (low >= -1 and high <= 1):  # written so that NaN is refused too
                raise ValueError(
                    f"float images lie in [-1, 1], and these in [{low:g}, {high:g}]: (x - 127.5) / 127.5 scales "
                    "0..255 to it, or give them as uint8"
                )
        return cls(images, batch_size, seed, augment=augment)

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Images by their numbers, as they are in `.images`; a mapped file is read, so that it fills no memory.

        Args:
            rows: numbers from 0 to n - 1, in any order.

        Returns:
            (len(rows), height, width, channels), a new array.
        """
        return np.asarray(self._rows(np.asarray(rows)))

    def draw(self, start: int, count: int) -> np.ndarray:
        """The images at the places start to start + count - 1 of the endless row.

        Args:
            start: place of the first, from 0; place p * n begins pass p.
            count: how many.

        Returns:
            (count, height, width, channels): uint8 where the images are, else float32; augmented if asked for.

        Example:
            >>> batches.draw(start=step * 80, count=80)  # five critic batches of 16
        """
        images = self.take(self.rows(start, count))
        if images.dtype != np.uint8:
            return images.astype(np.float32, copy=False)
        return augment_images(images, self.augment, self.seed, start) if self.augment else images

    def rows(self, start: int, count: int) -> np.ndarray:
        """The numbers, int64 (count,), of the images at the places start to start + count - 1 of the endless row."""
        if start < 0 or count < 0:
            raise ValueError(f"places in the row count from 0, and start is {start}, count {count}")
        n, place, end, parts = len(self.images), start, start + count, []
        while place < end:
            number, first = divmod(place, n)
            parts.append(self._order(number)[first : first + end - place])
            place += len(parts[-1])
        return np.concatenate(parts) if parts else np.arange(0)

    def _order(self, number):
        """The order of one pass; the two latest are kept, since a draw may cross from one to the next."""
        orders = self._orders
        if number not in orders:
            kept = list(orders.items())[-1:]
            orders = dict([*kept, (number, np.random.default_rng([self.seed, number]).permutation(len(self.images)))])
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
