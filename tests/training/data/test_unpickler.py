"""Pickles of numbers are read; a pickle that wants anything else is refused before it gets it."""

import os
import pickle
import struct

import numpy as np
import pytest

from tests.training.data.support import new_pickle, python2_pickle, python3_pickle
from training.data import unpickler

CONTENT = {"data": np.arange(12, dtype=np.uint8).reshape(3, 4), "labels": [1, 2, 3], "batch_label": "one of 5"}
ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tU\1btR"


def write(tmp_path, content):
    file = tmp_path / "data_batch_1"
    file.write_bytes(content)
    return file


def refusal(tmp_path, content):
    """The error for a file of these bytes, without its name."""
    file = write(tmp_path, content)
    with pytest.raises(ValueError) as caught:
        unpickler.read(file)
    assert str(caught.value).startswith(f"{file}: ") and "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{file}: ")


@pytest.mark.parametrize("dump", [python2_pickle, python3_pickle, new_pickle, lambda value: pickle.dumps(value, 2)])
@pytest.mark.parametrize("dtype", ["uint8", "int64", "<i4", ">f4"])
def test_what_python_2_and_3_have_written_is_read(tmp_path, dump, dtype):
    content = CONTENT | {"data": CONTENT["data"].astype(dtype)}
    read = unpickler.read(write(tmp_path, dump(content)))
    assert list(read) == list(content) and read["labels"] == [1, 2, 3]
    assert read["data"].dtype == dtype and (read["data"] == content["data"]).all()


def test_our_copy_of_python_2_writes_what_pickle_itself_reads():
    read = pickle.loads(python2_pickle(CONTENT), encoding="bytes")
    assert read[b"labels"] == [1, 2, 3] and (read[b"data"] == CONTENT["data"]).all()


def test_an_array_in_the_order_of_fortran_keeps_its_elements(tmp_path):
    content = {"data": np.asfortranarray(CONTENT["data"])}
    assert (unpickler.read(write(tmp_path, new_pickle(content)))["data"] == CONTENT["data"]).all()


