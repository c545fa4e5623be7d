"""The keys there are, how often they were logged, and what define_metric says of them."""
