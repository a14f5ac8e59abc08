"""From other checkpoints to ours: InternVL2 to a stride-1 teacher, a teacher to an untrained student."""
