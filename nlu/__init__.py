"""Understanding: the dialogue engine behind one small protocol."""
