import warnings

import numpy as np
import pytest

from utils.images import to_float
from utils.latent import (
    closed_loop,
    fingerprint,
    generate_images,
    generate_latent_points,
    interpolate_points,
    interpolate_spherical,
    read_vectors,
    vectors_from_text,
    vectors_to_text,
    write_vectors,
)


def grey_square(z):
    """Stands in for a generator: a 4 x 4 square as bright as the vector's first value."""
    return np.broadcast_to(np.asarray(z)[:, :1, None, None], (len(z), 4, 4, 1))


class Reader:
    """Stands in for a Keras generator that reads vectors of 3 values."""

    input_shape = (None, 3)

    def __call__(self, z):
        return grey_square(z)


# Points and paths


def test_a_seed_gives_the_same_points_again():
    assert np.array_equal(generate_latent_points(100, 3, seed=5), generate_latent_points(100, 3, seed=5))
    assert not np.array_equal(generate_latent_points(100, 3, seed=5), generate_latent_points(100, 3, seed=6))


def test_a_numpy_generator_goes_on_from_point_to_point():
    rng = np.random.default_rng(5)
    assert not np.array_equal(generate_latent_points(10, 1, rng), generate_latent_points(10, 1, rng))


def test_points_are_standard_normal_float32():
    points = generate_latent_points(100, 2000, seed=0)
    assert points.shape == (2000, 100)
    assert points.dtype == np.float32
    assert abs(points.mean()) < 0.01
    assert abs(points.std() - 1) < 0.01


@pytest.mark.parametrize("path", [interpolate_points, interpolate_spherical])
@pytest.mark.parametrize("n_steps", [2, 3, 20])
def test_a_path_has_its_ends_exactly(path, n_steps):
    p1, p2 = generate_latent_points(100, 2, seed=1)
    walk = path(p1, p2, n_steps)
    assert walk.shape == (n_steps, 100)
    assert walk.dtype == np.float32
    assert np.array_equal(walk[0], p1)
    assert np.array_equal(walk[-1], p2)


def test_a_straight_path_takes_equal_steps():
    p1, p2 = generate_latent_points(100, 2, seed=1)
    steps = np.diff(interpolate_points(p1, p2, 11), axis=0)
    assert np.allclose(steps, (p2 - p1) / 10, atol=1e-6)


def test_an_arc_turns_evenly_and_keeps_its_distance():
    walk = interpolate_spherical([2.0, 0.0], [0.0, 4.0], 4)
    assert np.allclose(np.linalg.norm(walk, axis=1), [2, 8 / 3, 10 / 3, 4])
    assert np.allclose(np.degrees(np.arctan2(walk[:, 1], walk[:, 0])), [0, 30, 60, 90])


@pytest.mark.parametrize("p2", [[-3.0, 0.0], [3.0, 0.0], [9.0, 0.0], [0.0, 0.0]])
def test_where_there_is_no_arc_the_path_is_straight(p2):
    assert np.allclose(interpolate_spherical([3.0, 0.0], p2, 5), interpolate_points([3.0, 0.0], p2, 5))


def test_an_arc_between_near_points_is_finite_and_between_them():
    walk = interpolate_spherical([1.0, 0.0], [1.0, 1e-4], 3)
    assert np.allclose(walk[1], [1, 5e-5], atol=1e-7)


def test_a_path_between_vectors_of_two_lengths_names_both():
    with pytest.raises(ValueError, match=r"\(3,\) and \(4,\)"):
        interpolate_points(np.zeros(3), np.zeros(4), 5)


def test_a_path_of_one_step_is_refused():
    with pytest.raises(ValueError, match="2 steps or more"):
        interpolate_points(np.zeros(3), np.ones(3), 1)


