"""Measures of results by scikit-learn 1.9, torchmetrics 1.9, pycocotools 2.0, sacrebleu 2.6 and rouge_score 0.1: test/golden/metrics.json."""

import contextlib
import io

import numpy as np
import sklearn.metrics as sk
import torch
import torchmetrics.functional as tm
import torchmetrics.functional.text as text
from common import hash_uniform, write
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from rouge_score import rouge_scorer
from sacrebleu.metrics import BLEU
from torchmetrics.functional.detection import panoptic_quality

n, classes = 60, 4
logits = hash_uniform(651, n * classes, -2, 2).reshape(n, classes)
p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
labels = (hash_uniform(652, n, 0, 1) * classes).astype(int)
predicted = p.argmax(1)
# Class 4 is never right, class 5 never there nor predicted.
sparse = np.where(hash_uniform(653, n, 0, 1) < 0.1, 4, predicted)
names = list(range(6))

scored = {}
for average in ("macro", "weighted", "micro"):
    for zero in (0, 1):
        args = dict(labels=names, average=average, zero_division=zero)
        scored[f"{average} {zero}"] = {
            "precision": sk.precision_score(labels, sparse, **args),
            "recall": sk.recall_score(labels, sparse, **args),
            "f1Score": sk.f1_score(labels, sparse, **args),
        }

# Scores in tenths, with ties.
rounded = np.round(hash_uniform(654, n, 0, 1), 1)
relevant = (hash_uniform(655, n, 0, 1) < 0.2 + 0.6 * rounded).astype(int)
fpr, tpr, thresholds = sk.roc_curve(relevant, rounded, drop_intermediate=False)
precision, recall, cuts = sk.precision_recall_curve(relevant, rounded)
grades = (hash_uniform(656, 3 * 8, 0, 1) * 4).astype(int).reshape(3, 8)
ranking = hash_uniform(657, 3 * 8).reshape(3, 8)

y, guess = hash_uniform(658, 25, 0.5, 3), hash_uniform(659, 25, 0.5, 3)
t = torch.tensor
images, others = hash_uniform(660, 2 * 3 * 16 * 16, 0, 1).reshape(2, 3, 16, 16), hash_uniform(661, 2 * 3 * 16 * 16, 0, 1).reshape(2, 3, 16, 16)
first, second = hash_uniform(662, 40 * 5).reshape(40, 5), hash_uniform(663, 40 * 5, -0.5, 1.5).reshape(40, 5)


def frechet(a, b):
    from scipy.linalg import sqrtm

    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca + cb - 2 * sqrtm(ca @ cb).real))


candidates = ["the cat sat on the mat near the door", "there is a cat on the mat", "a quick brown fox jumps over it"]
references = [["the cat is sitting on the mat by the door", "a cat sat on the mat near a door"], ["there is a cat on that mat", "on the mat there is a cat"], ["the quick brown fox jumps over the lazy dog", "a quick brown fox jumped over it"]]
bleu = [BLEU(max_ngram_order=k, smooth_method="none", tokenize="none", force=True).corpus_score(candidates, list(zip(*references))).score / 100 for k in (1, 2, 3, 4)]
rouge = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"])
rouges = [{k: [v.precision, v.recall, v.fmeasure] for k, v in rouge.score(r[0], c).items()} for c, r in zip(candidates, references)]


