"""SCALE-Sim's topologies: what they say, and how what is wrong in one is named."""

from math import ceil

import pytest
from torch import nn, zeros

from rtl.sparsity import Sparsity
from tlm.workload.layer import Conv
from tlm.workload.topology import DENSE, ListedLayer, read_topology

CONV_HEADER = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,"


def written(tmp_path, *lines):
    file = tmp_path / "net.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def layers(tmp_path, *lines):
    return [listed.layer for listed in read_topology(written(tmp_path, *lines))]


def test_convolutions_as_scale_sim_writes_them(tmp_path):
    file = written(
        tmp_path,
        CONV_HEADER,
        "Conv1     ,224    ,224   ,11  ,11   ,3    ,96,4 ,",
        "",
        "\tConv2_dw, 112, 112, 3, 5, 1, 1, 2,#dw",
        "FC, 1, 1, 1, 1, 1024, 1000, 1",
    )
    assert read_topology(file) == [
        ListedLayer(Conv("Conv1", 3, 96, 224, 224, (11, 11), (4, 4))),
        ListedLayer(Conv("Conv2_dw", 1, 1, 112, 112, (3, 5), (2, 2))),
        ListedLayer(Conv("FC", 1024, 1000, 1, 1)),
    ]


@pytest.mark.parametrize("strides", ["Strides Height, Strides Width", "stride height,stride width", "Strides"])
def test_strides_of_their_own_along_height_and_width(tmp_path, strides):
    (layer,) = layers(tmp_path, CONV_HEADER.replace("Strides", strides), "a, 9, 8, 3, 2, 4, 5, 2, 1,")
    assert layer == Conv("a", 4, 5, 9, 8, (3, 2), (2, 1)) and layer.out == (4, 7)


@pytest.mark.parametrize("size, kernel, stride", [(224, 11, 4), (8, 3, 2), (7, 2, 3), (5, 5, 4), (9, 3, 2)])
def test_an_output_that_a_stride_does_not_reach_is_left_out_as_pytorch_does_and_scale_sim_counts_it(
    tmp_path, size, kernel, stride
):
    (listed,) = read_topology(written(tmp_path, CONV_HEADER, f"a,{size},{size},{kernel},{kernel},3,2,{stride},"))
    assert listed.layer.out == tuple(nn.Conv2d(1, 1, kernel, stride)(zeros(1, 1, size, size)).shape[2:])
    assert listed.scale_sim_macs == ceil((size - kernel + stride) / stride) ** 2 * kernel**2 * 3 * 2
    assert (listed.scale_sim_macs > listed.layer.macs) == ((size - kernel) % stride > 0)


def test_what_scale_sim_counts_is_of_one_image_and_dense(tmp_path):
    header = CONV_HEADER + " Batch Size, Sparsity,"
    (listed,) = read_topology(written(tmp_path, header, "a, 8, 6, 3, 2, 4, 5, 2, 16, 2:8,"))
    assert listed.layer.out == (3, 3) and listed.scale_sim_macs == 4 * 3 * (3 * 2 * 4 * 5)


@pytest.mark.parametrize("header", ["Layer,M,N,K,", "Layer Name, M, N, K", "layer,m,n,k,,", "op, rows, columns, depth"])
def test_gemms_are_linear_layers(tmp_path, header):
    listed = read_topology(written(tmp_path, header, "QKT, 1024, 96, 64,", "out,1,2,3"))
    assert [one.layer for one in listed] == [Conv("QKT", 64, 96, 1024, 1), Conv("out", 3, 2, 1, 1)]
    assert [one.scale_sim_macs for one in listed] == [1024 * 96 * 64, 6]


def test_gemms_are_read_by_the_names_of_their_columns_in_any_order(tmp_path):
    assert layers(tmp_path, "Layer,M,K,N", "a,5,6,7") == [Conv("a", 6, 7, 5, 1)]


