"""What the assistant does about what it understood: one function per action, no HTTP in them."""
