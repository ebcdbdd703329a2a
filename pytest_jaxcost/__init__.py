"""Cost limits for JAX functions and their derivatives."""
