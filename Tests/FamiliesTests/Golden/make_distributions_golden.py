"""Writes distributions.safetensors: the mixtures' probabilities and the objectives' values by their definitions.

    pip install torch numpy safetensors
    python3 make_distributions_golden.py

Differences of distribution functions lose digits, so they are taken of numbers with 100, on the side where these are
small, and rounded to float64 at the end. Parameters are float32, so that either precision is given the same ones.
"""

import math
from decimal import Context, Decimal, setcontext
from pathlib import Path

import torch
from safetensors.torch import save_file

setcontext(Context(prec=100, Emin=-999999999, Emax=999999999))
torch.manual_seed(29)
golden = {}


def number(x):
    return Decimal(float(x))


def sigmoid(x):
    return 1 / (1 + (-x).exp())


def shares(logits):
    weights = [number(x).exp() for x in logits]
    return [weight / sum(weights) for weight in weights]


# Salimans et al. 2017, section 2.1: P(v) = Σ π (σ((v + ½ − μ)/s) − σ((v − ½ − μ)/s)), the ends without a border.
LEVELS = [0, 1, 17, 128, 254, 255]
M = 3


def parts(parameters, least):
    """π, μ and s of 3 M numbers."""
    logits, means, scales = parameters.split(M)
    least = torch.tensor(least)
    return list(
        zip(shares(logits), map(number, means), (number(s).exp() for s in scales.maximum(least)), strict=True)
    )


def probability(level, parameters):
    total = Decimal(0)
    u, half = number(level) * 2 / 255 - 1, Decimal(1) / 255
    for share, mean, scale in parts(parameters, -7.0):
        above, below = (u + half - mean) / scale, (u - half - mean) / scale
        # σ(a) − σ(b) = σ(−b) − σ(−a).
        if u > mean:
            above, below = -below, -above
        low, high = (0, 255) if u <= mean else (255, 0)
        total += share * ((1 if level == high else sigmoid(above)) - (0 if level == low else sigmoid(below)))
    return total


def mixtures(count, places, mean, low, high):
    """`[count, 3 M, places]`: M logits, M means of deviation `mean`, M log scales over low…high."""
    logits, means = torch.randn(count, M, places), torch.randn(count, M, places) * mean
    return torch.cat([logits, means, torch.rand(count, M, places) * (high - low) + low], 1)


def extreme(mixtures):
    """Rows of which one component is far away, sharper than is allowed, wide, or all but without a share."""
    mixtures = mixtures.clone()
    mixtures[0, M], mixtures[0, M + 1] = 4.0, -5.0
    mixtures[1, 2 * M :] = torch.tensor([-9.0, -20.0, -6.9])[:, None]
    mixtures[2, 2 * M :] = torch.tensor([5.0, 12.0, -7.0])[:, None]
    mixtures[3, :M] = torch.tensor([60.0, -60.0, 0.0])[:, None]
    return mixtures


for name, parameters in [
    ("discretized", mixtures(4, len(LEVELS), 0.5, -5, 0)),
    ("discretized_extreme", extreme(mixtures(4, len(LEVELS), 0.5, -7, 0))),
]:
    golden[f"{name}.parameters"] = parameters
    golden[f"{name}.levels"] = torch.tensor(LEVELS).float().expand(len(parameters), 1, -1)
    golden[f"{name}.y"] = torch.tensor(
        [[float(probability(level, row[:, i]).ln()) for i, level in enumerate(LEVELS)] for row in parameters],
        dtype=torch.float64,
    )
# A distribution's probabilities are one together.
total = sum(probability(level, golden["discretized.parameters"][0, :, 0]) for level in range(256))
assert abs(total - 1) < Decimal(10) ** -90

