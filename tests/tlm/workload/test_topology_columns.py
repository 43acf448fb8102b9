"""What a topology's header says of its columns, and what their order does."""

import pytest

from tlm.workload.topology_columns import (
    BATCH,
    CONVOLUTIONS,
    GEMMS,
    SPARSITY,
    STRIDE,
    columns_of,
    is_header,
    is_number,
)

SCALE_SIM = "Layer name,IFMAP Height,IFMAP Width,Filter Height,Filter Width,Channels,Num Filter,Strides"
IN_ORDER = (1, 2, 3, 4, 5, 6, 7)


def fields(line):
    return [field.strip() for field in line.split(",")]


@pytest.mark.parametrize(
    "header",
    [
        SCALE_SIM,
        SCALE_SIM.lower(),
        "Layer,IFMAP Width,IFMAP Width,Filter Height,Filter Width,Channel,Num Filters,stride",
        "layer,IFMAP Width,IFMAP Height,filter  width,filter_height,channels,Num-filter,STRIDES",
        "what,in high,in wide,kernel high,kernel wide,inputs,filters,step",
        "name,H,W,R,S,C,K,U",
        "the name,,,,,,,steps",
        f"{SCALE_SIM},,Target",
        f"{SCALE_SIM},Batch Size,Sparsity",
    ],
)
def test_convolutions_are_read_by_the_order_of_their_columns_however_these_are_spelt(header):
    columns = columns_of(fields(header))
    assert columns.kind is CONVOLUTIONS and columns.places == IN_ORDER


@pytest.mark.parametrize(
    "header, places",
    [
        ("Layer,M,N,K", (1, 2, 3)),
        ("layer name,m,k,n", (1, 3, 2)),
        ("op,K,N,M,sparsity", (3, 2, 1)),
        ("op,batch,m (rows),size_n,K dim", (2, 3, 4)),
        ("op,Sparsity (N:M),M,N,K,Batch N", (2, 3, 4)),
        ("op,one,two,three,four,five,six,seven,k,m,n", (9, 10, 8)),
        ("op,rows,columns,depth", (1, 2, 3)),
        ("op,M,columns,depth,Batch,Sparsity", (1, 2, 3)),
    ],
)
def test_gemms_are_read_by_m_n_and_k_and_without_them_by_the_order(header, places):
    columns = columns_of(fields(header))
    assert columns.kind is GEMMS and columns.places == places


@pytest.mark.parametrize(
    "header, words",
    [
        ("op,M,K,columns", "column 3 must be n, not 'K'"),
        ("op,K,K,N", "column 2 must be m, not 'K'"),
        ("M,N,K,op", "column 2 must be m, not 'N'"),
        (
            SCALE_SIM.replace("Channels,Num Filter", "Num Filter,Channels"),
            "column 6 must be channels, not 'Num Filter'",
        ),
        (SCALE_SIM.replace("IFMAP", "x").replace("Filter", "IFMAP", 1), "column 4 must be filter height"),
        (SCALE_SIM.replace("Layer name,", ""), "a header must name the layer, ifmap height, .*, not 'IFMAP Height, IF"),
        ("op,channels,filters,strides", "a header must name the layer, ifmap height, .*, not 'op, channels, filters"),
        ("op,M,N,K,Stride", "a header must name the layer, ifmap height"),
    ],
)
def test_a_header_that_gives_a_known_name_to_another_column_is_refused(header, words):
    with pytest.raises(ValueError, match=words):
        columns_of(fields(header))


@pytest.mark.parametrize(
    "header, row, said",
    [
        (SCALE_SIM, "a,9,9,3,3,4,4,1", {}),
        (SCALE_SIM, "a,9,9,3,3,4,4,1,2", {STRIDE: "2"}),
        (SCALE_SIM, "a,9,9,3,3,4,4,1,2:8", {SPARSITY: "2:8"}),
        (SCALE_SIM, "a,9,9,3,3,4,4,1,2,4 : 16", {STRIDE: "2", SPARSITY: "4 : 16"}),
        (f"{SCALE_SIM},,Target", "a,9,9,3,3,4,4,1,NPU 2,a remark", {}),
        (f"{SCALE_SIM},Strides Width,batch", "a,9,9,3,3,4,4,1,2,8", {STRIDE: "2", BATCH: "8"}),
        (f"{SCALE_SIM},Batch Size", "a,9,9,3,3,4,4,1,x", {BATCH: "x"}),
        (f"{SCALE_SIM},Sparsity,Batch Size", "a,9,9,3,3,4,4,1,,8", {BATCH: "8"}),
        ("op,M,N,K", "a,1,2,3,8", {BATCH: "8"}),
        ("op,M,N,K", "a,1,2,3,1:4,8", {SPARSITY: "1:4", BATCH: "8"}),
        ("op,Batch,M,N,K", "a,8,1,2,3,1:4", {SPARSITY: "1:4", BATCH: "8"}),
        ("op,M,N,K,Note", "a,1,2,3,not 2:8", {}),
    ],
)
def test_further_columns_are_known_by_name_and_without_one_by_what_they_hold(header, row, said):
    assert columns_of(fields(header)).further(fields(row)) == said


@pytest.mark.parametrize(
    "header, row, words",
    [
        (
            f"{SCALE_SIM},Padding",
            "a,9,9,3,3,4,4,1,2",
            "column 9 must be named sparsity or batch or stride .*'Padding' with",
        ),
        (SCALE_SIM, "a,9,9,3,3,4,4,1,2,2", "column 10 must be named .* not '' with '2'"),
        (
            "op,M,N,K,Groups",
            "a,1,2,3,2",
            "column 5 must be named sparsity or batch to have a number, not 'Groups' with '2'",
        ),
        ("op,M,N,K", "a,1,2,3,4,5", "must have one batch, not '4' and '5'"),
        ("op,M,N,K,Sparsity", "a,1,2,3,1:4,2:4", "must have one sparsity, not '1:4' and '2:4'"),
    ],
)
def test_a_number_that_may_be_anything_is_refused(header, row, words):
    with pytest.raises(ValueError, match=words):
        columns_of(fields(header)).further(fields(row))


@pytest.mark.parametrize(
    "row, expected",
    [
        ("op,M,K,N", True),
        ("layer,gemm m,gemm n,gemm k,sparsity", True),
        ("a,x,y,strides", True),
        ("other,H,W,R,S,C,K,U", True),
        ("a,T,H,N", False),
        ("a,batch,rows,sparsity", False),
        ("a,M,K", False),
    ],
)
def test_a_further_header_names_columns_or_repeats_the_one_above(row, expected):
    above = columns_of(fields("op,h,w,r,s,c,k,u"))
    assert is_header(fields(row), above) == expected
    assert is_header(fields(row), None) == (row != "a,M,K")


@pytest.mark.parametrize(
    "field, expected",
    [("3", True), ("-2", True), ("1 2", True), ("2.5", True), ("٣", True), ("2:8", True)]
    + [(field, False) for field in ("", "B", "NPU 2", "1e5", "x", "-", "9" * 50_000 + "a")],
)
def test_a_number_has_a_digit_and_no_letter(field, expected):
    assert is_number(field) == expected
