"""SCALE-Sim's topologies: what they say, and how what is wrong in one is named."""

import pytest
from torch import nn, zeros

from tlm.workload.layer import Conv
from tlm.workload.topology import read_topology

CONV_HEADER = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,"


def written(tmp_path, *lines):
    file = tmp_path / "net.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


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
        Conv("Conv1", 3, 96, 224, 224, (11, 11), (4, 4)),
        Conv("Conv2_dw", 1, 1, 112, 112, (3, 5), (2, 2)),
        Conv("FC", 1024, 1000, 1, 1),
    ]


def test_strides_of_their_own_along_height_and_width(tmp_path):
    header = CONV_HEADER.replace("Strides", "Strides Height, Strides Width")
    (layer,) = read_topology(written(tmp_path, header, "a, 9, 8, 3, 2, 4, 5, 2, 1,"))
    assert layer == Conv("a", 4, 5, 9, 8, (3, 2), (2, 1)) and layer.out == (4, 7)


@pytest.mark.parametrize("size, kernel, stride", [(224, 11, 4), (8, 3, 2), (7, 2, 3), (5, 5, 4)])
def test_an_output_that_a_stride_does_not_reach_is_left_out_as_pytorch_does(tmp_path, size, kernel, stride):
    (layer,) = read_topology(written(tmp_path, CONV_HEADER, f"a,{size},{size},{kernel},{kernel},1,1,{stride},"))
    assert layer.out == tuple(nn.Conv2d(1, 1, kernel, stride)(zeros(1, 1, size, size)).shape[2:])


@pytest.mark.parametrize("header", ["Layer,M,N,K,", "Layer Name, M, N, K", "layer,m,n,k,,"])
def test_gemms_are_linear_layers(tmp_path, header):
    assert read_topology(written(tmp_path, header, "QKT, 1024, 96, 64,", "out,1,2,3")) == [
        Conv("QKT", 64, 96, 1024, 1),
        Conv("out", 3, 2, 1, 1),
    ]


@pytest.mark.parametrize(
    "lines, words",
    [
        (["Layer,M,N,K"], "must have at least one layer below its header"),
        ([], "its first line must be 'Layer name, ifmap height, .*, strides' or 'Layer, M, N, K', not 'empty'"),
        (["Layer,M,K,N", "a,1,2,3"], "its first line must be .* not 'Layer, M, K, N'"),
        ([CONV_HEADER + " Sparsity,", "a,1,1,1,1,1,1,1,1:4"], "its first line must be .* Sparsity'"),
        (["Layer,M,N,K", "a,1,2"], "line 2: must have a name and 3 numbers, not 3 fields"),
        (["Layer,M,N,K", "a,1,2,3,4"], "line 2: must have a name and 3 numbers, not 5 fields"),
        (["Layer,M,N,K", "a,1,2,3", "b,1,0,3"], "line 3: n must be an integer from 1 to 2.31 - 1, not '0'"),
        (["Layer,M,N,K", "a,1,2.5,3"], "line 2: n must be an integer .*, not '2.5'"),
        (["Layer,M,N,K", "a,1,-2,3"], "not '-2'"),
        (["Layer,M,N,K", "a,1,٣,3"], "not '٣'"),
        (["Layer,M,N,K", f"a,1,{2**31},3"], "not '2147483648'"),
        (["Layer,M,N,K", f"a,1,{'9' * 5000},3"], "line 2: n must be an integer .*, not '9999"),
        (
            [CONV_HEADER, "a,2,9,3,3,1,1,1,"],
            "line 2: layer a: .* output pixels must be at least 1, not 1, 1 and .0, 7.",
        ),
        ([CONV_HEADER, "a,9,9,3,3,1,1,0,"], "line 2: strides must be an integer"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(tmp_path, lines, words):
    with pytest.raises(ValueError, match=f"net.csv.*{words}"):
        read_topology(written(tmp_path, *lines))


def test_a_file_that_is_no_text_and_one_that_is_not_there(tmp_path):
    file = tmp_path / "net.csv"
    file.write_bytes(b"\xff\xfe\x00Layer")
    with pytest.raises(ValueError, match="net.csv: must be a CSV file of text"):
        read_topology(file)
    with pytest.raises(FileNotFoundError):
        read_topology(tmp_path / "none.csv")
