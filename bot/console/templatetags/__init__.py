"""What the staff's templates say beyond Django."""
