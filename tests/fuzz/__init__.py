"""An own fuzzer against a running server: ``python -m tests.fuzz --seconds 600 --seed 1``."""
