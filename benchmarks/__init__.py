"""What the service can carry, as ratios measured in one run; and one kit's story, told through HTTP."""
