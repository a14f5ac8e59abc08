"""What the pages are made of, and under which licences, for the cards."""

from .card import Source

FONTS = (
    Source("Noto Sans SC, Noto Serif SC (pylopdf-fonts-zh-cn)", "OFL-1.1", "Chinese"),
    Source("DejaVu (Matplotlib)", "Bitstream Vera", "Latin"),
    Source("Source Sans, Source Serif, Lato, Caladea … (font-*)", "OFL-1.1, Apache-2.0", "Latin"),
    Source("Caveat, Kalam, Lobster, Anton … (fontpkg-*)", "OFL-1.1, Apache-2.0", "handwriting, signs, text"),
    Source("Libertinus, New Computer Modern (Typst)", "OFL-1.1, GUST", "Latin, formulas"),
)
TEXTS = (
    Source("Sentences written for this project", "Apache-2.0", "English and Chinese"),
    Source("Faker", "MIT", "names, addresses, companies"),
    Source("Python's manual (pydoc_data)", "PSF-2.0", "English sentences about technology"),
)