def detection(images=4, targets=6, guesses=15):
    """Boxes of two classes; most guesses are targets moved a little. Sides (x, y, width, height) for COCO's code, corners for ours."""
    boxes = hash_uniform(671, images * targets * 4, 5, 25).reshape(images, targets, 4)
    kinds = (hash_uniform(672, images * targets, 0, 1) < 0.4).astype(int).reshape(images, targets)
    moves = hash_uniform(673, images * guesses * 4, -4, 4).reshape(images, guesses, 4)
    scores = hash_uniform(674, images * guesses, 0, 1).reshape(images, guesses)
    flips = (hash_uniform(675, images * guesses, 0, 1) < 0.15).reshape(images, guesses)
    spread = hash_uniform(676, images * guesses, 0, 1).reshape(images, guesses)
    truth, found, ours = [], [], []
    for i in range(images):
        for j in range(targets):
            truth.append({"id": len(truth) + 1, "image_id": i, "category_id": int(kinds[i, j]), "bbox": boxes[i, j].tolist(), "area": float(boxes[i, j, 2] * boxes[i, j, 3]), "iscrowd": 0})
        mine = []
        for k in range(guesses):
            j = k % targets
            box = boxes[i, j] + spread[i, k] * moves[i, k]
            label = int(kinds[i, j]) ^ int(flips[i, k])
            found.append({"image_id": i, "category_id": label, "bbox": box.tolist(), "score": float(scores[i, k])})
            mine.append([*box.tolist(), label, float(scores[i, k])])
        ours.append({"targets": [[*boxes[i, j].tolist(), int(kinds[i, j])] for j in range(targets)], "detections": mine})
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {"info": {}, "images": [{"id": i} for i in range(images)], "categories": [{"id": 0}, {"id": 1}], "annotations": truth}
        coco.createIndex()
        run = COCOeval(coco, coco.loadRes(found), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    return {"images": ours, "map": run.stats[0], "map50": run.stats[1], "map75": run.stats[2], "recall1": run.stats[6], "recall10": run.stats[7], "recall100": run.stats[8]}


def panoptic():
    """Two pictures of 8 x 8 pixels in blocks: segments of three classes, the prediction with some pixels of its own."""
    block = np.arange(64).reshape(8, 8)
    target = (block // 8 // 4) * 2 + (block % 8) // 4
    noise = hash_uniform(677, 64, 0, 1).reshape(8, 8)
    prediction = np.where(noise < 0.25, (noise * 16).astype(int) % 5, target)
    classes = {"target": [0, 1, 1, 2], "prediction": [0, 1, 2, 2, 0]}
    maps = [np.stack([np.array(classes[name])[m], m], -1)[None] for name, m in (("prediction", prediction), ("target", target))]
    pq = panoptic_quality(t(maps[0]), t(maps[1]), things={0, 1, 2}, stuffs={3}, allow_unknown_preds_category=True)
    return {"target": target.flatten().tolist(), "prediction": prediction.flatten().tolist(), "classes": classes, "quality": pq.item()}


def confident(norm):
    return tm.calibration_error(t(p), t(labels), task="multiclass", num_classes=classes, n_bins=15, norm=norm).item()


write(
    "metrics.json",
    {
        "classification": {
            "confusion": sk.confusion_matrix(labels, sparse, labels=names).flatten().tolist(),
            "scores": scored,
            "accuracy": sk.accuracy_score(labels, predicted),
            "topK": [sk.top_k_accuracy_score(labels, p, k=k, labels=list(range(classes))) for k in (1, 2, 3)],
            "logLoss": sk.log_loss(labels, p, labels=list(range(classes))),
            "brier": float(((p - np.eye(classes)[labels]) ** 2).sum(1).mean()),
            "rocAuc": sk.roc_auc_score(labels, p, multi_class="ovr", average="macro"),
            "ece": confident("l1"),
            "mce": confident("max"),
        },
        "curves": {
            "averagePrecision": sk.average_precision_score(relevant, rounded),
            "rocAuc": sk.roc_auc_score(relevant, rounded),
            "roc": {"truePositiveRate": tpr.tolist(), "falsePositiveRate": fpr.tolist(), "thresholds": thresholds[1:].tolist()},
            # scikit-learn goes from the lowest threshold to the highest, and ends at (1, 0).
            "pr": {"precision": precision[:-1][::-1].tolist(), "recall": recall[:-1][::-1].tolist(), "thresholds": cuts[::-1].tolist()},
        },
        "ndcg": {
            "linear": [sk.ndcg_score(grades[i : i + 1], ranking[i : i + 1]) for i in range(3)],
            "exponential at 5": [sk.ndcg_score(2.0 ** grades[i : i + 1] - 1, ranking[i : i + 1], k=5) for i in range(3)],
        },
        "regression": {
            "rootMeanSquaredError": float(np.sqrt(sk.mean_squared_error(y, guess))),
            "meanAbsoluteError": sk.mean_absolute_error(y, guess),
            "meanAbsolutePercentageError": 100 * sk.mean_absolute_percentage_error(y, guess),
            "symmetricMeanAbsolutePercentageError": 100 * tm.symmetric_mean_absolute_percentage_error(t(guess), t(y)).item(),
            "r2Score": sk.r2_score(y, guess),
            "adjustedR2Score": tm.r2_score(t(guess), t(y), adjusted=3).item(),
            "rootMeanSquaredLogError": float(np.sqrt(((np.log(y) - np.log(guess)) ** 2).mean())),
        },
        "images": {
            "psnr": tm.peak_signal_noise_ratio(t(images), t(others), data_range=1.0).item(),
            "frechet": frechet(first, second),
            "meanIou": sk.jaccard_score(labels, sparse, labels=[0, 1, 2, 3, 4], average="macro"),
        },
        "detection": detection(),
        "panoptic": panoptic(),
        "text": {
            "candidates": candidates,
            "references": references,
            "bleu": bleu,
            "rouge": rouges,
            "wordErrorRate": [text.word_error_rate([c], [r[0]]).item() for c, r in zip(candidates, references)],
            "characterErrorRate": [text.char_error_rate([c], [r[0]]).item() for c, r in zip(candidates, references)],
        },
    },
)
