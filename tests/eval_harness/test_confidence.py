"""How sure a model was of its words: what its logits say, only when it is asked, and the same in any batch."""

import dataclasses
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models
from transformers import PreTrainedTokenizerFast

from fcotvl_hf.eval_harness.backend import TransformersBackend
from fcotvl_hf.eval_harness.confidence import pieces
from fcotvl_hf.eval_harness.runner import evaluate
from fcotvl_hf.eval_harness.samples import read_records
from fcotvl_hf.eval_harness.tasks import get_task

TASK = dataclasses.replace(get_task("tiny-recognition"), max_new_tokens=6)


def test_it_is_what_the_logits_say(tiny_teacher, rows) -> None:
    model, processor = tiny_teacher
    backend = TransformersBackend(model, confidence=True)
    records = evaluate(backend, processor, rows[:4], TASK, batch_size=4, progress=False).samples
    for record, row in zip(records, rows, strict=False):
        text = processor.apply_chat_template(row["messages"][:1], add_generation_prompt=True)
        inputs = processor(text=text, images=row["images"], return_tensors="pt")
        out = model.generate(**inputs, max_new_tokens=6, output_logits=True, return_dict_in_generate=True)
        ids = out.sequences[0, inputs["input_ids"].shape[1] :]
        shares = torch.stack([step[0].softmax(dim=-1)[token] for step, token in zip(out.logits, ids, strict=True)])
        told = pieces(processor.tokenizer, ids.tolist(), shares.log().tolist())
        assert [text for text, _ in record["confidence"]] == [text for text, _ in told]
        assert [share for _, share in record["confidence"]] == pytest.approx([share for _, share in told], abs=2e-3)
        assert "".join(text for text, _ in record["confidence"]) == record["prediction"]


def test_it_is_kept_when_asked_for_and_changes_no_answer(tiny_teacher, rows, tmp_path: Path) -> None:
    model, processor = tiny_teacher
    plain = evaluate(model, processor, rows[:3], TASK, out=tmp_path / "plain", progress=False).samples
    backend = TransformersBackend(model, confidence=True)
    told = evaluate(backend, processor, rows[:3], TASK, out=tmp_path / "told", progress=False).samples
    assert [record["prediction"] for record in told] == [record["prediction"] for record in plain]
    assert all("confidence" not in record for record in plain)
    (path,) = (tmp_path / "told").glob("samples-*.jsonl")
    assert all(record["confidence"] for record in read_records(path))


def test_letters_of_several_tokens_stay_whole() -> None:
    model = Tokenizer(models.BPE(vocab={"a": 0, "Ã": 1, "¼": 2}, merges=[]))
    model.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=model)
    assert pieces(tokenizer, [0, 1, 2], [0.0, -0.5, 0.0])[0] == ("a", 1.0)
    assert "".join(text for text, _ in pieces(tokenizer, [0, 1, 2, 0], [0.0] * 4)) == "aüa"
