"""What users ask, in several wordings; the first of each is the one that documents and demos use."""

from random import Random

RECOGNITION = ("Read the text.", "What does it say?", "Transcribe the image.")
TABLE = ("Convert this table to Markdown.", "Write the table as Markdown.", "Table to Markdown.")
CHART = ("Convert this chart to a python dict.", "Give the chart as a python dict.", "Chart to python dict.")
LOOKUP = ("What is the value of {}?", "How much is {}?", "Value of {}?")


TEXT = {
    "en": ("Read the text.", "Transcribe all text in the image.", "What is written here?", "OCR this image."),
    "zh": ("识别图中的文字。", "请读出图片里的全部文字。", "图中写了什么？", "提取图片中的文本。"),
}
"""Of whole pages, in their language; so are those below."""

DOCUMENT = {
    "en": (
        "Convert this page to Markdown.",
        "Transcribe the document as Markdown, in reading order.",
        "Write this page as Markdown; leave out running headers and page numbers.",
    ),
    "zh": (
        "将这一页转换为Markdown。",
        "请按阅读顺序把文档转写成Markdown格式。",
        "把此页写成Markdown，省略页眉和页码。",
    ),
}
WEB = {
    "en": (
        "Convert this web page to Markdown.",
        "Give the content of the web page as Markdown.",
        "Web page to Markdown.",
    ),
    "zh": ("将这个网页转换为Markdown。", "请用Markdown写出网页的内容。", "网页转Markdown。"),
}
TABLE_MARKDOWN = {
    "en": ("Convert this table to Markdown.", "Write the table as a Markdown table.", "Parse the table into Markdown."),
    "zh": ("将表格转换为Markdown。", "请用Markdown写出这个表格。", "把图中的表格解析为Markdown格式。"),
}
TABLE_HTML = {
    "en": ("Convert this table to HTML.", "Write the table as HTML.", "Give the HTML code of this table."),
    "zh": ("将表格转换为HTML。", "请写出这个表格的HTML代码。", "把图中的表格解析为HTML格式。"),
}
CHART_DICT = {
    "en": (
        "Convert this chart to a python dict.",
        "Convert the key information of the chart to a python dict.",
        "Extract the chart's data as a python dict.",
    ),
    "zh": ("将图表转换为python字典。", "请把图表中的关键信息提取成python字典。", "用python字典给出图表的数据。"),
}
FORMULA = {
    "en": ("Convert the formula to LaTeX.", "Write the LaTeX of the formula.", "Formula to LaTeX."),
    "zh": ("将公式转换为LaTeX。", "请写出图中公式的LaTeX代码。", "公式转LaTeX。"),
}
HANDWRITTEN = {
    "en": ("Read the handwriting.", "Transcribe the handwritten text.", "What does the note say?"),
    "zh": ("识别手写文字。", "请读出手写的内容。", "这张便条写了什么？"),
}
SCENE = {
    "en": ("What does the sign say?", "Read the text in the picture.", "Which words can be seen in the scene?"),
    "zh": ("牌子上写着什么？", "识别图片中的文字。", "画面里能看到哪些文字？"),
}
DIAGRAM = {
    "en": (
        "Convert this diagram to a python dict.",
        "Give the diagram as a python dict from each part to what its arrows lead to.",
        "Extract the diagram's structure as a python dict.",
    ),
    "zh": ("将示意图转换为python字典。", "请用python字典写出图中每个部分指向什么。", "把图的结构提取成python字典。"),
}
LAYERS = {
    "en": (
        "Convert this diagram to a python dict.",
        "Give the diagram as a python dict from each number to the part it stands for.",
        "Extract the diagram's parts as a python dict.",
    ),
    "zh": (
        "将示意图转换为python字典。",
        "请用python字典写出图中每个编号代表什么。",
        "把图中的各部分提取成python字典。",
    ),
}
"""Of diagrams without arrows, whose parts are numbered."""


def choose(prompts: tuple[str, ...], rng: Random) -> str:
    """The first wording half of the time, else any of the others."""
    return prompts[0] if rng.random() < 0.5 else rng.choice(prompts[1:])
