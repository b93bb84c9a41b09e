"""Questions to people: opened, delivered, answered once, expired; durable."""
