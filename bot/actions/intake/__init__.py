"""Forms: what a resident says becomes a ticket or a report, asked for, corrected, confirmed."""
