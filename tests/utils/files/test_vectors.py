import json
import re

import numpy as np
import pytest

from utils.files.vectors import read_vectors, vectors_from_text, vectors_to_text, write_vectors


@pytest.mark.parametrize("name", ["Vec_0.txt", "Vec_0.npy", "Vec_0.json"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_vectors_come_back_from_their_file_to_the_last_bit(tmp_path, dtype, name):
    Z = np.random.default_rng(0).standard_normal((2, 100)).astype(dtype)
    Z[0, :4] = [1e-30, -0.0, 123456.789, 1 / 3]
    again = read_vectors(write_vectors(tmp_path / name, Z))
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


@pytest.mark.parametrize(
    "text",
    [
        "[[np.float32(1.0), np.float32(-2.5)], [np.float32(0.3), np.float32(0.0)]]",
        "np.array([(numpy.float32(1), np.float32(\n -2.5)),\n (np.float32(.3), np.float32(0))])",
        "[[1, \u22122.5], [0.3, \u20130]]",
        "1;-2,5\n0,3;0\n",
        "1\t\u22122,5\n0,3\t0",
        "1,0 -2,5\r\n\r\n  0,3  0\r\n",
        "1,0;-2,5;\n0,3;0e0;\n",
    ],
)
def test_numbers_in_other_peoples_dress_are_read_where_they_can_mean_one_thing_alone(text):
    assert vectors_from_text(text).tolist() == np.array([[1, -2.5], [0.3, 0]], vectors_from_text(text).dtype).tolist()


def test_what_numpy_2_shows_of_a_list_keeps_its_precision():
    z = np.random.default_rng(0).standard_normal(50).astype(np.float32)
    with np.printoptions(legacy=False):
        again = vectors_from_text(repr(list(z)))
    assert again.dtype == np.float32 and again.tobytes() == z.tobytes()
    assert vectors_from_text("[np.float32(0.5), np.float64(0.1)]").dtype == np.float64


FIFTY = [f"{value:.4f}".replace(".", ",") for value in np.random.default_rng(0).standard_normal(50)]


@pytest.mark.parametrize("between", [";", " ", "\t", "; ", "  "])
def test_fifty_numbers_with_decimal_commas_are_fifty(between):
    expected = [[float(word.replace(",", ".")) for word in FIFTY]]
    assert vectors_from_text(between.join(FIFTY)).tolist() == expected


@pytest.mark.parametrize("frame", ["{}", "[{}]", "[[{}]]", "array([[{}]])", "Z = np.array([{}], dtype=np.float32)"])
@pytest.mark.parametrize("between", [", ", ",", ",\n", "\n", " , ", "; ", " "])
@pytest.mark.parametrize("digits", [4, 1])
def test_fifty_numbers_with_decimal_commas_never_become_a_hundred(frame, between, digits):
    text = frame.format(between.join(word[: word.index(",") + 1 + digits] for word in FIFTY))
    try:
        assert vectors_from_text(text).shape == (1, 50)
    except ValueError as error:
        assert "line " in str(error) and "column " in str(error)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[[0.25, 1.5],\n [0,5, 1.25]]", "line 2, column 3: 0,5 may be one number, 0.5, or two"),
        ("[[1,2],[3,4]]", "line 1, column 3: 1,2 may be one number"),
        ("[1, 2,\n  x]", "line 2, column 3 holds x"),
        ("[np.float32(1.0),\n np.float32(2.0)\n 3]", "line 3, column 2: a comma is missing before 3"),
        ("[0.5; 0.25]", "line 1, column 2 holds 0.5;"),
    ],
)
def test_where_it_cannot_be_read_line_and_column_are_named(text, place):
    with pytest.raises(ValueError, match=re.escape(place)):
        vectors_from_text(text)


