"""Let the teacher read a data set once and keep what it says, so that later runs train without it."""

from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, IterableDataset, Subset
from tqdm import tqdm

from fcotvl_hf.eval_harness.fingerprint import settings_hash
from fcotvl_hf.eval_harness.processes import processes
from fcotvl_hf.modeling import FCoTVLProcessor

from .alignment import IGNORED
from .distillation_config import FCoTDistillationConfig
from .skipping import ReadableRows
from .stored_rows import Collate, Keys, StoredRows
from .teacher_source import TeacherSource
from .teacher_store import StoredRow, TeacherStore
from .teachers import Teacher

_PROBES = 8
_NO_SETTINGS = ("auto_map", "image_processor_type")

Ask = Callable[[Teacher, dict[str, Any]], tuple[torch.Tensor, ...]]
"""Lets a teacher read a batch: the tokens of its responses, ``token_ids`` and ``log_probs`` of its ``Outcomes``."""


@dataclass(frozen=True)
class Precomputer:
    """Turns data sets into data sets that bring the teacher's distributions with them.

    Args:
        source: the teacher, loaded only if something is missing.
        ask: lets it read a batch.
        collate: makes batches, with a row that says nothing in the place of each that is no use.
        keys: hashes the rows of a batch.
        processor: hash of what turns rows into batches, see ``processor_hash``.
        args: temperature, top k, batch size, workers, progress bar.
    """

    source: TeacherSource
    ask: Ask
    collate: Collate
    keys: Keys
    processor: str
    args: FCoTDistillationConfig

    def __call__(self, rows: Any, folder: Path) -> StoredRows:
        """Write what is missing in ``folder``.

        Args:
            rows: a data set that gives the same row for an index each time.
            folder: for the shards; kept for other runs.

        Raises:
            ValueError: the data set has no length, or the folder holds another teacher's or other data's
                distributions.
        """
        if isinstance(rows, IterableDataset) or not isinstance(rows, Sized):
            raise ValueError("precompute_teacher needs a data set with a length and numbered rows, not a stream")
        store = TeacherStore(folder, len(rows))
        readable = ReadableRows(rows)
        probes = [readable[index] for index in range(0, len(rows), max(1, len(rows) // _PROBES))]
        store.claim(
            {
                "teacher": self.source.fingerprint(),
                "data": settings_hash({"probes": [self.keys(self.collate([probe])).item() for probe in probes]}),
                "processor": self.processor,
                "temperature": self.args.temperature,
                "top_k": self.args.teacher_top_k or 0,
            }
        )
        if store.missing():
            self._fill(store, readable)
        return StoredRows(rows, store)

    def _fill(self, store: TeacherStore, rows: Any) -> None:
        """Write the shards that are missing; several processes share them."""
        state = processes()
        if state.is_main_process:
            store.discard_unfinished()
        state.wait_for_everyone()
        todo = store.missing(store.shards[state.process_index :: state.num_processes])
        numbers = [number for shard in todo for number in store.rows_of(shard)]
        hidden = bool(self.args.disable_tqdm) or not state.is_main_process
        answers = self._answers(Subset(rows, numbers))
        with tqdm(desc="teacher", total=len(numbers), unit="row", disable=hidden or None) as bar:  # None: on terminals
            for shard in todo:
                store.write(shard, list(_counted(islice(answers, len(store.rows_of(shard))), bar)))
        state.wait_for_everyone()

    def _answers(self, rows: Subset[Any]) -> Iterator[StoredRow]:
        """What the teacher says about each row, in order."""
        loader = DataLoader(
            rows,
            batch_size=self.args.per_device_train_batch_size,
            collate_fn=self.collate,
            num_workers=self.args.dataloader_num_workers,
        )
        teacher = self.source.load()
        for batch in loader:
            keys = self.keys(batch)
            lengths = (batch["labels"][:, 1:] != IGNORED).sum(dim=1).tolist()
            columns = (values.cpu().split(lengths) for values in self.ask(teacher, batch))
            yield from map(StoredRow, keys, *columns)


def _counted(rows: Iterable[StoredRow], bar: "tqdm[Any]") -> Iterator[StoredRow]:
    for row in rows:
        bar.update()
        yield row


def processor_hash(processor: FCoTVLProcessor) -> str:
    """Hash what decides how pictures are cut and conversations are written, whatever the student's stride."""
    images = {key: str(value) for key, value in processor.image_processor.to_dict().items() if key not in _NO_SETTINGS}
    vocabulary = processor.tokenizer.get_vocab()
    return settings_hash({"images": images, "template": processor.chat_template, "vocabulary": vocabulary})