@pytest.mark.parametrize("path", [interpolate_points, interpolate_spherical])
def test_a_loop_passes_every_key_point_once_and_ends_one_step_before_its_start(path):
    points = generate_latent_points(100, 3, seed=2)
    loop = closed_loop(points, 10, path)
    assert loop.shape == (10, 100)
    assert [np.flatnonzero((loop == point).all(axis=1)).tolist() for point in points] == [[0], [3], [6]]
    assert np.allclose(path(loop[-1], points[0], 2)[1], loop[0])
    back = path(points[2], points[0], 5)
    assert np.allclose(loop[-1], back[-2])


def test_a_loop_needs_a_step_for_each_key_point():
    with pytest.raises(ValueError, match="3 key points"):
        closed_loop(np.eye(3), 2)


def test_a_loop_of_one_point_is_refused():
    with pytest.raises(ValueError, match="2 or more"):
        closed_loop([[1.0, 2.0]], 5)


# Through the generator


def test_images_come_in_the_order_of_their_vectors_whatever_the_batch():
    levels = [0, 42, 84, 126, 168, 210, 252]
    Z = to_float(np.array(levels, np.uint8))[:, None]
    images = generate_images(grey_square, Z, batch_size=3)
    assert images.shape == (7, 4, 4, 1)
    assert images.dtype == np.uint8
    assert images[:, 0, 0, 0].tolist() == levels


def test_vectors_of_the_wrong_length_are_refused_naming_both_lengths():
    with pytest.raises(ValueError, match="5 values, this generator reads 3"):
        generate_images(Reader(), np.zeros((2, 5)))


def test_a_single_vector_without_a_batch_is_refused_by_its_shape():
    with pytest.raises(ValueError, match=r"\(3,\)"):
        generate_images(Reader(), np.zeros(3))


def test_a_generator_that_draws_nan_is_refused():
    with pytest.raises(ValueError, match="weights are damaged"):
        generate_images(lambda z: np.full((len(z), 4, 4, 3), np.nan), np.zeros((1, 3)))


