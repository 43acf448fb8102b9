"""An AXI4-Lite subordinate: five channels in, one write and one read at a time out."""

from myhdl import always, always_comb

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.stream import Interface, bit, bus
from rtl.sat.axi.bundles import RegisterBus
from rtl.sat.axi.registers import ADDRESS_BITS, WIDTH, WORD_BITS

SLVERR = 2


class AxiLite(Interface):
    """The five channels of AXI4-Lite with 32 bits of data, by ARM's names in lower case."""

    def __init__(self, address_bits: int):
        for channel in ("aw", "ar"):
            setattr(self, f"{channel}addr", bus(address_bits))
            setattr(self, f"{channel}prot", bus(3))
            self._handshake(channel)
        self.wdata, self.wstrb = bus(WIDTH), bus(4)
        self._handshake("w")
        self.bresp = bus(2)
        self._handshake("b")
        self.rdata, self.rresp = bus(WIDTH), bus(2)
        self._handshake("r")

    def _handshake(self, channel: str) -> None:
        setattr(self, f"{channel}valid", bit())
        setattr(self, f"{channel}ready", bit())


@waives(UNUSEDSIGNAL="protection and the bytes' address within a word are not looked at")
@module
def axi_lite(clk, rst, s_axi, access):
    """Answer AXI4-Lite.

    s_axi         AxiLite    address and data of a write may come in either order; protection is not looked at
    access        bundles.RegisterBus: write*, read_word out; writable, read_data, readable in
    What cannot be written or read is answered with SLVERR: DECERR is the interconnect's, which found no subordinate.
    No ready depends on a valid, and an answer holds still until it is taken.
    Latency     2 cycles from the address, or the write's data if it comes later, to the answer
    Throughput  a write and a read every other cycle
    Reset       synchronous, active high: no answer is offered
    Golden      none
    """
    addressed, supplied = bit(), bit()  # a write's address and its data are here
    asked = bit()  # a read's address is
    high, low = len(s_axi.awaddr), ADDRESS_BITS - WORD_BITS  # of a word's number in an address
    s_axi.awprot.read = True
    s_axi.arprot.read = True

    @always_comb
    def drive():
        s_axi.awready.next = not addressed
        s_axi.wready.next = not supplied
        s_axi.arready.next = not asked
        access.write.next = addressed and supplied and not s_axi.bvalid

    @always(clk.posedge)
    def take():
        if s_axi.awvalid and s_axi.awready:
            addressed.next = True
            access.write_word.next = s_axi.awaddr[high:low]
        if s_axi.wvalid and s_axi.wready:
            supplied.next = True
            access.write_data.next = s_axi.wdata
            access.write_strobe.next = s_axi.wstrb
        if access.write:
            addressed.next = False
            supplied.next = False
        if rst:
            addressed.next = False
            supplied.next = False

    @always(clk.posedge)
    def confirm():
        if access.write:
            s_axi.bvalid.next = True
            s_axi.bresp.next = 0
            if not access.writable:
                s_axi.bresp.next = SLVERR
        elif s_axi.bready:
            s_axi.bvalid.next = False
        if rst:
            s_axi.bvalid.next = False

    @always(clk.posedge)
    def ask():
        if s_axi.arvalid and s_axi.arready:
            asked.next = True
            access.read_word.next = s_axi.araddr[high:low]
        elif not s_axi.rvalid:
            asked.next = False
        if rst:
            asked.next = False

    @always(clk.posedge)
    def answer():
        if asked and not s_axi.rvalid:
            s_axi.rvalid.next = True
            s_axi.rdata.next = access.read_data
            s_axi.rresp.next = 0
            if not access.readable:
                s_axi.rresp.next = SLVERR
        elif s_axi.rready:
            s_axi.rvalid.next = False
        if rst:
            s_axi.rvalid.next = False

    return drive, take, confirm, ask, answer


def ports() -> dict:
    """Fresh ports of an `axi_lite`, by name."""
    return dict(clk=bit(), rst=bit(), s_axi=AxiLite(ADDRESS_BITS), access=RegisterBus())