@pytest.mark.parametrize("header", ["Layer,M,N,K,Sparsity", CONV_HEADER + "Sparsity,", CONV_HEADER])
@pytest.mark.parametrize(
    "field, pattern",
    [("2:8", Sparsity(2, 8)), ("1 : 4", Sparsity(1, 4)), ("", None)]
    + [(field, DENSE) for field in ("4:4", "1:1", "7:7")],
)
def test_a_layer_has_a_pattern_of_its_own_or_stays_dense_or_leaves_it_open(tmp_path, header, field, pattern):
    sizes = "6,7,8" if "M,N" in header else "9,9,3,3,4,4,1"
    (listed,) = read_topology(written(tmp_path, header, f"a,{sizes},{field},"))
    assert (listed.pattern, listed.batch) == (pattern, None)


def test_a_sparsity_of_one_is_one_to_one(tmp_path):
    (listed,) = read_topology(written(tmp_path, "Layer,M,N,K,Sparsity", "a,6,7,8,1"))
    assert listed == ListedLayer(Conv("a", 8, 7, 6, 1), DENSE)


@pytest.mark.parametrize(
    "header, row",
    [
        ("Layer,M,N,K,Batch", "a,6,7,8,32"),
        ("Layer,M,N,K", "a,6,7,8,32"),
        (CONV_HEADER + "Batch Size", "a,6,1,1,1,8,7,1,32"),
    ],
)
def test_a_layer_has_a_batch_of_its_own(tmp_path, header, row):
    assert read_topology(written(tmp_path, header, row)) == [ListedLayer(Conv("a", 8, 7, 6, 1), batch=32)]


@pytest.mark.parametrize("name", ["DP1", "block_DP", "aDPb"])
def test_a_depthwise_row_is_a_layer_for_each_channel_with_all_of_its_filters(tmp_path, name):
    listed = read_topology(written(tmp_path, CONV_HEADER, f"{name},9,8,3,2,3,2,2,1:4"))
    assert listed == [
        ListedLayer(Conv(f"{name}Channel_{channel}", 1, 2, 9, 8, (3, 2), (2, 2)), Sparsity(1, 4))
        for channel in range(3)
    ]
    assert layers(tmp_path, "Layer,M,N,K", f"{name},1,2,3") == [Conv(name, 3, 2, 1, 1)]


@pytest.mark.parametrize(
    "lines",
    [
        ["A network,", CONV_HEADER, "a,9,9,3,3,4,5,1,"],
        [CONV_HEADER, ",,,,,,,,", "A network (of two), the first", "a,9,9,3,3,4,5,1,", "  ,  ,,"],
        [CONV_HEADER, "2 layers", "a,9,9,3,3,4,5,1,", "The end,,,"],
        [CONV_HEADER, ", px, px, px, px,,, px,", "a,9,9,3,3,4,5,1,"],
        [CONV_HEADER, CONV_HEADER.upper(), "a,9,9,3,3,4,5,1,"],
        ["n,H,W,R,S,C,K,U", "n,h,w,r,s,c,k,u", "a,9,9,3,3,4,5,1,"],
        [CONV_HEADER.replace(",", "\t"), "a\t9\t9\t3\t3\t4\t5\t1\t"],
    ],
)
def test_titles_units_and_repeated_headers_are_left_out(tmp_path, lines):
    assert layers(tmp_path, *lines) == [Conv("a", 4, 5, 9, 9, (3, 3))]


def test_a_header_holds_up_to_the_next_one(tmp_path):
    lines = ["Layer,M,N,K", "a,5,7,6", "Turned", "Layer,M,K,N", "b,5,6,7", CONV_HEADER, "c,5,1,1,1,6,7,1"]
    assert layers(tmp_path, *lines) == [Conv(name, 6, 7, 5, 1) for name in "abc"]


NO_SIZE = "must be an integer from 1 to 2.31 - 1, not"
NO_HEADER = "its first line must be a header such as 'Layer, M, N, K' or 'Layer name, .*, Strides', not"


