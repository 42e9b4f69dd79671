"""Pictures and signatures: checked, made anew without their metadata, kept encrypted."""
