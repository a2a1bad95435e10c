"""What a notebook calls: check, hint, simulate, the live panel, the sliders."""
