"""The dossier of a linkage under law 09-08, the authorization given on it, and the gate that holds acts to it.

Does not replace the authority's decision, nor a lawyer. The dossier states how the installation is set and what was
measured. It leaves a visible hole where only people have the answer.
"""