@pytest.mark.parametrize(
    "lines, words",
    [
        (["Layer,M,N,K"], "net.csv: must have at least one layer below its header"),
        ([], f"net.csv: {NO_HEADER} 'empty'"),
        (["a,1,2,3"], f"net.csv: {NO_HEADER} 'a, 1, 2, 3'"),
        (["A title", "a,1,2,3"], f"net.csv: {NO_HEADER} 'A title'"),
        (["Layer,M,K,columns", "a,1,2,3"], "line 1: column 3 must be n, not 'K'"),
        (["Layer,M,N,K", "a,1,2"], "line 2: must have a name and 3 numbers, not 3 fields"),
        (["Layer,M,N,K", "12,"], "line 2: must have a name and 3 numbers, not 1 fields"),
        ([CONV_HEADER, "a,1,2,3,4,5,6,"], "line 2: must have a name and 7 numbers, not 7 fields"),
        (["Layer,M,N,K", ",1,2,3"], "line 2: a layer must have a printable name, not ''"),
        (["Layer,M,N,K", "a\x1b[2J,1,2,3"], r"line 2: a layer must have a printable name, not 'a\\x1b\[2J'"),
        (["Layer,M,N,K", "a,1,2,3", "b,1,0,3"], f"line 3: n {NO_SIZE} '0'"),
        (["Layer,M,K,N", "a,1,2,0"], f"line 2: n {NO_SIZE} '0'"),
        (["Layer,M,N,K", "a,1,2.5,3"], f"line 2: n {NO_SIZE} '2.5'"),
        (["Layer,M,N,K", "a,1,-2,3"], "not '-2'"),
        (["Layer,M,N,K", "a,1,٣,3"], "not '٣'"),
        (["Layer,M,N,K", f"a,1,{2**31},3"], "not '2147483648'"),
        (["Layer,M,N,K", f"a,1,{'9' * 5000},3"], f"line 2: n {NO_SIZE} '9999"),
        (["Layer,M,N,K", "a,T,H,D"], f"line 2: m {NO_SIZE} 'T'"),
        ([CONV_HEADER, "gate, 1, B, 1, 1, H, H, 1,"], f"line 2: ifmap width {NO_SIZE} 'B'"),
        ([CONV_HEADER, "a,1,1,1,,1 2,2,1,"], f"line 2: filter width {NO_SIZE} ''"),
        ([CONV_HEADER, "a,9,9,3,3,1,1,0,"], f"line 2: strides {NO_SIZE} '0'"),
        ([CONV_HEADER, "a,9,9,3,3,1,1,1,0"], f"line 2: stride {NO_SIZE} '0'"),
        (["Layer,M,N,K,Batch", "a,1,2,3,0"], f"line 2: batch {NO_SIZE} '0'"),
        (["Layer,M,N,K,Groups", "a,1,2,3,4"], "line 2: column 5 must be named sparsity or batch"),
        (["Layer,M,N,K,Sparsity", "a,1,2,3,3:4"], "line 2: sparsity must be N:M with N in .1, 2, 4., .*, not 3:4"),
        (["Layer,M,N,K,Sparsity", "a,1,2,3,0:0"], "line 2: sparsity must be N:M with N in .1, 2, 4., .*, not 0:0"),
        (["Layer,M,N,K,Sparsity", "a,1,2,3,4"], "line 2: sparsity must be N:M, such as 2:8, not '4'"),
        (["Layer,M,N,K,Sparsity", "a,1,2,3,x:8"], "line 2: sparsity must be N:M, such as 2:8, not 'x:8'"),
        (["Layer,M,N,K", f"a,1,2,3,{'9' * 5000}:8"], "line 2: sparsity must be N:M, such as 2:8, not '9999"),
        (
            [CONV_HEADER, "a DP,9,9,3,3,8193,1,1,"],
            "line 2: channels must be at most 2.13 in a depthwise row, .* not 8193",
        ),
        (
            [CONV_HEADER, "a,2,9,3,3,1,1,1,"],
            "line 2: layer a: .* output pixels must be at least 1, not 1, 1 and .0, 7.",
        ),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(tmp_path, lines, words):
    with pytest.raises(ValueError, match=words) as raised:
        read_topology(written(tmp_path, *lines))
    assert "net.csv" in str(raised.value) and str(raised.value).isprintable()


def test_a_file_that_is_no_text_and_one_that_is_not_there(tmp_path):
    file = tmp_path / "net.csv"
    file.write_bytes(b"\xff\xfe\x00Layer")
    with pytest.raises(ValueError, match="net.csv: must be a CSV file of text"):
        read_topology(file)
    with pytest.raises(FileNotFoundError):
        read_topology(tmp_path / "none.csv")
