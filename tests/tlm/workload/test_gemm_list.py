"""Lists of sparse GEMMs: what they say, and how what is wrong in one is named."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.properties import few
from tlm.size import LARGEST
from tlm.workload.gemm_list import SparseGemm, read_gemm_list

ARABIC = "\N{ARABIC-INDIC DIGIT ZERO}.\N{ARABIC-INDIC DIGIT FIVE}"  # 0.5, which float() reads
HEADER = "layer,M,N,K,density_a,density_b"
GOOD = dict(layer="a", m=2, n=3, k=4, density_a=0.5, density_b=1.0)


def written(tmp_path, *lines):
    file = tmp_path / "gemms.csv"
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def test_gemms_with_their_densities(tmp_path):
    file = written(tmp_path, HEADER, "q,1024,4800,1600,0.2,1", "größe,1,2,3,0,.5", "q,1,1,1,1.,2e-1")
    assert read_gemm_list(file) == [
        SparseGemm("q", 1024, 4800, 1600, 0.2, 1.0),
        SparseGemm("größe", 1, 2, 3, 0.0, 0.5),
        SparseGemm("q", 1, 1, 1, 1.0, 0.2),
    ]


@pytest.mark.parametrize(
    "header, row",
    [
        (" Layer , m,n , k, Density_A ,DENSITY_B", " a , 2,3 ,4\t, 0.5, 1 "),
        ("density_b,K,M,layer,density_a,N", "1.0,4,2,a,0.50,3"),
        (HEADER + ",,", "a,2,3,4,0.5,1,"),
        (HEADER + " ,", "a,2,3,4,.5,1,# half of it"),
        ("# sizes of a network\n\n" + HEADER, "\n , ,\na,2,3,4,5e-1,1"),
        ("\ufeff" + HEADER, '"a",2,3,4,0.5,1'),
    ],
)
def test_order_capitals_spaces_blank_lines_remarks_and_last_commas_do_not_matter(tmp_path, header, row):
    assert read_gemm_list(written(tmp_path, header, row)) == [SparseGemm(**GOOD)]


def test_the_largest_sizes(tmp_path):
    (gemm,) = read_gemm_list(written(tmp_path, HEADER, f"a,{LARGEST},{LARGEST},{LARGEST},1,1"))
    assert (gemm.m, gemm.n, gemm.k) == (LARGEST,) * 3 == (2**27,) * 3


@few(200)
@given(st.integers(0, 10**12))
def test_a_density_of_twelve_digits_comes_back_exactly(tmp_path_factory, parts):
    decimal = f"{parts // 10**12}.{parts % 10**12:012}"
    file = written(tmp_path_factory.mktemp("exact"), HEADER, f"a,1,1,1,{decimal},1")
    assert Fraction(str(read_gemm_list(file)[0].density_a)) == Fraction(decimal)


@pytest.mark.parametrize(
    "header, complaint",
    [
        ("layer,M,N,K,density_a", "not no density_b"),
        (HEADER.replace("K", "m"), "not 2 M, no K"),
        (HEADER + ",stride", "not unknown 'stride'"),
        (HEADER.replace("N,", ","), "not unknown '', no N"),
        (HEADER.replace("density_a", "Density"), "not unknown 'Density', no density_a"),
        (HEADER + ",layer", "not 2 layer"),
        ("a,1,1,1,0.5,0.5", "not unknown 'a', unknown '1', .*, no density_b"),
        (HEADER.replace(",", ";"), "not unknown 'layer;M;N;K;density_a;density_b', no layer"),
        ("\0\1PNG", "not unknown '.x00.x01PNG', no layer"),
        ('"M\nN",K', "not unknown 'M.nN', no layer"),
    ],
)
def test_a_wrong_header_is_named_with_what_is_wrong_in_it(tmp_path, header, complaint):
    with pytest.raises(
        ValueError,
        match=f"gemms.csv, line .: the header must name each of layer, M, N, K, density_a, density_b once, {complaint}",
    ) as told:
        read_gemm_list(written(tmp_path, header, "a,1,1,1,0.5,0.5"))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "row, complaint",
    [
        ("a,1,1,1,0.5", "must have 6 fields as the header, not 5"),
        ("a,1,1,1,0.5,1,1", "must have 6 fields as the header, not 7"),
        (",1,1,1,0.5,1", "layer must be a printable name, not ''"),
        ('"a\nb",1,1,1,1,1', "layer must be a printable name, not 'a.nb'"),
        *(
            (f"a,1,{size},1,1,1", f"n must be an integer from 1 to 2.27, not '{size}'")
            for size in ("", "-1", "2.5", "two", "1e3", "1_0", "٣", "inf", "9" * 5000)
        ),
        ("a,0,1,1,1,1", "m must be an integer from 1 to 2.27, not 0"),
        (f"a,1,1,{LARGEST + 1},1,1", "k must be an integer from 1 to 2.27, not 134217729"),
        *(
            (f"a,1,1,1,{density},1", f"density_a must be a decimal number from 0 to 1, not '{density}'")
            for density in ("", "nan", "inf", "-inf", "-0.1", "-0", "20%", "1/5", "0.1_5", ".", "e1", "0.5.1", ARABIC)
        ),
        ("a,1,1,1,1,1.5", "density_b must be a decimal number from 0 to 1, not 1.5"),
        ("a,1,1,1,1,1e999", "density_b must be a decimal number from 0 to 1, not inf"),
    ],
)
def test_a_wrong_row_is_named_with_file_line_rule_and_value(tmp_path, row, complaint):
    line = 4 if "\n" in row else 3
    with pytest.raises(ValueError, match=rf"gemms\.csv, line {line}: {complaint}$") as told:
        read_gemm_list(written(tmp_path, HEADER, "good,1,1,1,1,1", row))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "data, complaint",
    [
        (b"", "its first line must be 'layer, M, N, K, density_a, density_b', not empty"),
        (b"\n , ,\n# nothing\n", "its first line must be .*, not empty"),
        (HEADER.encode(), "must have at least one GEMM below its header"),
        (b"\x89PNG\r\n\x1a\n", "must be a CSV file of text"),
        (HEADER.encode("utf-16"), "must be a CSV file of text"),
    ],
)
def test_a_file_without_rows_or_text_is_refused(tmp_path, data, complaint):
    file = tmp_path / "gemms.csv"
    file.write_bytes(data)
    with pytest.raises(ValueError, match=f"gemms.csv: {complaint}"):
        read_gemm_list(file)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_gemm_list(tmp_path / "none.csv")


@pytest.mark.parametrize(
    "change, complaint",
    [
        (dict(m=0), "m must be an integer from 1 to 2.27, not 0"),
        (dict(k=LARGEST + 1), "k must be an integer from 1 to 2.27, not 134217729"),
        (dict(density_a=-0.1), "density_a must be a decimal number from 0 to 1, not -0.1"),
        (dict(density_b=float("nan")), "density_b must be a decimal number from 0 to 1, not nan"),
    ],
)
def test_a_gemm_made_by_hand_obeys_the_same_rules(change, complaint):
    with pytest.raises(ValueError, match=complaint):
        SparseGemm(**GOOD | change)
