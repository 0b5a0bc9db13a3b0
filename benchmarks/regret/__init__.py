"""Does ``auto`` pick the backend that is the quickest? Every backend's time per query, and the decision."""
