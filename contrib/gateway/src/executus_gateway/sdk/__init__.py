"""The face a program sees: `Client`, the same whatever target is behind it."""
