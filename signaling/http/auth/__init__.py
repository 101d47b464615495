"""Who asks, and whether they may: roles, sessions, origins, rates."""
