"""Python client and command line of Sightline; needs only aiohttp and websockets."""
