"""Engines that run a program: the functional one, MyHDL, Icarus."""
