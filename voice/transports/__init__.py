"""Ways into a call: each answers, steps the call every 20 ms, and ends or hands it over."""
