"""A large component that does nothing: `cargo xtask bench` measures how long it takes to start.

It is CPython itself, of 18 MB, as every tool that is written in Python carries it. It prints a time of zero where
the other benchmark guest prints the time that it took.
"""

from wit_world import exports


class Run(exports.Run):
    def run(self):
        print(0)
