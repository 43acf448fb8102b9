"""A tiny array whose generated Verilog is changed."""

import pytest

import cosim
from tests.cosim.support import TINY


@pytest.fixture
def changed(tmp_path):
    """changed(file, old, new, **options) makes an engine whose Verilog differs there."""

    def make(file, old, new, **options):
        cosim.engine("icarus", TINY, keep=tmp_path / "verilog")
        path = tmp_path / "verilog" / file
        text = path.read_text()
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))
        return cosim.engine("icarus", TINY, verilog=tmp_path / "verilog", **options)

    return make
