"""The functional engine's arithmetic in C++, with the same bits as the RTL."""
