"""Writes learners.safetensors: what scikit-learn's naive Bayes and logistic regression make of drawn samples.

    pip install numpy safetensors scikit-learn
    python3 make_golden.py

Joints are log p(x, y) and posteriors log p(y | x) of `new`, a column a class.
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import CategoricalNB, GaussianNB, MultinomialNB

random = np.random.default_rng(31)
golden = {}
CLASSES = 3


def labels(count):
    """Classes of unlike frequency, each of them there."""
    y = random.choice(CLASSES, count, p=[0.5, 0.3, 0.2])
    assert np.bincount(y, minlength=CLASSES).min() > 5
    return y


# Gaussian: a variance for each class, and one that the classes share. Ng & Jordan 2002, section 2.
y, new = labels(60), random.choice(CLASSES, 20)
scales, shifts = np.array([0.01, 1, 3, 40, 1000]), np.array([0, -2, 100, 5, 3000])
means, spreads = random.normal(0, 1, (CLASSES, 5)), random.uniform(0.5, 1.5, (CLASSES, 5))
x = (means[y] + spreads[y] * random.normal(size=(60, 5))) * scales + shifts
new = (means[new] + spreads[new] * random.normal(size=(20, 5))) * scales + shifts
golden |= {"gaussian.x": x, "gaussian.y": y, "gaussian.new": new}
# Any smoothing is a share of the widest feature's variance, added to the narrowest one's too.
model = GaussianNB(var_smoothing=0).fit(x, y)
golden["gaussian.joint_per_class"] = model._joint_log_likelihood(new)
means = np.stack([x[y == label].mean(0) for label in range(CLASSES)])
variances = ((x - means[y]) ** 2).sum(0) / len(x)
priors = np.bincount(y) / len(y)
golden["gaussian.joint_shared"] = np.log(priors) - 0.5 * (
    np.log(2 * np.pi * variances) + (new[:, None] - means) ** 2 / variances
).sum(2)

# Multinomial, without its coefficient, which the classes share.
y, new = labels(60), random.choice(CLASSES, 20)
shares = random.dirichlet(np.full(7, 0.8), CLASSES)
x = np.stack([random.multinomial(random.integers(5, 30), shares[label]) for label in y]).astype(np.float64)
new = np.stack([random.multinomial(random.integers(5, 30), shares[label]) for label in new]).astype(np.float64)
model = MultinomialNB(alpha=1).fit(x, y)
golden |= {"multinomial.x": x, "multinomial.y": y, "multinomial.new": new}
golden["multinomial.joint"] = model._joint_log_likelihood(new)

# Categories.
levels = np.array([2, 3, 4, 5])
y, new = labels(60), random.choice(CLASSES, 20)
shares = [random.dirichlet(np.full(count, 0.8), CLASSES) for count in levels]


def drawn(y):
    return np.stack([[random.choice(len(s[label]), p=s[label]) for s in shares] for label in y])


x, new = drawn(y), drawn(new)
assert (x.max(0) == levels - 1).all()
model = CategoricalNB(alpha=1, min_categories=levels).fit(x, y)
golden |= {"categorical.x": x, "categorical.y": y, "categorical.new": new}
golden["categorical.joint"] = model._joint_log_likelihood(new)

# Logistic regression. scikit-learn's objective is the sum of the losses and lambda / 2 of the weights' squares; the
# intercepts are free.
y, new = labels(80), random.choice(CLASSES, 20)
means, scales = random.normal(0, 0.8, (CLASSES, 6)), np.array([0.3, 0.5, 1, 1, 2, 3])
x = (means[y] + random.normal(size=(80, 6))) * scales + 0.5
new = (means[new] + random.normal(size=(20, 6))) * scales + 0.5
golden |= {"logistic.x": x, "logistic.y": y, "logistic.new": new}
for penalty in (1, 0.001):
    model = LogisticRegression(C=1 / penalty, tol=1e-12, max_iter=100000, solver="newton-cg").fit(x, y)
    golden[f"logistic.log_posterior_{penalty}"] = log_softmax(model.decision_function(new), axis=1)
    error = model.predict_proba(x) - np.eye(CLASSES)[y]
    gradients = error.T @ x + penalty * model.coef_, error.sum(0)
    assert max(np.abs(gradient).max() for gradient in gradients) < 1e-9
    assert model.score(x, y) < 0.95

save_file(
    {
        name: np.ascontiguousarray(value, np.int64 if value.dtype.kind == "i" else np.float64)
        for name, value in golden.items()
    },
    Path(__file__).parent / "learners.safetensors",
)
