#!/bin/sh
# Everything that waits for a machine with a GPU, in one go: tools/gpu_check.sh [OUT [STEP...]]
# STEP: tests sanitizer bench profile train (the first four without one named). Each goes on where
# another failed; what it said is in OUT (gpu-check without one). `train` learns Pong with the book's
# preset in each precision, which takes as long as it takes; PYTHON names a Python with torch.
set -u
out=${1:-gpu-check}
[ $# -gt 0 ] && shift
steps=${*:-tests sanitizer bench profile}
python=${PYTHON:-python3}
status=0

for step in $steps; do
    case $step in
    tests | sanitizer | bench | profile | train) ;;
    *)
        echo "gpu_check: no step '$step': tests sanitizer bench profile train" >&2
        exit 2
        ;;
    esac
done
mkdir -p "$out"
build=$(pwd)/build
if ! cmake -S . -B "$build" -DDEEPQ_CUDA=ON >"$out/configure.txt" 2>&1 ||
    ! cmake --build "$build" --parallel >"$out/build.txt" 2>&1; then
    echo "gpu_check: it does not build: see $out/configure.txt and $out/build.txt" >&2
    exit 1
fi
deepq=$build/bin/deepq
"$deepq" --version >"$out/version.txt" 2>&1
cat "$out/version.txt"
if ! "$deepq" bench act --device cuda --repeats 1 --seconds 0.1 >"$out/first.txt" 2>&1; then
    cat "$out/first.txt" >&2
    exit 1
fi
nvidia-smi >"$out/nvidia-smi.txt" 2>&1

# say NAME COMMAND...: run it, keep what it says, and tell how it went
say() {
    name=$1
    shift
    if "$@" >"$out/$name.txt" 2>&1; then
        echo "$name: ok"
    else
        echo "$name: FAILED, see $out/$name.txt"
        status=1
    fi
}

tests() {
    say tests ctest --test-dir "$build" -L gpu --output-on-failure
}

sanitizer() {
    for tool in memcheck racecheck synccheck initcheck; do
        for program in test_cuda_kernels test_cuda_learner; do
            say "$tool-$program" env DEEPQ_CUDA_MODULE="$build/bin/libdeepq_cuda.so" \
                compute-sanitizer --tool "$tool" --error-exitcode 9 "$build/tests/$program"
        done
    done
}

bench() {
    say bench-train "$deepq" bench train --device cuda --json
    for precision in tf32 bf16; do
        say "bench-train-$precision" "$deepq" bench train --device cuda --precision "$precision" --json
    done
    say bench-peers "$python" bench/peers_torch_cuda.py --deepq "$deepq"
    cat "$out"/bench-*.txt
}

profile() {
    say profile ncu --csv --cache-control none --clock-control none \
        --metrics gpu__time_duration.sum -k 'regex:gemm_kernel|stack|head|loss|sum|adam' \
        --launch-count 40 --kill yes --log-file "$out/kernels.csv" \
        "$deepq" bench learn --device cuda --repeats 1
    say table "$python" bench/cuda_kernels.py --ncu "$out/kernels.csv"
    cat "$out/table.txt"
}

train() {
    for precision in fp32 tf32 bf16; do
        say "train-$precision" "$deepq" train --cuda --precision "$precision" --seed 0 --plain \
            --out "$out/run-$precision"
        tail -n 3 "$out/train-$precision.txt"
    done
}

for step in $steps; do
    case $step in
    tests) tests ;;
    sanitizer) sanitizer ;;
    bench) bench ;;
    profile) profile ;;
    train) train ;;
    esac
done
exit $status
