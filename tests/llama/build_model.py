"""A tiny llama model with random weights, and a tokenizer, as a GGUF file: built, not downloaded.

It says nothing sensible, but llama.cpp loads it, templates, samples and constrains as it does with
a real one. `python tests/llama/build_model.py model.gguf` writes the same bytes each time.
"""

import sys
from pathlib import Path

import gguf
import numpy as np

SEED = 20261121
WIDTH, HEADS, LAYERS, FEED = 64, 4, 2, 128
TRAINED_CONTEXT = 4096
SPACE = "\u2581"

# What most models' templates have in common: the roles' marks, tool calls and results. Like many,
# it cannot render an assistant message whose content is null.
TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] }}"
    "{% for call in message.get('tool_calls') or [] %}"
    "{{ '<tool_call>' + call['function']['name'] + call['function']['arguments'] }}"
    "{% endfor %}"
    "{{ '<|im_end|>\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)

# How likely a piece is, beside what the random layers say of it. JSON must come to its end: texts
# and objects are closed more often than they go on, and white space is rare. Asked whether to call
# a function or to write a `message`, it prefers the latter.
_LIKELY = {
    **dict.fromkeys('"}]', 5.0),
    **dict.fromkeys("日🦙", 2.0),
    **dict.fromkeys("0123456789", 1.5),
    ",": 1.0,
    ":": 4.0,
    "m": 3.0,
    "f": 1.0,
    SPACE: -2.0,
    "\n": -4.0,
}
_UNLIKELY = -9.0

Vocabulary = list[tuple[str, float, gguf.TokenType]]


def vocabulary() -> Vocabulary:
    """Control tokens, one token per byte, printable ASCII, a few characters of several bytes."""
    control = [
        (text, 0.0, gguf.TokenType.CONTROL) for text in ("<s>", "<|im_end|>", "<|im_start|>")
    ]
    raw = [(f"<0x{byte:02X}>", 0.0, gguf.TokenType.BYTE) for byte in range(256)]
    letters = [SPACE, "\n", *map(chr, range(33, 127)), "é", "ß", "日", "🦙"]
    normal = [(text, -float(rank), gguf.TokenType.NORMAL) for rank, text in enumerate(letters)]
    return [("<unk>", 0.0, gguf.TokenType.UNKNOWN), *control, *raw, *normal]


def build(path: Path) -> Path:
    """Write the model, and give its path back."""
    tokens = vocabulary()
    writer = gguf.GGUFWriter(path, "llama")
    _describe(writer, tokens)
    for name, tensor in _tensors(tokens):
        writer.add_tensor(name, tensor.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _describe(writer: gguf.GGUFWriter, tokens: Vocabulary) -> None:
    writer.add_name("tiny-random-llama")
    writer.add_context_length(TRAINED_CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _, _ in tokens])
    writer.add_token_scores([score for _, score, _ in tokens])
    writer.add_token_types([kind for _, _, kind in tokens])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)


def _tensors(tokens: Vocabulary):
    random = np.random.default_rng(SEED)

    def noise(*shape: int, scale: float = 0.1) -> np.ndarray:
        return random.normal(0.0, scale, shape)

    embedded = noise(len(tokens), WIDTH, scale=1.0)
    embedded[:, 0] = 8.0  # survives the layers and the norm: what each token's own bias rests on
    yield "token_embd.weight", embedded
    for layer in range(LAYERS):
        for norm in ("attn_norm", "ffn_norm"):
            yield f"blk.{layer}.{norm}.weight", np.ones(WIDTH)
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            yield f"blk.{layer}.{name}.weight", noise(WIDTH, WIDTH)
        yield f"blk.{layer}.ffn_gate.weight", noise(FEED, WIDTH)
        yield f"blk.{layer}.ffn_up.weight", noise(FEED, WIDTH)
        yield f"blk.{layer}.ffn_down.weight", noise(WIDTH, FEED)
    yield "output_norm.weight", np.ones(WIDTH)
    output = noise(len(tokens), WIDTH, scale=0.3)
    # The norm leaves about 5.6 of the constant.
    output[:, 0] = [_bias(text, kind) / 5.6 for text, _, kind in tokens]
    yield "output.weight", output


def _bias(text: str, kind: gguf.TokenType) -> float:
    return _LIKELY.get(text, 0.0) if kind is gguf.TokenType.NORMAL else _UNLIKELY


if __name__ == "__main__":
    build(Path(sys.argv[1]))
