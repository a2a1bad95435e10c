"""A submit directory on the HTCondor at hand: submitted, disturbed, followed, and judged as in the simulator."""
