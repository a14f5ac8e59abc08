"""Parts of tensors read from safetensors files with plain reads: nothing is mapped, so no page counts as our memory."""

import hashlib
from pathlib import Path

import torch

from .tensors import read_specs


class TensorFile:
    """A safetensors file of which any run of numbers can be read.

    The header is checked once.

    Args:
        path: the file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is cut short or no safetensors file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.specs = read_specs(path)
        with path.open("rb") as file:
            length = file.read(8)
            header = file.read(int.from_bytes(length, "little"))
        self._digest = hashlib.sha256(length + header)
        self._digested = 8 + len(header)

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
        start = self.specs[name].start + first * dtype.itemsize
        with self.path.open("rb", buffering=0) as file:
            file.seek(start)
            done = 0
            while done < len(buffer):
                got = file.readinto(buffer[done:])
                if not got:
                    raise ValueError(f"{self.path} ends inside {name}; download or save it again")
                done += got
        if start == self._digested:
            self._digest.update(buffer)
            self._digested += done
        return values

    def sha256(self) -> str:
        """The hash of the whole file; what was read in order is not read again for it.

        Raises:
            OSError: the disk fails.
        """
        with self.path.open("rb", buffering=0) as file:
            file.seek(self._digested)
            while block := file.read(1 << 20):
                self._digest.update(block)
            self._digested = file.tell()
        return self._digest.hexdigest()
