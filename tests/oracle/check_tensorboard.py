"""Event files against TensorBoard itself. Needs the tensorboard package.

    check_tensorboard.py TEST_TENSORBOARD   read what the C test's program writes
    check_tensorboard.py --run DEEPQ        read what a run writes that was stopped and resumed
    check_tensorboard.py --write FOLDER     make the file of tests/data/tensorboard again
"""
import json
import os
import subprocess
import sys
import tempfile

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.summary.writer.record_writer import RecordWriter
except ImportError as error:
    print(f"skipped: no TensorBoard here ({error})")
    sys.exit(77)

# The same as in tests/unit/test_tensorboard.c: tag, step, value, wall time.
SCALARS = [("reward", 1, -21.0, 1000.25), ("reward_100", 1, 0.0, 1000.25),
           ("epsilon", 123456, 0.01, 1001.5), ("speed", 10**12, 1234.5678, 1002.0)]
TEXT = "|key|value|\n|---|---|\n|gamma|0.99|"


def write(folder):
    with open(os.path.join(folder, "events.bin"), "wb") as f:
        writer = RecordWriter(f)
        for tag, step, value, wall_time in SCALARS:
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
            writer.write(Event(wall_time=wall_time, step=step, summary=summary).SerializeToString())
        value = Summary.Value(
            tag="config", tensor=TensorProto(dtype="DT_STRING", string_val=[TEXT.encode()]),
            metadata=SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text")))
        event = Event(wall_time=1003, step=5, summary=Summary(value=[value]))
        writer.write(event.SerializeToString())
        event = Event(wall_time=1004, step=100, session_log=SessionLog(status=SessionLog.START))
        writer.write(event.SerializeToString())
        writer.flush()


def check(program):
    with tempfile.TemporaryDirectory() as folder:
        for part in "first", "resumed":
            subprocess.run([program, folder, part], check=True)
        events = EventAccumulator(folder)
        events.Reload()
        assert events.file_version == 2.0, events.file_version
        tags = events.Tags()
        assert set(tags["scalars"]) == {"reward", "reward_100", "epsilon", "speed"}, tags
        assert tags["tensors"] == ["config"], tags
        for tag in "reward_100", "reward":
            (point,) = [e for e in events.Scalars(tag) if e.step == 1]
            assert point.wall_time == 1000.25, point
        # The resumed part starts at step 100: later points of the first are void.
        assert [(e.step, e.value) for e in events.Scalars("reward")] == [(1, -21.0), (100, 7.0)]
        assert [e.step for e in events.Scalars("reward_100")] == [1]
        assert events.Tensors("config")[0].tensor_proto.string_val[0].decode() == TEXT
    print("TensorBoard reads what was written")


def check_run(program):
    """One event file, whose curves are the columns of log.jsonl; a picture for each checkpoint; the settings."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "run")
        for args in (["--env", "deepq/Pong-v0", "--set", "network=small", "--set", "replay_start=200", "--set",
                      "checkpoint_every=500", "--frames", "1500", "--out", out], ["--resume", out, "--frames", "3000"]):
            subprocess.run([program, "train", *args], check=True, stdout=subprocess.DEVNULL)
        assert sum(name.startswith("events.out") for name in os.listdir(out)) == 1
        with open(os.path.join(out, "log.jsonl")) as f:
            log = [json.loads(line) for line in f]
        events = EventAccumulator(out, size_guidance={"scalars": 0, "images": 0})
        events.Reload()
        tags = events.Tags()
        columns = set(log[0]) - {"frame", "game", "loss", "time"}
        assert set(tags["scalars"]) == columns, set(tags["scalars"]) ^ columns
        for tag in columns:
            told = [(game["frame"], game[tag]) for game in log if game[tag] is not None]
            read = [(e.step, e.value) for e in events.Scalars(tag)]
            assert [step for step, _ in read] == [step for step, _ in told], tag
            assert all(abs(a - b) <= 1e-5 * abs(b) + 1e-9 for (_, a), (_, b) in zip(read, told)), tag
        pictures = events.Images("observation")
        assert [e.step for e in pictures] == list(range(500, 3001, 500)), pictures
        assert all((e.width, e.height) == (336, 84) for e in pictures)
        settings, = events.Tensors("settings")
        assert "| env | deepq/Pong-v0 |" in settings.tensor_proto.string_val[0].decode()
    print(f"TensorBoard reads {len(columns)} curves, {len(pictures)} pictures and the settings of a run of {len(log)} games")


if len(sys.argv) == 3 and sys.argv[1] == "--run":
    check_run(sys.argv[2])
elif len(sys.argv) == 3 and sys.argv[1] == "--write":
    write(sys.argv[2])
elif len(sys.argv) == 2:
    check(sys.argv[1])
else:
    sys.exit(__doc__)
