"""How many faults the checks find: mutants of the generated Verilog, each simulated until something differs."""