# Draws: the component whose share the first uniform falls into, and its quantile at the second.
parameters = mixtures(64, 1, 0.5, -5, -1)[:, :, 0]
uniforms = torch.rand(64, 2)
drawn, kept = [], []
for row, (choice, u) in enumerate(uniforms.double().tolist()):
    logits, means, scales = parameters[row].double().split(M)
    borders = logits.softmax(0).cumsum(0)
    chosen = int((borders < choice).sum())
    place = float((means[chosen] + scales[chosen].exp() * torch.logit(torch.tensor(u).double()) + 1) * 255 / 2)
    # Neither rounding nor the choice may hang on the last digits.
    if abs(place - round(place)) < 0.49 and (borders - choice).abs().min() > 1e-4:
        drawn.append(min(255, max(0, round(place))))
        kept.append(row)
assert len(kept) > 50 and 0 in drawn and 255 in drawn
golden["draws.parameters"], golden["draws.uniforms"] = parameters[kept], uniforms[kept]
golden["draws.y"] = torch.tensor(drawn)


# Ho et al. 2019, section 3.2: z = logit Σ π σ((u − μ)/s), and the density of u is Σ π σ′((u − μ)/s)/s.
def density_and_logit(u, parameters):
    density = below = above = Decimal(0)
    for share, mean, scale in parts(parameters, -8.0):
        c = (number(u) - mean) / scale
        density += share * sigmoid(c) * sigmoid(-c) / scale
        below += share * sigmoid(c)
        above += share * sigmoid(-c)
    return float(density.ln()), float((below / above).ln())


for name, parameters, u in [
    ("logistic", mixtures(4, 6, 1, -3, 1), torch.randn(4, 1, 6) * 2),
    ("logistic_extreme", extreme(mixtures(4, 6, 1, -8, 1)), torch.randn(4, 1, 6) * 2),
]:
    found = [
        [density_and_logit(u[row, 0, place], parameters[row, :, place]) for place in range(6)]
        for row in range(len(parameters))
    ]
    found = torch.tensor(found, dtype=torch.float64)
    golden[f"{name}.parameters"], golden[f"{name}.u"] = parameters, u
    golden[f"{name}.density"], golden[f"{name}.z"] = found[:, :, 0], found[:, None, :, 1]

# Nowozin et al. 2016, tables 2 and 6: activation g(v) and conjugate f*(t). "jensen-shannon" is the row that the tables
# call GAN, Goodfellow's own; that of the table's Jensen-Shannon divergence differs by constants of log 2 alone.
F_DIVERGENCES = {
    "jensen-shannon": (lambda v: -torch.log(1 + torch.exp(-v)), lambda t: -torch.log(1 - torch.exp(t))),
    "kullback-leibler": (lambda v: v, lambda t: torch.exp(t - 1)),
    "reverse-kullback-leibler": (lambda v: -torch.exp(-v), lambda t: -1 - torch.log(-t)),
    "pearson": (lambda v: v, lambda t: t**2 / 4 + t),
}
v = torch.tensor([-9.0, -3.5, -1.5, -1, -0.5, 0, 0.25, 1, 1.5, 4, 9], dtype=torch.float64)
golden["objectives.v"] = v
for name, (activation, conjugate) in F_DIVERGENCES.items():
    golden[f"objectives.{name}.real"] = activation(v)
    golden[f"objectives.{name}.fake"] = conjugate(activation(v))
    golden[f"objectives.{name}.generator"] = -activation(v)
other = math.log(2) + F_DIVERGENCES["jensen-shannon"][0](v)
shift = -torch.log(2 - torch.exp(other)) - golden["objectives.jensen-shannon.fake"]
assert (shift + math.log(2)).abs().max() < 1e-9
# Lim & Ye 2017, equations 1 and 2; Arjovsky et al. 2017, equation 2.
golden["objectives.hinge.real"] = torch.minimum(v - 1, torch.zeros_like(v))
golden["objectives.hinge.fake"] = -torch.minimum(-v - 1, torch.zeros_like(v))
golden["objectives.hinge.generator"] = -v
golden["objectives.wasserstein.real"] = v
golden["objectives.wasserstein.fake"] = v
golden["objectives.wasserstein.generator"] = -v

save_file(
    {key: value.clone().contiguous() for key, value in golden.items()},
    Path(__file__).parent / "distributions.safetensors",
)
