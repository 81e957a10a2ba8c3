"""`python -m benchmarks` times everything there is to time."""

from benchmarks.layers import main

main()
