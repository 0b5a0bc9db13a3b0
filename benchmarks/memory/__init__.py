"""How well peaks of memory and counts of rows are predicted, over PDS-H and over data that is hard to guess."""
