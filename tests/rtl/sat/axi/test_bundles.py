"""The bundles of the AXI ports have the widths of the register map and of the counters."""

from rtl.sat.axi import bundles, registers
from rtl.shared.work_counters import COUNTER_BITS


def test_an_access_names_every_register_and_every_byte():
    access = bundles.RegisterBus()
    assert 2 ** len(access.write_word) == 2 ** len(access.read_word) >= len(registers.REGISTERS)
    assert len(access.write_data) == len(access.read_data) == 8 * len(access.write_strobe) == registers.WIDTH


def test_counters_and_status_have_their_own_widths():
    assert {len(counter) for counter in vars(bundles.Counters()).values()} == {COUNTER_BITS}
    fields = registers.layout("status").fields.keys() - {"unused"}
    assert vars(bundles.Status()).keys() == fields | {"tile_done"}
