"""A bench for the harness's blocks in MyHDL: as Verilog they run in every test of the Icarus engine."""

from myhdl import StopSimulation, block, delay, instance


def simulate(drive, device, clk, *ports):
    """Run a @module with a clock until `drive`, a generator that is resumed after each rising edge, ends."""

    @block
    def bench():
        @instance
        def clock():
            for _ in drive:
                yield delay(5)
                clk.next = True
                yield delay(5)
                clk.next = False
                yield delay(1)
            raise StopSimulation

        return device(clk, *ports), clock

    bench().run_sim(quiet=1)
