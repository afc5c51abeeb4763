"""Gradients of the models of 'signum bench gradient' by PyTorch:

gradient.py [--dtype float32 | bf16] MODEL

Started by gradient.sh. Prints a row of the same table: the best of plain and channels-last images,
and of torch.compile where it builds. One thread. bf16 forms products of bfloat16, by torch.autocast.
"""

import argparse
import resource
import time

START = time.perf_counter()

import torch  # noqa: E402  the time to the first gradient counts the import
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

PARSER = argparse.ArgumentParser()
PARSER.add_argument("model", choices=["mlp", "cnn", "resnet20", "gpt"])
PARSER.add_argument("--dtype", choices=["float32", "bf16"], default="float32")
OPTIONS = PARSER.parse_args()
REPETITIONS = 9
TRIAL_SECONDS = 0.1
CONTEXT, VOCABULARY = 256, 256


class Block(nn.Module):
    def __init__(self, channels: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, outputs, 3, stride, 1, bias=False)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)])
        self.shortcut = nn.Identity()
        if stride > 1 or channels != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = torch.relu(self.norms[0](self.first(images)))
        return torch.relu(self.norms[1](self.second(hidden)) + self.shortcut(images))


def resnet20() -> nn.Module:
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    channels = 16
    for width in [16, 32, 64]:
        for number in range(3):
            layers.append(Block(channels, width, 2 if number == 0 and width > 16 else 1))
            channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class Layer(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.inputs, self.output = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.perceptron = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU("tanh"), nn.Linear(4 * width, width))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        batch, count, width = tokens.shape
        parts = self.inputs(self.norms[0](tokens)).chunk(3, dim=-1)
        query, key, value = (
            part.view(batch, count, self.heads, width // self.heads).transpose(1, 2)
            for part in parts)
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        tokens = tokens + self.output(seen.transpose(1, 2).reshape(batch, count, width))
        return tokens + self.perceptron(self.norms[1](tokens))


class GPT(nn.Module):
    def __init__(self, layers: int = 6, heads: int = 6, width: int = 384) -> None:
        super().__init__()
        self.token, self.position = nn.Embedding(VOCABULARY, width), nn.Embedding(CONTEXT, width)
        self.layers = nn.Sequential(*[Layer(width, heads) for _ in range(layers)])
        self.norm, self.scores = nn.LayerNorm(width), nn.Linear(width, VOCABULARY, bias=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        hidden = self.token(tokens) + self.position(torch.arange(tokens.shape[1]))
        return self.scores(self.norm(self.layers(hidden))).transpose(1, 2)


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(32, 64, 3, padding=1), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Linear(128, 10))


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))


MODELS = {"mlp": (mlp, [784]), "cnn": (cnn, [1, 28, 28]), "resnet20": (resnet20, [3, 32, 32])}


def make(name: str, batch: int) -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    if name == "gpt":
        text = torch.randint(VOCABULARY, (batch, CONTEXT + 1))
        return GPT(), text[:, :-1].contiguous(), text[:, 1:].contiguous()
    model, shape = MODELS[name]
    return model(), torch.randn(batch, *shape), torch.arange(batch) % 10


def gradient(model: nn.Module, samples: torch.Tensor, labels: torch.Tensor) -> None:
    model.zero_grad(set_to_none=False)
    with torch.autocast("cpu", torch.bfloat16, enabled=OPTIONS.dtype == "bf16"):
        loss = functional.cross_entropy(model(samples), labels)
    loss.backward()


def seconds_per_gradient(model: nn.Module, samples: torch.Tensor, labels: torch.Tensor) -> list:
    def take(times: int) -> float:
        start = time.perf_counter()
        for _ in range(times):
            gradient(model, samples, labels)
        return (time.perf_counter() - start) / times

    take(1)
    times = max(1, int(TRIAL_SECONDS / take(1)))
    return sorted(take(times) for _ in range(REPETITIONS))


def main() -> None:
    name, batch = OPTIONS.model, 8 if OPTIONS.model == "gpt" else 128
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model, samples, labels = make(name, batch)
    gradient(model, samples, labels)
    first = time.perf_counter() - START
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    ways = {"plain": seconds_per_gradient(model, samples, labels)}
    if samples.dim() == 4:
        ways["channels-last"] = seconds_per_gradient(
            model.to(memory_format=torch.channels_last),
            samples.to(memory_format=torch.channels_last), labels)
    try:
        ways["compiled"] = seconds_per_gradient(torch.compile(model), samples, labels)
    except Exception as error:  # noqa: BLE001  a missing compiler comes as one of many kinds
        print(f"#   torch.compile does not build here: {type(error).__name__}")
    best = min(ways, key=lambda way: ways[way][REPETITIONS // 2])
    seconds = ways[best]
    rates = [batch / seconds[place] for place in (REPETITIONS // 2, 6, 2)]
    count = sum(parameter.numel() for parameter in model.parameters())
    columns = [str(batch), str(count), str(REPETITIONS)] + [
        f"{rate:.0f}" if rate >= 100 else f"{rate:.2f}" for rate in rates]
    widths = [6, 12, 9, 11, 11, 11]
    row = "".join(text.rjust(width) for text, width in zip(columns, widths))
    print(f"{name:9}{row}{'-':>10}{first:10.3f}{'-':>11}{peak:10.0f}")
    print(f"#   PyTorch {torch.__version__}, {best}; "
          + ", ".join(f"{way} {batch / times[REPETITIONS // 2]:.0f}" for way, times in ways.items()))


main()
