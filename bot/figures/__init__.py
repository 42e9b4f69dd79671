"""What the service did, as figures: each is defined once, with the sentence that explains it."""
