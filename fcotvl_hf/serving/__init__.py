"""What serving engines need to know about FCoT-VL, without any of them being imported."""
