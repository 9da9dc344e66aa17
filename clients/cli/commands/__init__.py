"""The commands of ``sightline-client``, one a file. Each has ``add_arguments`` and ``run``."""
