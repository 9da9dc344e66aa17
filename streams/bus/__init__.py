"""The Redis door: publish and follow fragments, wake-ups, camera states and demand leases."""
