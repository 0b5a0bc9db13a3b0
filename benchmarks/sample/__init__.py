"""What samples keep, and what forecasts tell, over queries of PDS-H."""
