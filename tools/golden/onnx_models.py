"""Models that PyTorch exports to ONNX, with what PyTorch makes of them: outputs, and the gradient of every parameter.

Needs onnx, onnxscript and transformers beside PyTorch: python3 tools/golden/onnx_models.py
"""
import io
import json
import logging
import pathlib
import warnings

import onnx
import torch
import transformers as tf
from torch import nn
from torch.nn import functional as F

warnings.filterwarnings('ignore')
logging.disable(logging.WARNING)
torch.set_num_threads(1)
folder = pathlib.Path(__file__).parents[2] / 'test' / 'golden' / 'onnx'


class Called(nn.Module):
    """A model whose inputs are positional, and whose outputs are tensors."""

    def __init__(self, model, names, outputs):
        super().__init__()
        self.model, self.names, self.outputs = model, names, outputs

    def forward(self, *inputs):
        return self.outputs(self.model(**dict(zip(self.names, inputs))))


class UNet(nn.Module):
    """Convolutions down and up with group normalisation, attention in the middle, the time by sines."""

    def __init__(self):
        super().__init__()

        def block(inputs, outputs):
            return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.GroupNorm(2, outputs), nn.SiLU())

        self.down, self.middle, self.up = block(3, 4), block(4, 8), block(8, 4)
        self.transposed = nn.ConvTranspose2d(8, 4, 2, 2)
        self.time = nn.Linear(4, 8)
        self.norm = nn.GroupNorm(2, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.out = nn.Conv2d(4, 3, 1)

    def forward(self, x, t):
        angles = t[:, None].float() * torch.exp(torch.arange(2, device=x.device) * -0.5)[None]
        time = F.mish(self.time(torch.cat([angles.sin(), angles.cos()], -1)))
        a = self.down(x)
        b = self.middle(F.max_pool2d(a, 2)) + time[:, :, None, None]
        n, c, h, w = b.shape
        rows = self.norm(b).flatten(2).transpose(1, 2)
        b = b + self.attention(rows, rows, rows, need_weights=False)[0].transpose(1, 2).reshape(n, c, h, w)
        grown = F.interpolate(b[:, :4], scale_factor=2, mode='bilinear')
        grown = grown + F.interpolate(b[:, 4:], size=x.shape[-2:], mode='nearest')
        return self.out(self.up(torch.cat([a, self.transposed(b) + grown], 1)))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 6)
        self.lstm = nn.LSTM(6, 5, 2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(10, 4, batch_first=True)
        self.rnn = nn.RNN(4, 3, batch_first=True)

    def forward(self, x):
        return self.rnn(self.gru(self.lstm(self.embedding(x))[0])[0])[0]


class Sampler(nn.Module):
    """What vision models use beside convolutions: sampling, selection, sums along axes, reflected borders."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.instance = nn.InstanceNorm2d(4, affine=True)
        self.slope = nn.PReLU(4)
        self.dense, self.layer = nn.Linear(2, 5), nn.LayerNorm(5)

    def forward(self, x, grid):
        y = F.pad(self.slope(self.instance(self.conv(x))), (1, 1, 1, 1), mode='reflect')
        y = F.avg_pool2d(y, 3, 2, 1)
        z = F.hardswish(F.adaptive_avg_pool2d(F.grid_sample(x, grid, align_corners=False), (3, 3)))
        largest, _ = torch.topk(z.flatten(1), 2)
        w = self.layer(self.dense(largest))
        pairs = torch.einsum('bi,bj->bij', w, w).cumsum(1).tril()
        total = pairs.sum(1) + F.gelu(w, approximate='tanh') + torch.logsumexp(z.flatten(1), 1, keepdim=True)
        return total + F.pixel_shuffle(y, 2).std((1, 2, 3), keepdim=False)[:, None]


encoder = dict(hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16, vocab_size=30)
vision = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=16, patch_size=4)


def text(model, names=('input_ids', 'attention_mask')):
    mask = torch.ones(3, 7, dtype=torch.long)
    mask[1, 5:] = 0
    given = {
        'input_ids': torch.randint(0, 30, (3, 7)),
        'attention_mask': mask,
        'token_type_ids': (torch.arange(7) > 3).long().expand(3, 7).contiguous(),
    }
    dynamic = {name: {0: 'batch', 1: 'sequence'} for name in names}
    return Called(model, names, lambda y: y[0]), [given[name] for name in names], dynamic


def image(model, size, outputs=lambda y: y[0]):
    x = torch.randn(2, 3, size, size)
    return Called(model, ('pixel_values',), outputs), [x], {'pixel_values': {0: 'batch'}}


def detr():
    backbone = tf.ResNetConfig(embedding_size=4, hidden_sizes=[4, 8], depths=[1, 1], layer_type='basic', out_features=['stage2'])
    config = tf.DetrConfig(
        use_timm_backbone=False, use_pretrained_backbone=False, backbone=None, backbone_config=backbone, d_model=8,
        encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=8,
        decoder_ffn_dim=8, num_queries=3, num_labels=2)
    return image(tf.DetrForObjectDetection(config), 32, lambda y: (y.logits, y.pred_boxes))


resnet = tf.ResNetConfig(embedding_size=4, hidden_sizes=[4, 8], depths=[1, 1], layer_type='basic', num_labels=3)
models = {
    'bert': lambda: text(tf.BertModel(tf.BertConfig(**encoder, max_position_embeddings=12)), ('input_ids', 'attention_mask', 'token_type_ids')),
    'mpnet': lambda: text(tf.MPNetModel(tf.MPNetConfig(**encoder, max_position_embeddings=12))),
    'gpt2': lambda: text(tf.GPT2Model(tf.GPT2Config(n_embd=8, n_layer=2, n_head=2, vocab_size=30, n_positions=12, use_cache=False))),
    'llama': lambda: text(tf.LlamaModel(tf.LlamaConfig(**encoder, num_key_value_heads=1, max_position_embeddings=12, use_cache=False))),
    'vit': lambda: image(tf.ViTModel(tf.ViTConfig(**vision)), 16),
    'swin': lambda: image(tf.SwinModel(tf.SwinConfig(image_size=16, patch_size=2, embed_dim=4, depths=[2], num_heads=[2], window_size=4)), 16),
    'convnext': lambda: image(tf.ConvNextModel(tf.ConvNextConfig(hidden_sizes=[4, 4, 8, 8], depths=[1, 1, 1, 1])), 32),
    'resnet': lambda: image(tf.ResNetForImageClassification(resnet), 32),
    'detr': detr,
    'unet': lambda: (UNet(), [torch.randn(2, 3, 8, 8), torch.tensor([3, 7])], {'x': {0: 'batch', 2: 'height', 3: 'width'}, 't': {0: 'batch'}}),
    'recurrent': lambda: (Recurrent(), [torch.randint(0, 20, (3, 6))], {'x': {0: 'batch', 1: 'sequence'}}),
    'sampler': lambda: (Sampler(), [torch.randn(2, 3, 12, 12), torch.rand(2, 6, 6, 2) * 2 - 1], {'x': {0: 'batch'}, 'grid': {0: 'batch'}}),
}
# Exporter and operator set. Both exporters; those of each that fail on a model are left out.
variants = {
    'bert': ['script-17', 'dynamo-18', 'dynamo-23'], 'mpnet': ['script-17'], 'gpt2': ['dynamo-18'], 'llama': ['dynamo-23'],
    'vit': ['script-14', 'dynamo-23'], 'swin': ['dynamo-18'], 'convnext': ['script-11'], 'resnet': ['script-13'], 'detr': ['dynamo-18'],
    'unet': ['script-17', 'dynamo-23'], 'recurrent': ['script-11'], 'sampler': ['script-17', 'dynamo-18'],
}


def bare(proto):
    """A model without what exporters note down of its origin."""
    for graph in [proto.graph]:
        del graph.metadata_props[:], graph.value_info[:]
        for node in graph.node:
            scopes = [p for p in node.metadata_props if p.key == 'pkg.torch.onnx.name_scopes']
            del node.metadata_props[:]
            node.metadata_props.extend(scopes)
            node.doc_string = ''
        for value in [*graph.input, *graph.output, *graph.initializer]:
            del value.metadata_props[:]
            value.doc_string = ''
    del proto.metadata_props[:]
    return proto


def exported(model, inputs, dynamic, exporter, opset):
    file = io.BytesIO()
    names = list(dynamic)
    if exporter == 'script':
        # Batch normalisation stays what it is only in training's form.
        norm = any(isinstance(m, nn.BatchNorm2d) for m in model.modules())
        mode = torch.onnx.TrainingMode.PRESERVE if norm else torch.onnx.TrainingMode.EVAL
        torch.onnx.export(model, tuple(inputs), file, input_names=names, dynamic_axes=dynamic, opset_version=opset,
                          dynamo=False, training=mode, do_constant_folding=not norm)
        return onnx.load_from_string(file.getvalue())
    shapes = tuple({axis: torch.export.Dim.DYNAMIC for axis in dynamic[name]} for name in names)
    shapes = (shapes,) if isinstance(model, Called) else shapes
    program = torch.onnx.export(model, tuple(inputs), input_names=names, dynamic_shapes=shapes, opset_version=opset,
                                dynamo=True, verbose=False)
    return program.model_proto


def numbers(x):
    return {'shape': list(x.shape), 'data': [float(f'{v:.7g}') for v in x.detach().flatten().tolist()]}


def main():
    folder.mkdir(exist_ok=True)
    for name, make in models.items():
        torch.manual_seed(0)
        model, inputs, dynamic = make()
        model.eval()
        with torch.no_grad():
            # Equal weights would be stored as one.
            for p in model.parameters():
                p.requires_grad_(True)
                p.add_(torch.randn_like(p) * 0.05)
            # PyTorch keeps the row of padding_idx still, which no ONNX model says.
            for module in model.modules():
                if isinstance(module, nn.Embedding):
                    module.padding_idx = None
            for key, b in model.named_buffers():
                if key.endswith('running_var'):
                    b.uniform_(0.5, 1.5)
                if key.endswith('running_mean'):
                    b.normal_(0, 0.1)
        outputs = model(*inputs)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        forms = [torch.linspace(-1, 1, y.numel()).reshape(y.shape) for y in outputs]
        loss = sum((y * form).sum() for y, form in zip(outputs, forms))
        parameters = dict(model.named_parameters())
        gradients = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
        record = {
            'inputs': {key: {'dtype': str(x.dtype)[6:], **numbers(x)} for key, x in zip(dynamic, inputs)},
            'outputs': [numbers(y) for y in outputs],
            'gradients': {key: numbers(g) for key, g in zip(parameters, gradients) if g is not None},
            'variants': variants[name],
        }
        (folder / f'{name}.json').write_text(json.dumps(record, separators=(',', ':')))
        for variant in variants[name]:
            exporter, opset = variant.split('-')
            proto = bare(exported(model, inputs, dynamic, exporter, int(opset)))
            path = folder / f'{name}-{variant}.onnx'
            path.write_bytes(proto.SerializeToString())
            print(path.name, path.stat().st_size, flush=True)


main()
