"""What is to be proven of each block beside its handshakes; of a block that is not here, these alone."""

from tests.formal import proofs_axi, proofs_sat, proofs_sigma, proofs_update

PROOFS = proofs_sat.PROOFS | proofs_update.PROOFS | proofs_axi.PROOFS | proofs_sigma.PROOFS
