"""Pictures, sound and files that tests make, send and measure."""
