"""Ground floor: what a page costs before anything is run – tokens, FLOPs, KV bytes. Imports nothing of ours."""