class Calls:
    """An object whose pickle calls a function, as that of an attacker does."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "function, arguments, name",
    [
        (os.system, ("touch {}",), "system"),
        (eval, ("open({!r}, 'w')",), "eval"),
        (exec, ("open({!r}, 'w')",), "exec"),
        (open, ("{}", "w"), "open"),
        (getattr, ("{}", "upper"), "getattr"),
        (np.load, ("{}",), "load"),
        (np.save, ("{}", 1), "save"),
        (np.fromfile, ("{}",), "fromfile"),
        (np.frombuffer, (b"abcd",), "frombuffer"),
        (np.core.multiarray.scalar if np.__version__ < "2" else np._core.multiarray.scalar, (), "scalar"),
    ],
)
@pytest.mark.parametrize("protocol", range(6))
def test_a_function_is_refused_by_name_and_is_not_called(tmp_path, function, arguments, name, protocol):
    target = tmp_path / "target"
    arguments = [part.format(str(target)) if isinstance(part, str) else part for part in arguments]
    said = refusal(tmp_path, pickle.dumps({"data": Calls(function, *arguments)}, protocol))
    assert said.startswith("refused as a pickle: it names '") and f".{name}'" in said
    assert not target.exists()


@pytest.mark.parametrize(
    "module, name",
    [
        ("numpy.core.multiarray", "fromfile"),
        ("numpy.core.multiarray", "scalar"),
        ("numpy.core.numeric", "_frombuffer"),
        ("numpy", "_core"),
        ("numpy", "load"),
        ("numpy", "memmap"),
        ("_codecs", "decode"),
        ("builtins", "getattr"),
        ("copyreg", "_reconstructor"),
        ("numpy", "dtype.__init__"),
        ("training.data.unpickler", "_Array"),
    ],
)
def test_no_name_beside_the_permitted_ones_is_found(tmp_path, module, name):
    text = b"\x80\x04" + b"".join(b"\x8c" + bytes([len(part)]) + part.encode() for part in (module, name)) + b"\x93."
    assert refusal(tmp_path, text).startswith(f"refused as a pickle: it names '{module}.{name}'")
    assert f"'{module}.{name}'" in refusal(tmp_path, f"c{module}\n{name}\n.".encode())


@pytest.mark.parametrize(
    "content, complaint",
    [
        (b"cnumpy\nndarray\n}U\4calljatsb.", ""),
        (b"cnumpy\nndarray\n}U\7__doc__U\1xsb.", "gives a state to a function"),
        (b"cnumpy\ndtype\n(N}U\5_callU\1xstb.", "gives a state to a function"),
        (b"cnumpy\nndarray\n(K\4tR.", "makes an array past the function for that"),
        (b"\x80\x02cnumpy\nndarray\n)\x81.", ""),
        (b"cnumpy\ndtype\n(U\1btR.", "elements of an array must be numbers"),
        (b"(icnumpy\nndarray\n.", ""),
        (b"c_codecs\nencode\n(U\3abcU\5rot13tR.", "it encodes in 'rot13', not in latin1"),
        (b"Pname\n.", "persistent"),
        (b"\x80\x02\x82\x01.", "extension"),
    ],
)
def test_a_permitted_name_can_be_used_only_as_an_array_uses_it(tmp_path, content, complaint):
    before = {key: name._call for key, name in unpickler.PERMITTED.items()}
    assert complaint in refusal(tmp_path, content)
    assert {key: name._call for key, name in unpickler.PERMITTED.items()} == before


@pytest.mark.parametrize(
    "dtype", [np.dtype("O"), np.dtype("S3"), np.dtype("U3"), np.dtype("M8[s]"), np.dtype("V4"), np.dtype([("a", "O")])]
)
def test_arrays_of_anything_but_numbers_are_refused(tmp_path, dtype):
    assert "must be numbers" in refusal(tmp_path, new_pickle({"data": np.zeros(2, dtype)}))


@pytest.mark.parametrize("state", [b"cnumpy\ndtype\n\x89U\1x", b"U\2u1\x89U\1x", b"cnumpy\ndtype\n(U\2u1tR\x89](Ne"])
def test_an_array_needs_its_type_and_its_bytes(tmp_path, state):
    said = refusal(tmp_path, ARRAY + b"(K\1(K\1t" + state + b"tb.")
    assert said == "refused as a pickle: an array must be of numbers"


@pytest.mark.parametrize("smuggled", [b"U\1|N(U\1at}", b"U\2O,NNN", b"U\1|(U\2u1(K\2ttNN"])
def test_fields_and_objects_smuggled_into_a_plain_type_are_refused(tmp_path, smuggled):
    rest = b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x3ftb."
    assert "must be plain numbers" in refusal(tmp_path, b"cnumpy\ndtype\n(U\2u8K\0K\1tR(K\3" + smuggled + rest)


def test_a_shape_that_the_bytes_do_not_fill_is_refused(tmp_path):
    said = refusal(tmp_path, ARRAY + b"(K\1(J\xff\xff\xff\x7ftcnumpy\ndtype\n(U\2u1K\0K\1tR\x89U\1xtb.")
    assert "reshape" in said


@pytest.mark.parametrize(
    "content, complaint",
    [
        (b"", "Ran out of input"),
        (b"\x80\x02}", "refused as a pickle"),
        (b"no pickle", "refused as a pickle"),
        (b"\x80\x63.", "unsupported pickle protocol: 99"),
        (b"\x80\x04\x8e" + struct.pack("<Q", 2**60) + b"x.", "refused as a pickle: "),
        (pickle.dumps([1]), "must be the pickle of a dictionary, not of a list"),
    ],
)
def test_what_is_no_pickled_dictionary_is_refused(tmp_path, content, complaint):
    assert complaint in refusal(tmp_path, content)


@pytest.mark.parametrize("dump", [python2_pickle, python3_pickle])
def test_a_truncated_pickle_is_refused_wherever_it_ends(tmp_path, dump):
    content = dump(CONTENT)
    for end in range(len(content)):
        assert refusal(tmp_path, content[:end]).startswith("refused as a pickle: ")


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        unpickler.read(tmp_path / "data_batch_1")
