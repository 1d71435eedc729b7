"""What comes from outside, sent broken on purpose: every reader of it, under a fuzzer that is led by the branches it reaches."""
