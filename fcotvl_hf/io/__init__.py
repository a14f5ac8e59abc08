"""Ground floor: reading images, writing files that are either whole or not there. Imports nothing of ours."""
