"""A small BERT tokenizer and what Hugging Face's tokenizers makes of texts: test/golden/tokenizer.json, texts.json. A table by PyArrow: table.parquet."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
from common import out
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

words = "[PAD] [UNK] [CLS] [SEP] the a good bad film movie was is it not at all un ##watch ##able ##s ##ly . , ! fun great dull".split()
tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
tokenizer.decoder = decoders.WordPiece()
tokenizer.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
)
(out / "tokenizer.json").write_text(tokenizer.to_str() + "\n")

texts = ["The film was GREAT!", "unwatchable, dull films.", "", "a a a a a a a a a a", "naïve fun"]
cases = []
for length in (4, 6, 64):
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")
    rows = tokenizer.encode_batch(texts)
    cases.append({"maxLength": length, "ids": [row.ids for row in rows], "mask": [row.attention_mask for row in rows]})
(out / "texts.json").write_text(json.dumps({"texts": texts, "cases": cases}, separators=(",", ":")) + "\n")

table = pa.table(
    {
        "height": pa.array([1.5, 2.25, -3.0, 0.5], pa.float64()),
        "count": pa.array([1, 2**40, 3, 4], pa.int64()),
        "kind": pa.array(["cat", "dog", "cat", "bird"]),
        "note": pa.array(["good", "bad", None, "ü, \"x\""]),
    }
)
pq.write_table(table, out / "table.parquet", compression="zstd")
