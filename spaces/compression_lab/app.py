"""The Space: the app of the package, with the models of ``FCOTVL_MODELS`` or the packaged ones."""

from fcotvl_hf.app.launch import launch

launch()
