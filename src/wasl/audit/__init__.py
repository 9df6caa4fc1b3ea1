"""Events, Merkle log, checkpoints, proofs and their verification."""
