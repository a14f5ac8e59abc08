"""FastV against a slow reference: eager attention maps, one row at a time, and every step from scratch."""

import pytest
import torch
import transformers
from packaging.version import Version
from PIL import Image

from fcotvl_hf.baselines import fastv
from fcotvl_hf.baselines.fastv import kept_count, kept_tokens
from fcotvl_hf.baselines.masked_cache import CACHE

WORDS = {"do_sample": False, "max_new_tokens": 6}


@pytest.fixture
def rows(page: Image.Image) -> list[tuple[list[Image.Image], str]]:
    """One tile; three; five in two images; none."""
    tile = page.crop((0, 0, 112, 112))
    return [([tile], "Short?"), ([page], "Read the text."), ([tile, page], "Compare both of them."), ([], "Say hello.")]


def slow_fastv(teacher, inputs, layer: int, keep: float, steps: int) -> tuple[list[int], list[int], torch.Tensor]:
    """The places that stay, the greedy answer, and the logits of its last step.

    Args:
        teacher: with four layers or so; its attention is set to eager.
        inputs: of one row without padding.
        layer: from which on tokens are missing.
        keep: share that stays.
        steps: tokens to generate.
    """
    model = teacher.model
    model.language_model.set_attn_implementation("eager")
    ids = inputs["input_ids"]
    length = ids.shape[1]
    features = model.get_image_features(inputs["pixel_values"]).pooler_output.flatten(0, 1)
    stays: list[int] = []
    for _ in range(steps):
        embeddings = teacher.get_input_embeddings()(ids)
        visual = (inputs["input_ids"][0] == teacher.config.image_token_id).nonzero()[:, 0].tolist()
        embeddings[0, visual] = features
        output = model.language_model(inputs_embeds=embeddings, output_attentions=True, output_hidden_states=True)
        if not stays:  # chosen once, by what follows the prompt
            attention = output.attentions[layer - 1][0].mean(0)[-1]
            order = sorted(visual, key=lambda place: -float(attention[place]))
            dropped = order[kept_count(len(visual), keep) :]
            stays = [place for place in range(length) if place not in dropped]
        places = torch.tensor(stays + list(range(length, ids.shape[1])))
        hidden = output.hidden_states[layer][:, places]
        causal = torch.full((len(places), len(places)), float("-inf")).triu(1)[None, None]
        rotary = model.language_model.rotary_emb(hidden, position_ids=places[None])
        for block in model.language_model.layers[layer:]:
            hidden = block(hidden, attention_mask=causal, position_embeddings=rotary)
        logits = teacher.lm_head(model.language_model.norm(hidden))
        ids = torch.cat([ids, logits[:, -1:].argmax(-1)], dim=1)
    return stays, ids[0, length:].tolist(), logits


@pytest.mark.parametrize(("layer", "keep"), [(2, 0.5), (1, 0.25), (3, 0.3)])
@torch.no_grad()
def test_answers_are_those_of_a_full_forward_over_the_reduced_sequence(
    deep_teacher, encode, rows, layer: int, keep: float
) -> None:
    teacher, processor = deep_teacher
    reduced, same = fastv(teacher, processor, keep, layer)
    assert same is processor
    singles = [encode(processor, row) for row in rows[:3]]
    answers = [reduced.generate(**inputs, **WORDS)[0, inputs["input_ids"].shape[1] :].tolist() for inputs in singles]
    outputs = [reduced(**inputs, use_cache=True) for inputs in singles]
    try:
        references = [slow_fastv(teacher, inputs, layer, keep, 6) for inputs in singles]
    finally:
        teacher.model.language_model.set_attn_implementation("sdpa")
    assert answers == [reference[1] for reference in references]
    assert len({tuple(answer) for answer in answers}) > 1
    for inputs, output, (stays, answer, logits) in zip(singles, outputs, references, strict=True):
        length, visual = inputs["input_ids"].shape[1], int((inputs["input_ids"] == processor.image_token_id).sum())
        assert len(stays) == length - visual + kept_count(visual, keep)
        held = [each.keys.shape[2] for each in output[CACHE].layers]
        assert held == [length] * layer + [len(stays)] * (4 - layer)
        torch.testing.assert_close(output.logits, logits[:, : len(stays)], rtol=1e-4, atol=1e-4)
        first = output.logits[0, -1].argmax()
        assert first == answer[0]


@pytest.mark.parametrize("options", [{}, {"num_beams": 3}], ids=["greedy", "beams"])
def test_a_padded_batch_answers_like_single_rows(deep_teacher, encode, rows, options: dict[str, int]) -> None:
    teacher, processor = deep_teacher
    reduced, _ = fastv(teacher, processor, 0.5)
    batch = encode(processor, *rows)
    assert batch["attention_mask"].sum(1).unique().numel() == 4  # all padded differently
    together = reduced.generate(**batch, **WORDS, **options)[:, -6:].tolist()
    assert together == [reduced.generate(**encode(processor, row), **WORDS, **options)[0, -6:].tolist() for row in rows]


