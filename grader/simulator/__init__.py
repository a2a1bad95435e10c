"""A small HTCondor: what it does with one self-checkpointing job, on every schedule of evictions."""
