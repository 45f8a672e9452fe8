#!/usr/bin/env python3
"""What each kernel of the learning step on a GPU has to do, and the least time a GPU needs for it.

Bytes count every array once (what several blocks read again is the cache's affair), operations are
multiplications and additions; both follow from the network and src/nn/cuda, not from a measurement.
The least time is the larger of bytes / bandwidth and operations / rate. Prints a Markdown table; with
--ncu the times measured on a GPU beside it, of kernels one after the other:

    ncu --csv --cache-control none --clock-control none --metrics gpu__time_duration.sum \\
        -k 'regex:gemm_kernel|stack|head|loss|sum|adam' --launch-count 40 --kill yes \\
        --log-file kernels.csv build/bin/deepq bench learn --device cuda --repeats 1
    python bench/cuda_kernels.py --ncu kernels.csv

The limits default to NVIDIA's data sheet of the H200 SXM: 4.8 TB/s, float32 67, TF32 494 and bfloat16
989 Tflop/s (dense).
"""
import argparse
import collections
import csv
import math
import statistics

F32 = 4
FRAME = 84 * 84
SAMPLE = 44
# in, out, kernel, stride, side, output side
CONVS = [(4, 32, 8, 4, 84, 20), (32, 64, 4, 2, 20, 9), (64, 64, 3, 1, 9, 7)]
X3, HIDDEN, PAD = 3136, 512, 32
HIDDEN_PARTS, MIN_CHUNK, MAX_PARTS, BK = 7, 512, 64, 32
RATES = {"fp32": 67.0, "tf32": 494.0, "bf16": 989.0}


def weights(layer):
    n_in, out, k, _, _, _ = CONVS[layer]
    return k * k * n_in * out + out


def output(layer):
    return CONVS[layer][1] * CONVS[layer][5] ** 2


def n_parts(layer, n):
    pixels = n * CONVS[layer][5] ** 2
    chunk = -(-pixels // MAX_PARTS)
    chunk = MIN_CHUNK if chunk < MIN_CHUNK else -(-chunk // BK) * BK
    return -(-pixels // chunk)


def picture(layer, n):
    """Bytes of a layer's input for n states."""
    return n * FRAME * 4 if layer == 0 else n * output(layer - 1) * F32


def kernels(n):
    """(name, part of the name in CUDA, bytes, operations, on tensor cores) in the order of a step."""
    params = sum(map(weights, range(3))) + (X3 + 1) * HIDDEN + (HIDDEN + 1) * PAD
    hidden = X3 * HIDDEN * F32
    rows = []
    rows.append(("news, draw", "turn_kernel", 2 * (FRAME + SAMPLE) + 2 * n * SAMPLE, 0, False))
    rows.append(("stack frames", "stack_kernel", 2 * 2 * n * FRAME * 4, 0, False))
    for layer, (n_in, out, k, _, _, side) in enumerate(CONVS):
        rows.append((f"convolution {layer + 1}, both nets", f"conv_forward<{layer}>",
                     picture(layer, 2 * n) + 2 * weights(layer) * F32 + 2 * n * output(layer) * F32,
                     2 * 2 * n * side * side * k * k * n_in * out, True))
    parts = HIDDEN_PARTS * 2 * n * HIDDEN * F32
    rows.append(("hidden layer, both nets", "hidden_forward",
                 picture(3, 2 * n) + 2 * hidden + parts, 2 * 2 * n * X3 * HIDDEN, True))
    rows.append(("sums of parts, values", "head_kernel",
                 parts + 2 * HIDDEN * PAD * F32 + 2 * n * (HIDDEN + PAD) * F32,
                 2 * n * (HIDDEN_PARTS * HIDDEN + 2 * HIDDEN * PAD), False))
    rows.append(("loss, last layer's gradients", "loss_kernel",
                 2 * n * HIDDEN * F32 + 2 * n * PAD * F32 + 2 * HIDDEN * PAD * F32,
                 n * HIDDEN * 6, False))
    rows.append(("hidden layer, input", "hidden_backward",
                 n * HIDDEN * F32 + hidden + 2 * n * X3 * F32, 2 * n * X3 * HIDDEN, True))
    rows.append(("hidden layer, weights", "hidden_weights",
                 n * (X3 + HIDDEN) * F32 + hidden, 2 * n * X3 * HIDDEN, True))
    for layer in (2, 1, 0):
        n_in, out, k, s, side, out_side = CONVS[layer]
        part = n_parts(layer, n) * weights(layer) * F32
        rows.append((f"convolution {layer + 1}, weights", f"conv_weights<{layer}>",
                     picture(layer, n) + n * output(layer) * F32 + part,
                     2 * n * out_side ** 2 * k * k * n_in * out, True))
        if layer:
            # every pixel has (k / s)^2 taps, those beyond the edge are zeros
            rows.append((f"convolution {layer + 1}, input", f"conv_backward<{layer}>",
                         n * output(layer) * F32 + weights(layer) * F32 + 2 * picture(layer, n),
                         2 * n * side * side * (k // s) ** 2 * out * n_in, True))
    rows.append(("sums of parts", "sum_kernel",
                 sum((n_parts(i, n) + 1) * weights(i) * F32 for i in range(3)),
                 sum(n_parts(i, n) * weights(i) for i in range(3)), False))
    rows.append(("Adam", "adam_kernel", 7 * params * F32, 14 * params, False))
    return rows


def measured(path):
    """Median time of a kernel in microseconds by its name, from ncu; of a kernel that a decision has
    as well, in its larger grid."""
    with open(path, newline="") as f:
        rows = list(csv.DictReader(line for line in f if line.startswith('"')))
    times = collections.defaultdict(lambda: collections.defaultdict(list))
    for row in rows:
        if row["Metric Name"] == "gpu__time_duration.sum":
            blocks = math.prod(int(n) for n in row["Grid Size"].strip("()").split(","))
            times[row["Kernel Name"]][blocks].append(float(row["Metric Value"].replace(",", "")))
    return {name: statistics.median(grids[max(grids)]) / 1000 for name, grids in times.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--precision", choices=RATES, default="fp32")
    parser.add_argument("--bandwidth", type=float, default=4.8, metavar="TB/S")
    parser.add_argument("--rate", type=float, metavar="TFLOP/S", help="of the precision's products")
    parser.add_argument("--rate-fp32", type=float, default=RATES["fp32"], metavar="TFLOP/S")
    parser.add_argument("--ncu", metavar="CSV", help="times that were measured")
    args = parser.parse_args()
    times = measured(args.ncu) if args.ncu else {}
    rate = args.rate or RATES[args.precision]
    head = ["kernel", "MB", "Mflop", "memory, µs", "products, µs"] + (["measured, µs"] if times else [])
    print("| " + " | ".join(head) + " |\n|---|" + "---:|" * (len(head) - 1))
    sums = [0.0] * (len(head) - 1)
    for name, symbol, n_bytes, flops, tensor in kernels(args.batch):
        row = [n_bytes / 1e6, flops / 1e6, n_bytes / args.bandwidth / 1e6,
               flops / (rate if tensor else args.rate_fp32) / 1e6]
        if times:
            row.append(sum(t for k, t in times.items() if symbol in k.replace("(int)", "")))
        sums = [a + b for a, b in zip(sums, row)]
        print(f"| {name} | " + " | ".join(f"{v:.2f}" for v in row) + " |")
    print("| **all** | " + " | ".join(f"{v:.2f}" for v in sums) + " |")


if __name__ == "__main__":
    main()
