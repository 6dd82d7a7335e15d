import numpy as np
import pytest
from PIL import Image

from utils.latent import from_image, generate_latent_points, read_vectors, write_pairs


def test_each_pair_leaves_its_images_heat_maps_and_numbers(tiny_generator, tmp_path):
    pairs = generate_latent_points(6, 4, seed=1).reshape(2, 2, 6)
    written = write_pairs(tiny_generator, pairs, tmp_path, first=3, seed=1)
    names = [f"{kind}_{j}_0{i}.png" for kind in ("image", "Vec") for j in (3, 4) for i in (0, 1)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "Vec_3.txt", "Vec_4.txt"])
    assert np.array_equal(read_vectors(written.vectors[1]), pairs[1])
    assert np.array_equal(from_image(written.images[2], tiny_generator)[0].ravel(), pairs[1][0])
    with Image.open(written.heatmaps[0]) as shown:
        assert shown.format == "PNG"


def test_what_was_written_can_be_put_together(tiny_generator, tmp_path):
    one, other = (
        write_pairs(tiny_generator, generate_latent_points(6, 1, seed=i)[None], tmp_path, first=i) for i in (0, 1)
    )
    assert [path.name for path in (one + other).vectors] == ["Vec_0.txt", "Vec_1.txt"]


def test_no_pair_at_all_is_refused_with_the_way_out(tiny_generator, tmp_path):
    with pytest.raises(ValueError, match="NB_INF = 1"):
        write_pairs(tiny_generator, np.zeros((0, 2, 6)), tmp_path)