@pytest.mark.parametrize("text", ["[0.5,-1,2,3]", "[0, 5, 1, 2]", "[[0.5,2],\n[1,0.25]]"])
def test_commas_between_numbers_stay_commas_between_numbers(text):
    assert vectors_from_text(text).size == 4


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
    monkeypatch.setattr("utils.files.vectors.MAX_TEXT", 100)
    (tmp_path / "long.txt").write_text("[" + "1," * 100 + "]")
    with pytest.raises(ValueError, match=r"long\.txt is longer than 100"):
        read_vectors(tmp_path / "long.txt")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("utils.files.vectors.MAX_TEXT", 100)
    (tmp_path / "huge.txt").write_text(" " * 1000)
    with pytest.raises(ValueError, match=r"huge\.txt is larger than 400 bytes"):
        read_vectors(tmp_path / "huge.txt")


def test_what_is_written_can_be_read_again_or_is_refused_with_the_way_out(tmp_path):
    many = np.random.default_rng(1).normal(size=(50_000, 100)).astype(np.float32)
    assert np.array_equal(read_vectors(write_vectors(tmp_path / "many.npy", many)), many)
    for name in ("many.txt", "many.json"):
        with pytest.raises(ValueError, match=rf"5,000 vectors are too many for .*{name}: give a name in .npy"):
            write_vectors(tmp_path / name, many[:5_000])
        assert not (tmp_path / name).exists()


def test_more_numbers_than_fit_are_refused_before_they_are_read(tmp_path, monkeypatch):
    path = write_vectors(tmp_path / "many.npy", np.zeros((200, 10)))
    monkeypatch.setattr("utils.files.vectors.MAX_VALUES", 1000)
    for attempt in (lambda: read_vectors(path), lambda: write_vectors(tmp_path / "new.npy", np.zeros((200, 10)))):
        with pytest.raises(ValueError, match="2,000 numbers are more than 1,000"):
            attempt()


def test_a_file_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / "Vec_0.txt").write_bytes("array([[1., 2.]])".encode("utf-16"))
    with pytest.raises(ValueError, match=r"Vec_0\.txt is not UTF-8"):
        read_vectors(tmp_path / "Vec_0.txt")


@pytest.mark.parametrize("name", ["Vec_0.txt", "Vec_0.npy", "Vec_0.json"])
@pytest.mark.parametrize("Z", [np.zeros((0, 100)), np.zeros((1, 2, 3)), [[np.nan]], [[np.inf]]])
def test_what_could_not_be_read_back_is_not_written(tmp_path, Z, name):
    with pytest.raises(ValueError, match="vectors"):
        write_vectors(tmp_path / name, Z)
    assert not list(tmp_path.iterdir())


# .npy and .json


def test_whole_numbers_of_a_numpy_file_become_floats(tmp_path):
    np.save(tmp_path / "Vec_0.npy", np.arange(6).reshape(2, 3))
    assert read_vectors(tmp_path / "Vec_0.npy").tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_single_vector_of_a_numpy_file_becomes_an_array_of_one(tmp_path):
    np.save(tmp_path / "Vec_0.npy", np.float32([1, 2]))
    assert read_vectors(tmp_path / "Vec_0.npy").shape == (1, 2)


def test_a_big_endian_numpy_file_is_read(tmp_path):
    np.save(tmp_path / "Vec_0.npy", np.array([[1, -2.5]], ">f4"))
    again = read_vectors(tmp_path / "Vec_0.npy")
    assert again.tolist() == [[1, -2.5]]
    assert again.dtype == np.float32


@pytest.mark.parametrize(
    "array",
    [
        np.array([[object()]]),
        np.array([["1"]]),
        np.array([[1j]]),
        np.array([[True]]),
        np.zeros((2, 3, 4)),
        np.zeros((0, 4)),
        np.array([[np.nan]]),
    ],
    ids=["objects", "text", "complex", "truths", "deep", "empty", "nan"],
)
def test_a_numpy_file_of_anything_but_vectors_is_refused_by_name(tmp_path, array):
    np.save(tmp_path / "odd.npy", array, allow_pickle=True)
    with pytest.raises(ValueError, match=r"odd\.npy"):
        read_vectors(tmp_path / "odd.npy")


