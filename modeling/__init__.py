"""FCoT-VL model code. These files travel inside every model repository; importing this package registers them.

After ``import fcotvl_hf.modeling`` the Auto classes know ``model_type: fcotvl`` and need no ``trust_remote_code``.
"""

from transformers import AutoConfig, AutoImageProcessor, AutoModel, AutoModelForImageTextToText, AutoProcessor

from .compression_fcotvl import COMPRESSORS, build_compressor
from .compressor_fcotvl import Compressor, by_window, square_window
from .configuration_fcotvl import POSITIONS, FCoTVLConfig
from .image_processing_fcotvl import FCoTVLImageProcessor
from .modeling_fcotvl import FCoTVLForConditionalGeneration, FCoTVLModel
from .processing_fcotvl import FCoTVLProcessor

AutoConfig.register("fcotvl", FCoTVLConfig)
AutoModel.register(FCoTVLConfig, FCoTVLForConditionalGeneration)
AutoModelForImageTextToText.register(FCoTVLConfig, FCoTVLForConditionalGeneration)
AutoImageProcessor.register(FCoTVLConfig, slow_image_processor_class=FCoTVLImageProcessor)
AutoProcessor.register(FCoTVLConfig, FCoTVLProcessor)

FCoTVLConfig.register_for_auto_class()
FCoTVLForConditionalGeneration.register_for_auto_class("AutoModelForImageTextToText")
FCoTVLImageProcessor.register_for_auto_class("AutoImageProcessor")
FCoTVLProcessor.register_for_auto_class("AutoProcessor")

__all__ = [
    "COMPRESSORS",
    "POSITIONS",
    "Compressor",
    "FCoTVLConfig",
    "FCoTVLForConditionalGeneration",
    "FCoTVLImageProcessor",
    "FCoTVLModel",
    "FCoTVLProcessor",
    "build_compressor",
    "by_window",
    "square_window",
]
