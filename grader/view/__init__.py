"""Pictures and words for what the simulator reports. This room draws, and decides nothing."""
