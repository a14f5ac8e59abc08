"""The compression lab: one page read with all, half and a quarter of its visual tokens, side by side in the browser.

``fcotvl app`` starts it, and so does the Space in ``spaces/compression_lab``. Nothing is imported here, so that
``fcotvl --help`` stays fast; ``launch.py`` is where it begins.
"""
