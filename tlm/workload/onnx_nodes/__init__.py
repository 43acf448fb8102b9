"""The parts of tlm/workload/onnx_graph.py: a file as a graph, what its values are, and which products its nodes are."""
