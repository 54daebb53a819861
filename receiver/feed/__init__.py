"""The feed: what was recorded, in the order of positions, as pages and as a stream."""
