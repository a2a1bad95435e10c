"""Pictures and words for what the simulator found. It draws; it decides nothing."""