def test_all_tokens_give_the_teacher_and_text_is_never_dropped(deep_teacher, encode, rows) -> None:
    teacher, processor = deep_teacher
    inputs = encode(processor, rows[2])
    whole, _ = fastv(teacher, processor, 1.0)
    torch.testing.assert_close(whole(**inputs).logits, teacher(**inputs).logits)
    text = encode(processor, rows[3])
    torch.testing.assert_close(fastv(teacher, processor, 0.1)[0](**text).logits, teacher(**text).logits)


def test_a_second_turn_goes_on_from_the_reduced_cache(deep_teacher, encode, rows) -> None:
    teacher, processor = deep_teacher
    reduced, _ = fastv(teacher, processor, 0.5)
    inputs = encode(processor, rows[1])
    first = reduced(**inputs, use_cache=True)
    more = processor.tokenizer("And now?", return_tensors="pt")["input_ids"]
    at_once = reduced(input_ids=more, **{CACHE: first[CACHE]}, use_cache=True).logits[0, -1]
    again = reduced(**inputs, use_cache=True)
    for token in more[0]:
        step = reduced(input_ids=token[None, None], **{CACHE: again[CACHE]}, use_cache=True)
    torch.testing.assert_close(step.logits[0, -1], at_once, rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match="first turn only"):
        reduced(**inputs, **{CACHE: first[CACHE]})


def test_weights_are_shared_and_the_teacher_stays(deep_teacher, encode, rows) -> None:
    teacher, processor = deep_teacher
    inputs = encode(processor, rows[1])
    before = teacher(**inputs).logits
    reduced, _ = fastv(teacher, processor, 0.5)
    reduced(**inputs)
    held = {parameter.data_ptr() for parameter in teacher.parameters()}
    assert {parameter.data_ptr() for parameter in reduced.parameters()} == held
    assert torch.equal(teacher(**inputs).logits, before)
    assert teacher.config.text_config.num_hidden_layers == len(teacher.model.language_model.layers) == 4
    assert [layer.self_attn.layer_idx for layer in teacher.model.language_model.layers] == [0, 1, 2, 3]


def test_kept_tokens_are_the_best_of_each_row_in_order() -> None:
    visual = torch.tensor([[0, 0, 1, 1, 1, 1, 0], [1, 1, 0, 1, 1, 1, 1]]).bool()
    mask = torch.tensor([[0, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1]])
    scores = torch.tensor([[9, 9, 0.1, 0.4, 0.3, 0.2, 9], [0.5, 0.1, 0.0, 0.4, 0.4, 0.3, 0.2]])
    index, padding = kept_tokens(scores, visual, mask, 0.5)
    assert index.tolist() == [[1, 3, 4, 6], [0, 2, 3, 4]]
    assert padding.tolist() == [[1, 1, 1, 1], [1, 1, 1, 1]]
    index, padding = kept_tokens(scores, visual, mask, 1 / 6)
    assert index[0].tolist() == [1, 3, 6] and index[1].tolist()[1:] == [0, 2]
    assert padding.tolist() == [[1, 1, 1], [0, 1, 1]]
    assert [kept_count(count, 0.5) for count in (0, 1, 2, 5, 16)] == [0, 1, 1, 3, 8]
    assert [kept_count(count, 0.01) for count in (0, 1, 16)] == [0, 1, 1]


def test_what_it_cannot_do_is_refused(deep_teacher, encode, rows) -> None:
    teacher, processor = deep_teacher
    for layer in (0, 4):
        with pytest.raises(ValueError, match=f"layer 1 to 3 of this model, not at layer {layer}"):
            fastv(teacher, processor, 0.5, layer)
    reduced, _ = fastv(teacher, processor, 0.5)
    inputs = encode(processor, rows[0], rows[1])
    right = {**inputs, "attention_mask": inputs["attention_mask"].flip(1)}
    with pytest.raises(ValueError, match="pad on the left"):
        reduced(**right)
    with pytest.raises(ValueError, match="plain DynamicCache"):
        reduced.generate(**inputs, cache_implementation="static", **WORDS)
    with pytest.raises(ValueError, match="needs input_ids"):
        reduced(inputs_embeds=torch.zeros(1, 3, 48))
    if Version(transformers.__version__) >= Version("5.24"):
        output = reduced(**inputs, use_cache=True)
        with pytest.raises(ValueError, match="no assisted decoding"):
            output[CACHE].crop(-1)