def test_a_keras_generator_draws_and_keeps_its_fingerprint_on_disk(tmp_path):
    keras = pytest.importorskip("keras")
    generator = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(48),
            keras.layers.BatchNormalization(),
            keras.layers.Reshape((4, 4, 3)),
            keras.layers.Activation("tanh"),
        ]
    )
    before = fingerprint(generator)
    for name in ("generator.h5", "generator.keras"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            generator.save(tmp_path / name)
        assert fingerprint(keras.models.load_model(tmp_path / name, compile=False)) == before
    assert generate_images(generator, generate_latent_points(3, 5, seed=0), batch_size=2).shape == (5, 4, 4, 3)
    generator.layers[0].bias.assign(np.full(48, 1e-6))
    assert fingerprint(generator) != before


def test_a_fingerprint_of_something_without_weights_is_refused():
    with pytest.raises(TypeError, match="function has none"):
        fingerprint(grey_square)


# Vectors as text


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_vectors_come_back_from_their_file_to_the_last_bit(tmp_path, dtype):
    Z = np.random.default_rng(0).standard_normal((2, 100)).astype(dtype)
    Z[0, :4] = [1e-30, -0.0, 123456.789, 1 / 3]
    again = read_vectors(write_vectors(tmp_path / "Vec_0.txt", Z))
    assert again.dtype == dtype
    assert again.tobytes() == Z.tobytes()


def test_the_file_is_the_repr_of_an_array():
    assert vectors_to_text(np.float32([[0.1, -2]])) == "array([[ 0.1, -2. ]], dtype=float32)"


def test_someones_print_options_and_a_long_array_change_nothing():
    Z = np.random.default_rng(0).standard_normal((30, 100))
    with np.printoptions(precision=2, threshold=10, suppress=True, sign="+", formatter={"float": lambda x: "x"}):
        text = vectors_to_text(Z)
    assert np.array_equal(vectors_from_text(text), Z)


def test_what_the_original_wrote_is_read():
    Z = np.random.default_rng(0).standard_normal((2, 100)).astype(np.float32)
    with np.printoptions(precision=8, floatmode="maxprec"):
        assert np.allclose(vectors_from_text(repr(Z)), Z, atol=1e-7)
        assert np.allclose(vectors_from_text(repr(Z.astype(np.float64))), Z, atol=1e-7)


@pytest.mark.parametrize(
    "text",
    [
        "np.array([\n    [1, -2.5],  # first\n    [+3e-1, 0],\n])",
        "Z = numpy.array([[1, -2.5], [0.3, 0]])",
        "[[1, -2.5], [.3, 0]]",
        "\n  array([(1, -2.5), (0.3, 0)], dtype=np.float64)  \n",
    ],
)
def test_what_a_person_types_is_read(text):
    assert vectors_from_text(text).tolist() == [[1, -2.5], [0.3, 0]]


def test_one_typed_vector_becomes_an_array_of_one():
    assert vectors_from_text("[1, 2, 3]").shape == (1, 3)


def test_a_file_from_windows_notepad_is_read(tmp_path):
    (tmp_path / "Vec_0.txt").write_bytes(b"\xef\xbb\xbfarray([[1., 2.]])\r\n")
    assert read_vectors(tmp_path / "Vec_0.txt").tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("array([[1., 2., ..., 3.]])", "shortened"),
        ("[[1, 2], [3]]", "rows of different lengths"),
        ("[[1, 2], 3]", "rows of different lengths"),
        ("[1, [2, 3]]", "rows of numbers"),
        ("[[[1], [2]]]", "rows of numbers"),
        ("[]", "rows of numbers"),
        ("[[nan, 1]]", "nan"),
        ("[[1e999]]", "too large"),
        ("array([[1e39]], dtype=float32)", "too large for float32"),
        ("[['1']]", "'1'"),
        ("[[True]]", "True"),
        ("[[1j]]", "1j"),
        ("[[9**9**9]]", "not a finite number"),
        ("[[" + "9" * 5000 + "]]", "not an array of numbers"),
        ("__import__('os').getcwd()", "only array"),
        ("np.array(open('x'))", "not a finite number"),
        ("array([[1]], dtype=object)", "dtype=object"),
        ("array([[1]], copy=False)", "copy=False"),
        ("[[1]]; [[2]]", "one array and nothing else"),
        ("", "one array and nothing else"),
        ("[[1, 2", "line 1"),
        ("[" * 5000 + "]" * 5000, "not an array of numbers"),
        ("-" * 5000 + "1", "not an array of numbers"),
        ("[[1,\x00 2]]", "not an array of numbers"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused_with_the_reason(tmp_path, text, reason):
    (tmp_path / "Vec_7.txt").write_text(text)
    with pytest.raises(ValueError, match=reason) as error:
        read_vectors(tmp_path / "Vec_7.txt")
    assert "Vec_7.txt" in str(error.value)


def test_text_that_is_too_long_is_refused_before_it_is_parsed(tmp_path, monkeypatch):
    monkeypatch.setattr("utils.latent.MAX_TEXT", 100)
    (tmp_path / "long.txt").write_text("[" + "1," * 100 + "]")
    with pytest.raises(ValueError, match=r"long\.txt is longer than 100"):
        read_vectors(tmp_path / "long.txt")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("utils.latent.MAX_TEXT", 100)
    (tmp_path / "huge.txt").write_text(" " * 1000)
    with pytest.raises(ValueError, match=r"huge\.txt is larger than 400 bytes"):
        read_vectors(tmp_path / "huge.txt")


def test_a_file_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / "Vec_0.txt").write_bytes("array([[1., 2.]])".encode("utf-16"))
    with pytest.raises(ValueError, match=r"Vec_0\.txt is not UTF-8"):
        read_vectors(tmp_path / "Vec_0.txt")


@pytest.mark.parametrize("Z", [np.zeros((0, 100)), np.zeros((1, 2, 3)), [[np.nan]], [[np.inf]]])
def test_what_could_not_be_read_back_is_not_written(tmp_path, Z):
    with pytest.raises(ValueError, match="vectors"):
        write_vectors(tmp_path / "Vec_0.txt", Z)
    assert not list(tmp_path.iterdir())