def test_a_pickle_in_a_numpy_file_is_never_opened(tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("sprung").touch, ())

    np.save(tmp_path / "trap.npy", np.array([[Trap()]]), allow_pickle=True)
    with pytest.raises(ValueError, match=r"trap\.npy"):
        read_vectors(tmp_path / "trap.npy")
    assert not (tmp_path / "sprung").exists()


def test_a_numpy_file_that_promises_more_than_it_holds_is_refused(tmp_path):
    with open(tmp_path / "greedy.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (10**11, 100)})
        file.write(bytes(400))
    with pytest.raises(ValueError, match=r"greedy\.npy is not a NumPy array"):
        read_vectors(tmp_path / "greedy.npy")


def test_an_archive_of_arrays_is_refused(tmp_path):
    np.savez(tmp_path / "many.npz", np.zeros((1, 2)))
    (tmp_path / "many.npz").rename(tmp_path / "many.npy")
    with pytest.raises(ValueError, match="archive of arrays"):
        read_vectors(tmp_path / "many.npy")


@pytest.mark.parametrize("text", ["[[1, -2.5]]", "[1, -2.5]", '{"Z": [[1, -2.5]], "dtype": "float32"}'])
def test_json_of_other_programs_is_read(tmp_path, text):
    (tmp_path / "Vec_0.json").write_text(text)
    assert read_vectors(tmp_path / "Vec_0.json").tolist() == [[1, -2.5]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "not JSON with lists"),
        ("[[1], [2, 3]]", "rows of different lengths"),
        ("[[[1]]]", "rows of numbers"),
        ("3", "rows of numbers"),
        ("[]", "rows of numbers"),
        ("[[NaN]]", "NaN"),
        ("[[1e999]]", "too large"),
        ('[["1"]]', "'1' is not a number"),
        ("[[true]]", "not a number"),
        ('{"Z": [[1]], "dtype": "object"}', "dtype 'object'"),
        ("[" * 5000 + "]" * 5000, "not JSON"),
        ("[[" + "9" * 5000 + "]]", "not JSON"),
        ("[[1, 2", "not JSON"),
    ],
)
def test_json_of_anything_but_vectors_is_refused_with_the_reason(tmp_path, text, reason):
    (tmp_path / "odd.json").write_text(text)
    with pytest.raises(ValueError, match=reason) as error:
        read_vectors(tmp_path / "odd.json")
    assert "odd.json" in str(error.value)


def test_our_json_says_its_dtype(tmp_path):
    write_vectors(tmp_path / "Vec_0.json", np.float32([[0.5]]))
    assert json.loads((tmp_path / "Vec_0.json").read_text()) == {"dtype": "float32", "Z": [[0.5]]}


@pytest.mark.parametrize(
    "text, rows",
    [
        ("0.5 -1.25 3e-1", [[0.5, -1.25, 0.3]]),
        ("0.5\n-1.25\n\n3", [[0.5, -1.25, 3]]),
        ("0.5\t1 # the first\n-1 \u22122", [[0.5, 1], [-1, -2]]),
    ],
    ids=["blanks", "one a line", "rows"],
)
def test_plain_numbers_are_vectors(text, rows):
    assert vectors_from_text(text).tolist() == rows


@pytest.mark.parametrize("text", ["1 2\n3", "1 two", "1 nan"])
def test_what_is_no_list_of_plain_numbers_is_refused(text):
    with pytest.raises(ValueError):
        vectors_from_text(text)


def test_a_file_that_is_not_there_is_named_with_the_place_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=rf"no file {re.escape(str(tmp_path))}.*mine\.txt: give the path"):
        read_vectors("mine.txt")
