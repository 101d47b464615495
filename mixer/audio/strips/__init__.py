"""A source's channel strip: filters, dynamics, levelling, delay, and what is wrong with its sound."""
