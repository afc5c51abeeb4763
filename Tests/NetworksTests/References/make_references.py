"""Makes the references that ReferenceTests.swift compares networks with, by PyTorch in Float64.

Run where PyTorch is installed; no test needs it. Parameters and inputs are drawn in Float32 with a
fixed seed, so the same version of PyTorch makes the same files:

    python3 -m venv venv && venv/bin/pip install numpy safetensors torch
    venv/bin/python make_references.py          # writes NAME.safetensors beside itself

A file has `input` and `labels` of a batch; `parameter.…`, with the names of the program; `loss` and
`gradient.…` of a training step; `statistics.…`, what the step left of batch normalization; and the
`scores` of an evaluation after it. Samples of sequences are tokens + 1 numbers, their labels the
number of tokens that are predicted.
"""

import pathlib

import torch
from safetensors.torch import save_file
from torch.nn import functional as f

SEED = 20261127


class Network:
    """Layers as tuples, with the parameters that they ask for on their first way through."""

    def __init__(self, layers):
        self.layers = layers
        self.parameters, self.statistics = {}, {}

    def run(self, samples, training):
        self.named, self.training = 0, training
        return self.follow(self.layers, samples)

    def follow(self, layers, x):
        for layer in layers:
            kind, *settings = layer
            x = getattr(self, kind)(x, *settings)
        return x

    def tensors(self, **shapes):
        """The tensors of the next layer that has any, by their names in it."""
        layer = f"layer{self.named}."
        self.named += 1
        for name, shape in shapes.items():
            if layer + name not in self.parameters:
                values = torch.randn(shape) * (0.1 if len(shape) == 1 else shape[1:].numel() ** -0.5)
                self.parameters[layer + name] = (
                    values + (name == "scale")).double().requires_grad_()
        return [self.parameters[layer + name] for name in shapes]

    def convolution(self, x, channels, kernel, stride=1, padding=0, bias=True):
        shape = torch.Size([channels, x.shape[1], kernel, kernel])
        biases = {"bias": torch.Size([channels])} if bias else {}
        return f.conv2d(x, *self.tensors(weight=shape, **biases), stride=stride, padding=padding)

    def dense(self, x, outputs):
        shape = torch.Size([outputs, x.shape[-1]])
        return f.linear(x, *self.tensors(weight=shape, bias=shape[:1]))

    def batch_normalization(self, x):
        layer = f"layer{self.named}."
        mean = self.statistics.setdefault(layer + "mean", torch.zeros(x.shape[1]).double())
        variance = self.statistics.setdefault(layer + "variance", torch.ones(x.shape[1]).double())
        scale, shift = self.tensors(scale=x.shape[1:2], shift=x.shape[1:2])
        return f.batch_norm(x, mean, variance, scale, shift, training=self.training)

    def layer_normalization(self, x):
        return f.layer_norm(x, x.shape[-1:], *self.tensors(scale=x.shape[-1:], shift=x.shape[-1:]))

    def relu(self, x):
        return f.relu(x)

    def gelu(self, x):
        return f.gelu(x, approximate="tanh")

    def maximum_pooling(self, x, size, stride, padding=0):
        return f.max_pool2d(x, size, stride, padding)

    def average_pooling(self, x, size, stride, padding=0):
        return f.avg_pool2d(x, size, stride, padding)

    def global_average_pooling(self, x):
        return f.adaptive_avg_pool2d(x, 1)

    def flatten(self, x):
        return x.flatten(1)

    def residual(self, x, path, shortcut=()):
        return self.follow(path, x) + self.follow(shortcut, x)

    def embedding(self, x, vocabulary, width):
        tokens = x[:, :-1].long()
        token, position = self.tensors(
            token=torch.Size([vocabulary, width]), position=torch.Size([tokens.shape[1], width]))
        return f.embedding(tokens, token) + position

    def causal_attention(self, x, heads):
        samples, tokens, width = x.shape
        query, key, value = (
            part.view(samples, tokens, heads, -1).transpose(1, 2) for part in x.chunk(3, dim=-1))
        seen = f.scaled_dot_product_attention(query, key, value, is_causal=True)
        return seen.transpose(1, 2).reshape(samples, tokens, width // 3)

    def unembedding(self, x, tied):
        if tied:
            return f.linear(x, self.parameters["layer0.token"])
        first = self.parameters["layer0.token"].shape
        return f.linear(x, *self.tensors(weight=first))


def normalized(channels, kernel, stride=1, padding=0):
    return [("convolution", channels, kernel, stride, padding, False), ("batch_normalization",)]


def resnet(widths):
    """Eight layers, for images of 28 x 28, which are padded to 32 x 32."""
    layers = normalized(widths[0], 3, padding=3) + [("relu",)]
    for stage, width in enumerate(widths):
        stride = 2 if stage > 0 else 1
        path = normalized(width, 3, stride, 1) + [("relu",)] + normalized(width, 3, padding=1)
        shortcut = normalized(width, 1, stride) if stage > 0 else []
        layers += [("residual", path, shortcut), ("relu",)]
    return layers + [("global_average_pooling",), ("flatten",), ("dense", 3)]


def gpt(layers, heads, width, tied):
    attention = [("layer_normalization",), ("dense", 3 * width), ("causal_attention", heads),
                 ("dense", width)]
    perceptron = [("layer_normalization",), ("dense", 4 * width), ("gelu",), ("dense", width)]
    return ([("embedding", 256, width)] + [("residual", attention), ("residual", perceptron)] * layers
            + [("layer_normalization",), ("unembedding", tied)])


def images(*layers):
    """Layers for images that end in three scores."""
    return [*layers, ("flatten",), ("dense", 3)], [2, 7, 6]


def sequences(*layers):
    """Layers for tokens, between an embedding and its opposite."""
    return [("embedding", 7, 6), *layers, ("unembedding", False)], [5]


RESIDUALS = [
    ("convolution", 4, 3, 1, 1), ("relu",),
    ("residual", normalized(4, 3, padding=1) + [("relu",), ("convolution", 4, 3, 1, 1)]), ("relu",),
    ("residual", [("convolution", 3, 1, 2)], normalized(3, 3, 2, 1)),
]

CASES = {
    "convolution": images(
        ("convolution", 4, 3, 2, 1), ("relu",), ("convolution", 3, 2, 1, 0, False)),
    "maximum-pooling": images(("convolution", 3, 1), ("maximum_pooling", 3, 2, 1)),
    "average-pooling": images(("convolution", 3, 1), ("average_pooling", 3, 2, 1)),
    "global-pooling": images(("convolution", 4, 3), ("global_average_pooling",)),
    "batch-normalization": images(*normalized(4, 3), ("relu",), ("batch_normalization",)),
    "residual": images(*RESIDUALS),
    "embedding": sequences(),
    "layer-normalization": sequences(("layer_normalization",), ("dense", 6), ("relu",)),
    "gelu": sequences(("dense", 8), ("gelu",), ("dense", 6)),
    "attention": sequences(("dense", 18), ("causal_attention", 3)),
    "mlp": ([("dense", 7), ("relu",), ("dense", 5), ("relu",), ("dense", 3)], [6]),
    "cnn": ([("convolution", 32, 3, 1, 1), ("maximum_pooling", 2, 2), ("relu",),
             ("convolution", 64, 3, 1, 1), ("maximum_pooling", 2, 2), ("relu",), ("flatten",),
             ("dense", 128), ("relu",), ("dense", 3)], [1, 5, 6]),
    "resnet8": (resnet([4, 8, 8]), [1, 28, 28]),
    "gpt": (gpt(2, 2, 8, False), [6]),
    "gpt-tied": (gpt(1, 4, 8, True), [6]),
}


def batch(layers, shape, count=4):
    """Samples, and a class for each, or the number of tokens that are predicted."""
    if layers[0][0] != "embedding":
        return torch.randn(count, *shape), torch.arange(count) % 3
    labels = torch.full([count], shape[0])
    labels[-1] -= 1
    return torch.randint(layers[0][1], (count, shape[0] + 1)).float(), labels


def loss(scores, samples, labels):
    """The mean cross-entropy of the samples, or of the tokens that are predicted."""
    if scores.dim() == 2:
        return f.cross_entropy(scores, labels)
    predicted = torch.arange(scores.shape[1]) < labels[:, None]
    return f.cross_entropy(scores[predicted], samples[:, 1:][predicted].long())


def reference(layers, shape):
    samples, labels = batch(layers, shape)
    exact = samples.double()
    network = Network(layers)
    found = loss(network.run(exact, training=True), samples, labels)
    found.backward()
    tensors = {"input": samples, "labels": labels, "loss": found}
    for name, parameter in network.parameters.items():
        tensors[f"parameter.{name}"] = parameter
        tensors[f"gradient.{name}"] = parameter.grad
    tensors |= {f"statistics.{name}": value for name, value in network.statistics.items()}
    tensors["scores"] = network.run(exact, training=False)
    return {name: tensor.detach().float().contiguous() for name, tensor in tensors.items()}


def main():
    folder = pathlib.Path(__file__).parent
    for name, (layers, shape) in CASES.items():
        torch.manual_seed(SEED)
        save_file(reference(layers, shape), folder / f"{name}.safetensors",
                  {"made by": f"make_references.py, PyTorch {torch.__version__.split('+')[0]}"})


if __name__ == "__main__":
    main()
