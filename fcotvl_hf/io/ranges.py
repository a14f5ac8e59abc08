"""Parts of tensors read from safetensors files with plain reads: nothing is mapped, so no page counts as our memory."""

from pathlib import Path

import torch

from .tensors import TensorSpec, read_specs


class TensorFile:
    """A safetensors file of which any run of numbers can be read.

    The header is checked once. The format leaves no gaps, so tensors follow each other in the file's order.

    Args:
        path: the file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is cut short or no safetensors file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.specs: dict[str, TensorSpec] = read_specs(path)
        with path.open("rb") as file:
            start = 8 + int.from_bytes(file.read(8), "little")
        self._starts: dict[str, int] = {}
        for name, spec in self.specs.items():
            self._starts[name] = start
            start += spec.bytes

    def read(self, name: str, first: int, count: int) -> torch.Tensor:
        """Read ``count`` numbers of a tensor from number ``first`` on, in row-major order.

        Args:
            name: of the tensor.
            first: where to start.
            count: how many.

        Returns:
            ``[count]``, in the file's type.

        Raises:
            OSError: the disk fails.
            ValueError: the file has become shorter than its header says.
        """
        dtype = self.specs[name].dtype
        values = torch.empty(count, dtype=dtype)
        buffer = values.view(torch.uint8).numpy().data
        with self.path.open("rb", buffering=0) as file:
            file.seek(self._starts[name] + first * dtype.itemsize)
            done = 0
            while done < len(buffer):
                got = file.readinto(buffer[done:])
                if not got:
                    raise ValueError(f"{self.path} ends inside {name}; download or save it again")
                done += got
        return values
