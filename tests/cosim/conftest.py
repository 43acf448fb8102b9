"""Fixtures: a tiny array whose generated Verilog is changed, and each path of the kernel."""

import pytest

import cosim
from cosim.kernel import kernel
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


def pytest_generate_tests(metafunc):
    """Run a test that takes `path` on each path of the kernel; only then is the kernel compiled."""
    if "path" in metafunc.fixturenames:
        metafunc.parametrize("path", kernel.paths(), indirect=True)


@pytest.fixture
def path(request, monkeypatch):
    """The name of the kernel's path that is in use."""
    monkeypatch.setenv(kernel.CHOICE, request.param)
    assert kernel.path() == request.param
    return request.param
