"""What backends on clusters share: the primitives that an engine provides, and the driver that uses them."""
